"""The kernels of a layer as one picture: one scale over all tiles, white is zero; in colour, grey is zero."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from seewhy.asked import whole
from seewhy.errors import BadOption
from seewhy.lang import text
from seewhy.render import heading, panels
from seewhy.render.colors import DIVERGING, paint
from seewhy.render.tiles import Picture, columns_for, composed, drawn, numbered
from seewhy.results.kernels import Kernels

BESIDE = 160  # inputs that a row of tiles may have, a row a filter
DPI = 150
LONGEST = 40.0  # inches
LARGEST = 2**24  # numbers of a matrix


def figure(kernels: Kernels, *, most: int, page: int, lang: str) -> Figure:
    """At most so many tiles: whole filters where a row of tiles is one."""
    most = whole(most, "most", low=1)
    wide = kernels.weights.shape[1]
    in_rows = not kernels.colour and kernels.shape != "matrix" and 1 < wide <= min(BESIDE, most)
    each = most // wide * wide if in_rows else most
    pages = max(1, -(-kernels.tiles // each))
    page = whole(page, "page", 1, pages)
    if kernels.shape == "matrix" and kernels.weights.size > LARGEST:
        raise BadOption(f"{kernels.weights.size} weights on one picture", "choose some of the filters or inputs")
    tiles = _painted(kernels)[(page - 1) * each : page * each]
    high, across = tiles.shape[1:3]
    columns = wide if in_rows else columns_for(len(tiles), high, across)
    gap = 0 if kernels.shape == "matrix" or high * across == 1 else 1
    sheet = composed(tiles, columns, gap)
    width, height = _inches(sheet)
    made = panels.canvas(max(8.0, width + 0.7), height + 1.3)
    grid = made.add_gridspec(2, 1, height_ratios=[height, 0.16])
    ax = made.add_subplot(grid[0], label="tiles")
    drawn(ax, sheet)
    if in_rows or kernels.shape == "matrix":
        rows = kernels.filters if kernels.shape == "matrix" else _rows(kernels, page, each)
        step = 1 if kernels.shape == "matrix" else high + gap
        numbered(ax, "y", rows, step, gap, int(6 * height))
        numbered(ax, "x", kernels.inputs, 1 if kernels.shape == "matrix" else across + gap, gap, int(3 * width))
    else:
        first = range((page - 1) * each, (page - 1) * each + len(tiles), columns)
        numbered(ax, "y", [_tile(kernels, at) for at in first], high + gap, gap, int(6 * height))
    bar = made.add_subplot(grid[1], label="colorbar")
    _bar(bar, kernels, lang)
    told = text("page_of", lang, page=page, pages=pages) if pages > 1 else ""
    heading.titled(
        made, kernels.model, lang, kernels.model.name, f"{kernels.layer} ({kernels.kind})", _said(kernels, lang), told
    )
    return made


def _painted(kernels: Kernels) -> Picture:
    """All tiles (n,h,w,3), filter by filter."""
    top = kernels.top or 1.0
    weights = kernels.weights / top
    if kernels.colour:
        return np.asarray(np.rint(255 * (0.5 + 0.5 * weights.transpose(0, 2, 3, 1))), np.uint8)
    if kernels.shape == "matrix":
        weights = weights.reshape(1, len(weights), -1)
    return paint(weights.reshape(-1, *weights.shape[-2:]), DIVERGING, "all")


def _inches(sheet: Picture) -> tuple[float, float]:
    """A picture with a whole number of points a cell where there are few, and never under one, within limits."""
    high, wide = sheet.shape[:2]
    scale = max(1.0, min(24.0, 1650 / max(high, wide)))
    return max(3.2, min(LONGEST, scale * wide / DPI)), max(1.0, min(LONGEST, scale * high / DPI))


def _rows(kernels: Kernels, page: int, each: int) -> tuple[int, ...]:
    wide = kernels.weights.shape[1]
    return kernels.filters[(page - 1) * each // wide : page * each // wide]


def _tile(kernels: Kernels, at: int) -> str:
    """A tile's filter, and its input where there are several."""
    if kernels.colour or len(kernels.inputs) == 1:
        return str(kernels.filters[at])
    filter_, input_ = divmod(at, len(kernels.inputs))
    return f"{kernels.filters[filter_]}:{kernels.inputs[input_]}"


def _said(kernels: Kernels, lang: str) -> str:
    filters, inputs = len(kernels.filters), len(kernels.inputs)
    high, wide = kernels.weights.shape[2:]
    counts = {"filters": filters, "all_filters": kernels.of[0], "inputs": inputs, "all_inputs": kernels.of[1]}
    key = "weights_of" if kernels.shape == "matrix" else "kernels_of"
    return text(key, lang, **counts, size=f"{high}x{wide}")


def _bar(ax: Axes, kernels: Kernels, lang: str) -> None:
    label = text("weight_in_colour" if kernels.colour else "weight", lang)
    panels.colorbar(ax, DIVERGING, "all", kernels.top, label, lang)
    if kernels.colour:
        ax.imshow(_ramps(), aspect="auto", extent=(-1, 1, 0, 1), interpolation="nearest")


def _ramps() -> NDArray[np.uint8]:
    """Red, green and blue, one under the other, each from the least weight to the largest, where the others are 0."""
    ramps = np.full((3, 512, 3), 0.5)
    for channel in range(3):
        ramps[channel, :, channel] = np.linspace(0, 1, 512)
    return np.asarray(np.rint(255 * ramps), np.uint8)
