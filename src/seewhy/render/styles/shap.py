"""SHAP's image plot: several classes beside each other on one shared scale, red for and blue against."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seewhy.errors import BadInput, BadOption
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.colors import paint
from seewhy.render.overlay import gray
from seewhy.render.scene import Scene, scenes
from seewhy.types import Explanation

Array = NDArray[np.float32]
AGAINST, FOR = (30, 136, 229), (255, 13, 87)


def shap(
    explanations: Sequence[Explanation],
    *,
    labels: Sequence[str] | None = None,
    true_labels: Sequence[str] | None = None,
    vmax: float | None = None,
    cmap: str | None = None,
    width: float = 12.0,
    lang: str = "en",
) -> Figure:
    """A row an image, the photo first, then a column an explanation, titled with its class.

    labels: titles of the columns. true_labels: titles of the photos. vmax: the scale's end; None is the 99.9th
    percentile of |values| over all images and classes of the figure. cmap: a colour map in the place of red and blue,
    of which the middle stands for 0 and is transparent. BadInput for explanations of different photos.
    """
    rows = _rows(explanations)
    top = vmax if vmax is not None else shared_limit([cell.heat for row in rows for cell in row])
    if top < 0:
        raise BadOption(f"vmax={vmax}", "give the scale's end, above 0")
    columns = len(explanations) + 1
    ratio = max(row[0].photo.shape[0] / row[0].photo.shape[1] for row in rows)
    made = panels.canvas(width, width / columns * ratio * len(rows) + 1.3)
    heading.line(made, explanations[0], lang, heading.source(explanations[0]))
    grid = made.add_gridspec(len(rows) + 1, columns, height_ratios=[1.0] * len(rows) + [0.05])
    for r, row in enumerate(rows):
        photo = made.add_subplot(grid[r, 0], label=f"photo {r}")
        said = true_labels[r] if true_labels else text("photo", lang)
        panels.picture(photo, row[0].photo, said, lang)
        for c, (cell, one) in enumerate(zip(row, explanations, strict=True)):
            ax = made.add_subplot(grid[r, c + 1], label=f"class {r} {c}")
            named = labels[c] if labels else heading.named(one, lang, r)
            panels.picture(ax, pixels(cell, top, cmap), panels.shorten(named, 28), lang)
            if not np.nanmax(np.abs(cell.heat), initial=0):
                panels.caption(ax, panels.nothing("all", lang), lang)
    if top:
        _bar(made.add_subplot(grid[-1, :], label="colorbar"), top, _unit(explanations[0], lang), lang, cmap)
    return made


def shared_limit(maps: Sequence[Array]) -> float:
    """The 99.9th percentile of the magnitudes of all maps together, NaN left out."""
    return float(np.nanpercentile(np.abs(np.concatenate([one.ravel() for one in maps])), 99.9))


def pixels(cell: Scene, top: float, cmap: str | None = None) -> NDArray[np.uint8]:
    """A map over its grey photo at 15 percent (h,w,3): transparent at 0, solid red or blue at the scale's ends."""
    paper = 255 * 0.85 + 0.15 * gray(cell.photo)
    normed = np.nan_to_num(np.clip(cell.heat / top, -1, 1) if top else 0 * cell.heat)
    return np.asarray(np.rint(_over(paper, normed, cmap)), np.uint8)


def _over(paper: Any, normed: NDArray[np.floating], cmap: str | None) -> NDArray[np.floating]:
    """Values from -1 to 1 (...) as colours over what lies under them (...,3)."""
    solid = paint(normed, cmap, "all") if cmap else np.where(normed[..., None] > 0, np.array(FOR), np.array(AGAINST))
    share = np.abs(normed)[..., None]
    return np.asarray(paper * (1 - share) + solid * share)


def _rows(explanations: Sequence[Explanation]) -> list[list[Scene]]:
    if not explanations:
        raise BadInput("no explanations to draw", "give one a class")
    if len({one.method for one in explanations}) > 1:
        raise BadInput("explanations of several methods, whose units differ", "draw each method by itself")
    if len({len(one) for one in explanations}) > 1:
        raise BadInput("explanations of different numbers of images", "explain each class on the same images")
    rows = [scenes([one[r] for one in explanations]) for r in range(len(explanations[0]))]
    if not all(np.array_equal(row[0].photo, cell.photo) for row in rows for cell in row):
        raise BadInput("explanations of different photos in one row", "explain each class on the same images")
    return rows


def _unit(explanation: Explanation, lang: str) -> str:
    """Only methods of that name give SHAP values."""
    return text("shap_value", lang) if "shap" in explanation.method else heading.raw(explanation, lang)


def _bar(ax: Axes, top: float, said: str, lang: str, cmap: str | None) -> None:
    ax.imshow(_over(255.0, np.linspace(-1, 1, 512)[None], cmap) / 255, aspect="auto", extent=(-1, 1, 0, 1))
    places = np.linspace(-1, 1, 5)
    ax.set_xticks(places, [panels.number(place * top) for place in places], fontsize=8, color=panels.INK)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_xlabel(said, **panels.lettering(said, lang, 9))
