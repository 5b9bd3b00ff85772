"""Seeded scenes: one textured shape on a cloudy ground. Shape, colours, place, size, turn and period say nothing of
the texture, which is the class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.shapes.outlines import OUTLINES, REACH
from benchmarks.textures.fills import CLASSES, fills

SIDE = 64  # pixels
RADII = (15.0, 21.0)  # pixels: of areas between a tenth and a third of the picture
PERIODS = (6.0, 9.0)  # pixels, of every texture
CELLS = (3, 7)  # of the ground's noise a side
APART = 0.5  # that the two colours of a texture differ by, at least, in some channel


@dataclass(frozen=True, eq=False)
class Scenes:
    """pixels (n,side,side,3) uint8; classes and shapes (n,); masks (n,side,side): the shape's pixels."""

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    shapes: NDArray[np.int64]
    masks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)


def draw(n: int, seed: int | Sequence[int], texture: str | None = None) -> Scenes:
    """n scenes, of all textures or of one. One seed, the same scenes; of one texture the rest is drawn alike."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(len(CLASSES), size=n)
    if texture is not None:
        classes[:] = CLASSES.index(texture)
    shapes = rng.integers(len(OUTLINES), size=n)
    cover = _covers(shapes, rng)
    pixels = clouds(n, rng)
    filled = fills(classes, colours(n, rng), rng.uniform(*PERIODS, n), SIDE, rng)
    pixels += cover[..., None] * (filled - pixels)
    return Scenes(noisy(pixels, rng), classes, shapes, cover >= 0.5)


def colours(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n,2,3): any two that differ."""
    first = rng.uniform(0, 1, (n, 3)).astype(np.float32)
    second = rng.uniform(0, 1, (n, 3)).astype(np.float32)
    channel = abs(second - first).argmax(1)[:, None]
    widest = np.take_along_axis(first, channel, 1)
    away = np.where(widest < 0.5, np.maximum(1, 0), 0).astype(np.float32)
    near = abs(np.take_along_axis(second, channel, 1) - widest) < APART
    np.put_along_axis(second, channel, np.where(near, away, np.take_along_axis(second, channel, 1)), 1)
    return np.stack([first, second], 1)


def clouds(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n,side,side,3): smooth noise between two colours of any hue."""
    field = sum(_smooth(n, cells, rng) for cells in CELLS) / 2
    first, second = (rng.uniform(0.1, 0.9, (n, 1, 1, 3)).astype(np.float32) for _ in range(2))
    mixed: NDArray[np.float32] = first + np.clip(0.5 + field, 0, 1)[..., None] * (second - first)
    return mixed


def noisy(pixels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    grain = np.float32(0.03) * rng.standard_normal(pixels.shape, np.float32)
    return np.rint(255 * np.clip(pixels + grain, 0, 1)).astype(np.uint8)


def _smooth(n: int, cells: int, rng: np.random.Generator) -> NDArray[np.float32]:
    at = np.linspace(0, cells - 1, SIDE)
    rows = np.maximum(0, 1 - abs(at[:, None] - np.arange(cells))).astype(np.float32)
    return rows @ rng.uniform(-1, 1, (n, cells, cells)).astype(np.float32) @ rows.T


def _covers(shapes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    """(n,side,side): how much of each pixel the shape covers."""
    radii = rng.uniform(*RADII, len(shapes))
    reach = np.array(list(REACH.values()))[shapes] * radii
    centre = rng.uniform(reach + 1, SIDE - 1 - reach, (2, len(shapes))).astype(np.float32)
    turn = rng.uniform(0, 2 * np.pi, len(shapes)).astype(np.float32)[:, None, None]
    at = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
    x, y = at - centre[0, :, None, None], at[:, None] - centre[1, :, None, None]
    radius = radii.astype(np.float32)[:, None, None]
    x, y = ((x * np.cos(turn) + y * np.sin(turn)) / radius, (y * np.cos(turn) - x * np.sin(turn)) / radius)
    cover = np.zeros((len(shapes), SIDE, SIDE), np.float32)
    for number, outline in enumerate(OUTLINES.values()):
        own = shapes == number
        cover[own] = np.clip(0.5 - radius[own] * outline(x[own], y[own]), 0, 1)
    return cover
