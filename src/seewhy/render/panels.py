"""What figures are made of: pictures, colour bars with numbers, bars of predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from seewhy.lang import class_name, font, text
from seewhy.render.colors import paint
from seewhy.types import Prediction, Sign

INK, MUTED, BAR, ACCENT, STAMP = "#1d1d22", "#6d6d78", "#d4d2cc", "#c2410c", "#b91c1c"


def canvas(width: float, height: float) -> Figure:
    """A figure that belongs to nobody but its caller. Inches."""
    figure = Figure(figsize=(width, height), dpi=150, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def lettering(said: str, lang: str, size: float, color: str = INK) -> dict[str, Any]:
    """How words are set. Names are not ours to read as formulas: a dollar sign is a dollar sign."""
    return {"font": font(lang, said), "fontsize": size, "color": color, "parse_math": False}


def picture(ax: Axes, pixels: NDArray[np.uint8], title: str, lang: str) -> None:
    """One picture (h,w,3), row 0 on top, under a small title."""
    ax.imshow(pixels, interpolation="antialiased")
    ax.set_axis_off()
    ax.set_title(title, loc="left", pad=5, **lettering(title, lang, 9, MUTED))


def outline(ax: Axes, frame: tuple[float, float, float, float] | None) -> None:
    """A thin frame around the part of the picture the network saw."""
    if frame is None:
        return
    left, top, right, bottom = frame
    place, width, height = (left - 0.5, top - 0.5), right - left, bottom - top
    for color, style in (("black", "-"), ("white", (0, (4, 3)))):
        ax.add_patch(Rectangle(place, width, height, fill=False, edgecolor=color, linewidth=0.9, linestyle=style))


def caption(ax: Axes, said: str, lang: str) -> None:
    """Words across a picture that has nothing else to show."""
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": BAR, "alpha": 0.92}
    ax.text(0.5, 0.5, said, transform=ax.transAxes, ha="center", va="center", bbox=box, **lettering(said, lang, 10))


def colorbar(ax: Axes, name: str, sign: Sign, top: float, label: str, lang: str) -> None:
    """A horizontal bar from the weakest to the strongest colour, with raw values under it."""
    low = -1.0 if sign == "all" else 0.0
    ax.imshow(paint(np.linspace(low, 1, 512)[None], name, sign), aspect="auto", extent=(low, 1, 0, 1))
    places = [-1, -0.5, 0, 0.5, 1] if sign == "all" else [0, 0.25, 0.5, 0.75, 1]
    raw = -top if sign == "negative" else top
    ax.set_xticks(places, [number(place * raw) for place in places], fontsize=7.5, color=INK)
    ax.set_yticks([])
    ax.tick_params(length=2, color=MUTED, pad=2)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(label, labelpad=2, **lettering(label, lang, 7.5, MUTED))


def predictions(ax: Axes, listed: Sequence[Prediction], explained: int | None, lang: str, model: str = "") -> None:
    """The classes a model thinks of, most likely first; the one explained is set off. model: one of several."""
    title = text("predictions", lang) + (f"  ·  {model}" if model else "")
    ax.set_title(title, loc="left", pad=5, **lettering(title, lang, 9, MUTED))
    ax.set(xlim=(0, 1), ylim=(5, 0))
    ax.set_axis_off()
    for row, one in enumerate(listed[:5]):
        strong = one.index == explained
        if one.probability is not None:
            ax.add_patch(Rectangle((0, row + 0.56), 1, 0.14, color="#efeeea"))
            ax.add_patch(Rectangle((0, row + 0.56), one.probability, 0.14, color=ACCENT if strong else "#8d8d97"))
        name = shorten(class_name(one.label, lang, one.index), 26 if one.similarity is None else 18)
        style = lettering(name, lang, 9, ACCENT if strong else INK)
        ax.text(0, row + 0.47, name, **style)
        ax.text(1, row + 0.47, amount(one), ha="right", **style)
        if one.similarity is not None and one.probability is not None:
            said = f"{one.similarity:.3f}"
            ax.text(0.8, row + 0.47, said, ha="right", **lettering(said, lang, 8, MUTED))


def amount(one: Prediction) -> str:
    """A probability in percent, the score that a function answered, or a text's similarity."""
    if one.probability is not None:
        return f"{one.probability:.1%}"
    return f"{one.similarity:.3f}" if one.score is None else f"{one.score:.4g}"


def number(value: float) -> str:
    """Three significant digits, without a minus before 0."""
    return f"{value:.3g}" if value else "0"


def shorten(said: str, most: int) -> str:
    """Long names lose their end, not the layout."""
    return said if len(said) <= most else said[: most - 1].rstrip() + "…"


def nothing(sign: Sign, lang: str) -> str:
    """What is said of a map without anything to show."""
    keys = {"positive": "no_positive_evidence", "negative": "no_negative_evidence"}
    return text(keys.get(sign, "score_never_moves"), lang)
