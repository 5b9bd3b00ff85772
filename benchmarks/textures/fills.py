"""What a shape is filled with: textures of two colours, told from one another by their pattern alone."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]
SHARP = 4.0  # how steep the edge from one colour to the other is


def striped(x: Grid, y: Grid) -> Grid:
    return np.sin(2 * np.pi * x)


def dotted(x: Grid, y: Grid) -> Grid:
    """Discs on a square grid, whose area is a third."""
    return np.float32(0.326) - np.hypot(x - np.round(x), y - np.round(y))


def checked(x: Grid, y: Grid) -> Grid:
    return np.sin(2 * np.pi * x) * np.sin(2 * np.pi * y)


def plain(x: Grid, y: Grid) -> Grid:
    """One of the two colours, all over."""
    return np.where(np.floor(x.sum((1, 2), keepdims=True)) % 2 == 0, np.float32(1), np.float32(-1)) + 0 * x


TEXTURES: dict[str, Callable[[Grid, Grid], Grid]] = {
    "striped": striped,
    "dotted": dotted,
    "checked": checked,
    "plain": plain,
}
CLASSES = tuple(TEXTURES)
GAIN = {"striped": 1.0, "dotted": 6.0, "checked": 1.0, "plain": 1.0}  # a distance in periods is less steep than a sine


def fills(
    classes: NDArray[np.int64], colours: NDArray[np.float32], periods: NDArray[np.float64], side: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:  # fmt: skip
    """(n,side,side,3): each of one texture in two colours (n,2,3), turned and shifted at random. periods: pixels."""
    at = np.arange(side, dtype=np.float32)
    turn = rng.uniform(0, np.pi, len(classes)).astype(np.float32)[:, None, None]
    shift = rng.uniform(0, 2, (2, len(classes), 1, 1)).astype(np.float32)
    pace = (1 / periods).astype(np.float32)[:, None, None]
    x = (at * np.cos(turn) + at[:, None] * np.sin(turn)) * pace + shift[0]
    y = (at[:, None] * np.cos(turn) - at * np.sin(turn)) * pace + shift[1]
    share = np.zeros((len(classes), side, side), np.float32)
    for number, (name, texture) in enumerate(TEXTURES.items()):
        own = classes == number
        if own.any():
            share[own] = np.clip(0.5 + SHARP * GAIN[name] / 2 * texture(x[own], y[own]), 0, 1)
    first, second = colours[:, 0, None, None], colours[:, 1, None, None]
    return first + share[..., None] * (second - first)
