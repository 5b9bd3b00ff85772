"""Many small pictures as one: composed as one array, drawn by one call."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from seewhy.render.panels import INK, MUTED

Picture = NDArray[np.uint8]
BETWEEN = 0xE3  # the grey of what lies between tiles: neither a colour nor the white of 0


def composed(tiles: Picture, columns: int, gap: int = 1) -> Picture:
    """Tiles (n,h,w,3), row by row, with a gap around each: (H,W,3)."""
    count, high, wide = tiles.shape[:3]
    rows = -(-count // columns)
    sheet = np.full((rows * columns, high + gap, wide + gap, 3), BETWEEN, np.uint8)
    sheet[:count, :high, :wide] = tiles
    laid = sheet.reshape(rows, columns, high + gap, wide + gap, 3).swapaxes(1, 2)
    laid = laid.reshape(rows * (high + gap), columns * (wide + gap), 3)
    return np.pad(laid, ((gap, 0), (gap, 0), (0, 0)), constant_values=BETWEEN)


def columns_for(count: int, high: int, wide: int, shape: float = 1.5) -> int:
    """So many columns that the whole is about `shape` times as wide as high."""
    return int(min(count, max(1, round((shape * count * (high + 1) / (wide + 1)) ** 0.5))))


def drawn(ax: Axes, sheet: Picture) -> None:
    ax.imshow(sheet, interpolation="nearest" if max(sheet.shape[:2]) < 1500 else "antialiased")
    ax.spines[:].set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])


def numbered(ax: Axes, axis: str, labels: Sequence[object], step: int, gap: int, most: int) -> None:
    """Numbers beside rows ("y") or above columns ("x") of tiles that are `step` cells apart, of at most so many."""
    every = -(-len(labels) // max(1, most))
    shown = range(0, len(labels), every)
    places = [gap + step * i + (step - gap) / 2 - 0.5 for i in shown]
    set_ticks = ax.set_xticks if axis == "x" else ax.set_yticks
    set_ticks(places, [str(labels[i]) for i in shown], fontsize=6.5, color=INK)
    ax.tick_params(axis="both", length=0, pad=2, color=MUTED, labeltop=True, labelbottom=False)
