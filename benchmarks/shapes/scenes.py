"""Seeded scenes: one to four coloured shapes on a textured ground, and where each of them lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from benchmarks.shapes.grounds import grounds
from benchmarks.shapes.outlines import OUTLINES, REACH

SIDE = 112  # pixels
COLOURS = {
    "red": (0.85, 0.1, 0.1),
    "green": (0.1, 0.65, 0.15),
    "blue": (0.1, 0.2, 0.9),
    "yellow": (0.95, 0.9, 0.1),
    "purple": (0.6, 0.1, 0.7),
    "orange": (1.0, 0.5, 0.05),
    "white": (1.0, 1.0, 1.0),
    "black": (0.02, 0.02, 0.02),
}
CLASSES = tuple(f"{colour} {shape}" for colour, shape in product(COLOURS, OUTLINES))
RADII = (14.0, 21.0)  # pixels: of areas between 2 and 10 % of the picture
TURN = 0.3  # radians, to either side
MOST = 4  # objects
TRIES = 24  # places tried for an object before it is left out
NONE = -1


@dataclass(frozen=True, eq=False)
class Scenes:
    """pixels (n,side,side,3) uint8. classes (n,4): of each object, -1 where there is none; none appears twice in a
    scene. masks (n,4,side,side): its pixels.
    """

    pixels: NDArray[np.uint8]
    classes: NDArray[np.int64]
    masks: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def present(self) -> NDArray[np.bool_]:
        """(n,k): which classes a scene shows."""
        found = np.zeros((len(self), len(CLASSES) + 1), bool)
        np.put_along_axis(found, self.classes, True, 1)
        return found[:, :-1]  # the last is that of "none"

    @property
    def counts(self) -> NDArray[np.int64]:
        return (self.classes != NONE).sum(1)


def draw(n: int, seed: int | Sequence[int], objects: tuple[int, int] = (1, MOST)) -> Scenes:
    """n scenes with `objects` (fewest, most) objects. One seed, the same scenes."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(objects[0], objects[1] + 1, n)
    classes = rng.random((n, len(CLASSES)), np.float32).argpartition(MOST, 1)[:, :MOST]
    radii = rng.uniform(*RADII, (n, MOST))
    reach = np.array([REACH[shape] for shape in OUTLINES])[classes % len(OUTLINES)] * radii
    centres, fits = _places(reach, np.arange(MOST) < counts[:, None], rng)
    pixels = grounds(n, SIDE, rng)
    masks = np.zeros((n, MOST, SIDE, SIDE), bool)
    _paint(pixels, masks, np.where(fits, classes, NONE), centres, radii, rng)
    pixels += np.float32(0.02) * rng.standard_normal((n, SIDE, SIDE, 1), np.float32)
    np.clip(pixels, 0, 1, out=pixels)
    pixels *= 255
    return Scenes((pixels + np.float32(0.5)).astype(np.uint8), np.where(fits, classes, NONE), masks)


def _places(
    reach: NDArray[np.float64], wanted: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Middles (n,4,2) that lie inside the picture and keep objects apart, and which objects found a place."""
    centres, fits = np.zeros((*reach.shape, 2)), np.zeros_like(wanted)
    for at in range(MOST):
        own = reach[:, at, None, None]
        tried = rng.uniform(own + 1, SIDE - 1 - own, (len(reach), TRIES, 2))
        gap = np.linalg.norm(tried[:, :, None] - centres[:, None, :at], axis=3) - reach[:, None, :at] - own
        free = ((gap > 1) | ~fits[:, None, :at]).all(2)
        centres[:, at] = np.take_along_axis(tried, free.argmax(1)[:, None, None], 1)[:, 0]
        fits[:, at] = free.any(1) & wanted[:, at]
    return centres, fits


def _paint(
    pixels: NDArray[np.float32],
    masks: NDArray[np.bool_],
    classes: NDArray[np.int64],
    centres: NDArray[np.float64],
    radii: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Objects onto their grounds, with soft edges; all of one shape at once, each in its own window."""
    window = 2 * int(RADII[1] * max(REACH.values()) + 2)
    colours = np.array(list(COLOURS.values()), np.float32)
    for number, outline in enumerate(OUTLINES.values()):
        scene, slot = np.nonzero((classes >= 0) & (classes % len(OUTLINES) == number))
        corner = (centres[scene, slot] - window / 2).round().astype(int).clip(0, SIDE - window)
        radius = radii[scene, slot].astype(np.float32)[:, None, None]
        x, y = _turned(centres[scene, slot] - corner, window, rng)
        cover = np.clip(0.5 - radius * outline(x / radius, y / radius), 0, 1)
        paint = colours[classes[scene, slot] // len(OUTLINES)] * rng.uniform(0.8, 1.1, (len(scene), 1)).astype("f")
        for i, (top, left) in enumerate(corner):
            here = np.s_[top : top + window, left : left + window]
            pixels[scene[i]][here] += cover[i, :, :, None] * (paint[i] - pixels[scene[i]][here])
            masks[scene[i], slot[i]][here] = cover[i] >= 0.5


def _turned(
    middle: NDArray[np.float64], window: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """x and y (n,window,window) from each object's middle, along its own turned axes."""
    turn = rng.uniform(-TURN, TURN, len(middle)).astype("f")[:, None, None]
    at = np.arange(window, dtype=np.float32) + np.float32(0.5)
    y, x = (at - middle.astype("f")[:, axis, None] for axis in (0, 1))
    y, x = y[:, :, None], x[:, None, :]
    return x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
