"""Colour tables: 256 RGB colours a map, uniform in lightness unless another is asked for by name."""

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from seewhy.errors import BadOption
from seewhy.render.document import base64

if TYPE_CHECKING:
    from seewhy.types import Sign

Table = NDArray[np.uint8]  # (256,3)

SEQUENTIAL = "inferno"
DIVERGING = "bluewhitered"
ON_PAGES = (SEQUENTIAL, "viridis", "cividis", "gray", DIVERGING, "bwr", "OrRd", "turbo", "jet")
ZERO = 128  # the row of a table that stands for 0 in a signed map


def default(sign: "Sign") -> str:
    """The map's name for a sign: centred and diverging for both signs, uniform and sequential for one."""
    return DIVERGING if sign == "all" else SEQUENTIAL


@cache
def table(name: str) -> Table:
    """The colours (256,3) of a map by name, any of matplotlib's included. BadOption for a name nobody knows."""
    if name in _OWN:
        colors = _OWN[name]()
    elif name in matplotlib.colormaps:
        colors = matplotlib.colormaps[name](np.linspace(0, 1, 256))[:, :3]
    else:
        near = get_close_matches(name.lower(), names(), n=1, cutoff=0.4)
        raise BadOption(f"no colour map '{name}'", f"did you mean '{near[0] if near else SEQUENTIAL}'?")
    rounded = np.asarray(np.rint(255 * colors), np.uint8)
    rounded.setflags(write=False)
    return rounded


def tables() -> dict[str, str]:
    """The maps that a page offers, by name: 256 times R, G and B as base64."""
    return {name: base64(table(name)) for name in ON_PAGES}


def names() -> list[str]:
    """Every name `table` knows."""
    return sorted([*_OWN, *matplotlib.colormaps])


def rows(normed: NDArray[np.floating], sign: "Sign") -> NDArray[np.int64]:
    """The table row of each value: -1 ... 1 centred on `ZERO` for sign "all", else 0 ... 1. NaN counts as 0."""
    clean = np.nan_to_num(normed)
    return np.asarray(np.rint(ZERO + 127 * clean if sign == "all" else 255 * clean), np.int64)


def paint(normed: NDArray[np.floating], name: str, sign: "Sign") -> NDArray[np.uint8]:
    """Colours (...,3) of normalised values (...)."""
    return np.asarray(table(name)[rows(normed, sign)])


def _blue_white_red() -> NDArray[np.float64]:
    """White at 0; lightness falls evenly to both sides, so that equal steps look equal."""
    white, blue, red = rgb2lab(np.array([[1, 1, 1], [0.06, 0.25, 0.72], [0.72, 0.05, 0.13]]))
    at = np.clip((np.arange(256) - ZERO) / 127, -1, 1)[:, None]
    lab = white + np.abs(at) * (np.where(at < 0, blue, red) - white)
    return np.asarray(np.clip(lab2rgb(lab), 0, 1))


def _red_white_green() -> NDArray[np.float64]:
    ramp = LinearSegmentedColormap.from_list("redwhitegreen", ["red", "white", "green"])
    return np.asarray(ramp(np.linspace(0, 1, 256)))[:, :3]


_OWN = {"bluewhitered": _blue_white_red, "redwhitegreen": _red_white_green}
