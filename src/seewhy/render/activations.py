"""Feature maps as a figure: for each tensor a grid of channels, composed as one array, with its name and numbers."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seewhy.asked import one_of
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.colors import default, paint
from seewhy.render.scene import fitted, frame, smaller
from seewhy.render.tiles import columns_for, composed, drawn
from seewhy.results.activations import SCALES, Activation, Activations
from seewhy.types import Sign

WIDTH = 13.0  # inches
TALLEST = 9.0  # of one grid
NAMED = 300  # tiles that are numbered
PHOTO = 2.4  # inches of its height


def figure(found: Activations, *, scale: str, most: int, channels: Any, lang: str) -> Figure:
    one_of(scale, "scale", SCALES)
    grids = [(one, one.strongest(most, channels)) for one in found]
    sizes = [_height(one, len(chosen)) for one, chosen in grids]
    heights = [PHOTO, *(part for (one, _), size in zip(grids, sizes, strict=True) for part in _rows(one, size))]
    made = panels.canvas(WIDTH, sum(heights) + 0.75 + 0.55 * len(grids))
    places = made.add_gridspec(len(heights), 1, height_ratios=heights)
    _photo(made.add_subplot(places[0], label="photo"), found, lang)
    row = 1
    for one, chosen in grids:
        sign, raw = _sign(one), scale == "shared" or one.vector
        _grid(made.add_subplot(places[row], label=one.name), one, chosen, scale, lang)
        if len(one.others):
            _others(made.add_subplot(places[row + 1], label=f"{one.name} others"), one, sign, lang)
        bar = made.add_subplot(places[row + 1 + bool(len(one.others))], label=f"{one.name} colorbar")
        label = text("activation" if raw else "share_of_channel", lang)
        panels.colorbar(bar, default(sign), sign, one.top if raw else 1.0, label, lang)
        row += len(_rows(one, 0))
    heading.titled(made, found.model, lang, text("activations_of", lang, photo=found.photo.name), found.model.name)
    return made


def scaled(one: Activation, chosen: tuple[int, ...], scale: str) -> NDArray[np.float32]:
    """The channels (n,r,q) as shares of what is drawn strongest: of each one's largest absolute value, or of all
    channels', as always of single numbers. One that is 0 everywhere stays 0."""
    maps = np.nan_to_num(one.maps[list(chosen)], posinf=0, neginf=0)
    alone = scale == "channel" and not one.vector
    tops = np.abs(maps).max((1, 2), keepdims=True) if alone else np.float32(one.top)
    return np.asarray(maps / np.where(tops == 0, 1, tops), np.float32)


def _sign(one: Activation) -> Sign:
    return "all" if (one.maps < 0).any() else "positive"


def token(name: str, lang: str) -> str:
    """A token's name, as "cls" or "register-2", in words."""
    kind, _, number = name.partition("-")
    return text(f"token_{kind}", lang, number=number)


def _rows(one: Activation, size: float) -> list[float]:
    return [size, *([0.16 * len(one.others) + 0.1] if len(one.others) else []), 0.14]


def _height(one: Activation, count: int) -> float:
    high, wide = one.maps.shape[1:]
    columns = _columns(count, high, wide)
    if one.vector:
        return 0.28 * float(-(-count // columns))
    shape = (-(-count // columns) * high) / (columns * wide)
    return float(min(TALLEST, max(0.6, (WIDTH - 0.5) * shape)))


def _columns(count: int, high: int, wide: int) -> int:
    return min(count, 32) if high * wide == 1 else columns_for(count, high, wide, 3.0 if count > 1 else 1.0)


def _photo(ax: Axes, found: Activations, lang: str) -> None:
    pixels = smaller(found.photo.pixels)
    panels.picture(ax, pixels, found.photo.name, lang)
    panels.outline(ax, frame(fitted(found.photo.geometry, *pixels.shape[:2])))
    ax.set_anchor("W")


def _grid(ax: Axes, one: Activation, chosen: tuple[int, ...], scale: str, lang: str) -> None:
    sign = _sign(one)
    tiles = paint(scaled(one, chosen, scale), default(sign), sign)
    high, wide = tiles.shape[1:3]
    gap = 0 if high * wide == 1 else max(1, round(min(high, wide) / 12))
    columns = _columns(len(chosen), high, wide)
    drawn(ax, composed(tiles, columns, gap))
    ax.set_aspect("equal" if gap else "auto")
    ax.set_anchor("W")
    shape = " x ".join(map(str, one.maps.shape)) if not one.vector else str(len(one.maps))
    said = text("channels_shown", lang, shown=len(chosen), all=len(one.maps), dead=one.dead)
    title = f"{one.name} ({one.kind})  ·  {shape}  ·  {said}"
    ax.set_title(title, loc="left", pad=4, **panels.lettering(title, lang, 9.5))
    if len(chosen) <= NAMED:
        for i, channel in enumerate(chosen):
            row, column = divmod(i, columns)
            at = gap + column * (wide + gap) - 0.5, gap + row * (high + gap) - 0.5
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.75}
            ax.text(*at, str(channel), va="top", fontsize=5.5, color=panels.INK, bbox=box)


def _others(ax: Axes, one: Activation, sign: Sign, lang: str) -> None:
    """Tokens beside the picture: a row each, all their channels in order."""
    others = np.nan_to_num(one.others, posinf=0, neginf=0)
    tops = np.abs(others).max(1, keepdims=True)
    ax.imshow(
        paint(others / np.where(tops == 0, 1, tops), default("all"), "all"), aspect="auto", interpolation="nearest"
    )
    ax.set_yticks(range(len(others)), [token(name, lang) for name in one.tokens])
    for label in ax.get_yticklabels():
        label.set(**panels.lettering(label.get_text(), lang, 6.5))
    ax.set_xticks([])
    ax.tick_params(length=0)
    title = text("other_tokens", lang)
    ax.set_title(title, loc="left", pad=2, **panels.lettering(title, lang, 7.5, panels.MUTED))
