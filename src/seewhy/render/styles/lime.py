"""LIME's picture: the superpixels that count most, outlined on the photo, and coloured where both signs are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from skimage.segmentation import find_boundaries

from seewhy.errors import BadInput, BadOption
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.scene import Picture, fitted, only, scene
from seewhy.types import Explanation

Show = Literal["positive", "negative", "all"]
FOR, AGAINST, LINE = (0, 160, 60), (220, 30, 40), (255, 230, 0)
TINT = 0.4
REST = 128  # what is hidden is as grey as this


@dataclass(frozen=True)
class Chosen:
    """Superpixels that are shown: the sign of each pixel's (h,w), 0 of the others; how many, and out of how many."""

    signs: NDArray[np.int64]
    outlines: NDArray[np.bool_]
    count: int
    total: int


def lime(
    explanation: Explanation,
    *,
    show: Show = "positive",
    features: int = 5,
    hide_rest: bool = False,
    lang: str = "en",
) -> Figure:
    """The photo, and beside it the superpixels of the largest values of a sign, of both with show="all".

    For both signs green is for the class and red against it. hide_rest: what is not shown becomes grey. BadInput for a
    method without superpixels, BadOption for no features or an unknown sign.
    """
    _check(show, features)
    drawn, found = scene(explanation), chosen(explanation, show, features)
    height, width = drawn.photo.shape[:2]
    tall = min(max(4.6 * height / width, 2.2), 6.5)
    made = panels.canvas(9.6, tall + 0.95)
    heading.line(made, explanation, lang, heading.target(explanation, lang), heading.source(explanation))
    grid = made.add_gridspec(1, 2)
    photo, marked = (made.add_subplot(grid[0, at], label=label) for at, label in enumerate(("photo", "superpixels")))
    panels.picture(photo, drawn.photo, text("photo", lang), lang)
    said = text("superpixels_shown", lang, count=found.count, total=found.total)
    panels.picture(marked, pixels(drawn.photo, found, show, hide_rest), said, lang)
    for ax in (photo, marked):
        panels.outline(ax, drawn.frame)
    if not found.count:
        panels.caption(marked, panels.nothing(show, lang), lang)
    elif show == "all":
        _legend(marked, lang)
    return made


def chosen(explanation: Explanation, show: Show, features: int) -> Chosen:
    """The superpixels to show, on the pixels of the photo as it is drawn."""
    if "segments" not in only(explanation).extras:
        raise BadInput(f"{explanation.method} has no superpixels to outline", "explain with lime or kernel_shap")
    labels = explanation.extras["segments"][0]
    _, first = np.unique(labels, return_index=True)
    values = explanation.reduced()[0].ravel()[first]
    wanted = values < 0 if show == "negative" else values > 0 if show == "positive" else values != 0
    order = [one for one in np.abs(values).argsort(kind="stable")[::-1] if wanted[one]][:features]
    taken = np.zeros(len(values) + 1, dtype=np.int64)  # the last is what the network did not see
    taken[order] = np.sign(values[order])
    placed = fitted(explanation.photos[0].geometry, *scene(explanation).photo.shape[:2]).nearest(labels)
    shown = np.where(taken[placed] != 0, placed, -1)
    outlined: Callable[..., NDArray[np.bool_]] = find_boundaries
    return Chosen(taken[placed], outlined(shown, mode="thick", background=-1), len(order), len(values))


def pixels(photo: Picture, found: Chosen, show: Show, hide_rest: bool = False) -> Picture:
    """The photo (h,w,3) with what is shown outlined."""
    base = np.where((found.signs == 0)[..., None] & hide_rest, REST, photo).astype(np.float64)
    if show == "all":
        for sign, color in ((1, FOR), (-1, AGAINST)):
            here = (found.signs == sign)[..., None]
            base = np.where(here, base * (1 - TINT) + TINT * np.array(color), base)
    base[found.outlines] = LINE
    return np.rint(base).astype(np.uint8)


def _legend(ax: Axes, lang: str) -> None:
    said = text("for_the_class", lang), text("against_the_class", lang)
    boxes = [Patch(color=f"#{bytes(color).hex()}", label=one) for color, one in zip((FOR, AGAINST), said, strict=True)]
    place: Any = {"loc": "upper right", "bbox_to_anchor": (1, 0), "ncols": 2, "borderaxespad": 0.4}
    legend = ax.legend(handles=boxes, frameon=False, **place)
    for one in legend.get_texts():
        one.set(**panels.lettering(one.get_text(), lang, 8.5))


def _check(show: str, features: int) -> None:
    if show not in get_args(Show):
        raise BadOption(f"superpixels of sign {show!r}", f"one of {', '.join(get_args(Show))}")
    if features < 1:
        raise BadOption(f"{features} superpixels", "show at least one")
