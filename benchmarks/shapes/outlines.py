"""The shapes' outlines: how far a pixel lies outside of each (negative inside), for a shape of radius 1."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]


def circle(x: Grid, y: Grid) -> Grid:
    return np.hypot(x, y) - 1


def square(x: Grid, y: Grid) -> Grid:
    return np.maximum(abs(x), abs(y)) - 0.85


def triangle(x: Grid, y: Grid) -> Grid:
    """Equilateral, its tip up (y grows downwards); its sides are .65 from the middle."""
    return np.maximum(y, abs(x) * np.float32(np.sqrt(0.75)) - y / 2) - 0.65


def star(x: Grid, y: Grid) -> Grid:
    """Five tips at 1.2, five notches at .55: one straight edge from a tip to a notch, folded ten times."""
    half = np.float32(np.pi / 5)
    angle = np.arctan2(x, -y)
    angle = abs(angle - 2 * half * np.round(angle / (2 * half)))  # from the nearest tip, 0 to half
    tip, notch = np.array([1.2, 0.0]), 0.55 * np.array([np.cos(half), np.sin(half)])
    along = (notch - tip) / np.linalg.norm(notch - tip)
    normal = np.array([along[1], -along[0]], np.float32)
    radius = np.hypot(x, y)
    return normal[0] * (radius * np.cos(angle) - np.float32(tip[0])) + normal[1] * radius * np.sin(angle)


def cross(x: Grid, y: Grid) -> Grid:
    x, y = abs(x), abs(y)
    return np.maximum(np.maximum(x, y) - 1, np.minimum(x, y) - 0.36)


def ring(x: Grid, y: Grid) -> Grid:
    return abs(np.hypot(x, y) - 0.72) - 0.28


OUTLINES: dict[str, Callable[[Grid, Grid], Grid]] = {
    "circle": circle,
    "square": square,
    "triangle": triangle,
    "star": star,
    "cross": cross,
    "ring": ring,
}
# How far the farthest point of each lies from its middle: shapes that keep this distance can't touch.
REACH = {"circle": 1.0, "square": 1.21, "triangle": 1.3, "star": 1.2, "cross": 1.07, "ring": 1.0}
