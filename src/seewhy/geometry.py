"""Where the pixels the network saw lie on the original picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Geometry:
    """`input = scale * original + offset` on each axis, measured from the top-left corner in pixels.

    original, input: (height, width). scale, offset: (vertical, horizontal).
    """

    original: tuple[int, int]
    input: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def identity(cls, height: int, width: int) -> "Geometry":
        return cls((height, width), (height, width))

    def place(self, maps: Array) -> Array:
        """Put maps (..., r, q) that span the network's input on the original picture: (..., H, W).

        Bilinear between cell centres; NaN where the network did not look (outside a centre crop).
        """
        for axis, along in ((0, -2), (1, -1)):
            maps = _sample(maps, self._positions(axis), self.input[axis], along)
        return maps

    def nearest(self, labels: Labels) -> Labels:
        """Put labels (..., r, q) that span the network's input on the original picture: (..., H, W).

        Each pixel takes that of the cell its centre lies in; -1 where the network did not look.
        """
        for axis, along in ((0, -2), (1, -1)):
            at, cells = self._positions(axis), labels.shape[along]
            inside = (at >= 0) & (at <= self.input[axis])
            cell = np.clip(np.floor(at * cells / self.input[axis]).astype(int), 0, cells - 1)
            shape = [1] * labels.ndim
            shape[along] = len(at)
            labels = np.where(inside.reshape(shape), np.take(labels, cell, along), -1)
        return labels

    def taken(self, labels: Labels) -> Labels:
        """Put labels (H,W) of the original picture on the network's input: (h,w).

        Each pixel takes that of the original's pixel its centre lies in; where the input is filled up beside the
        picture, a label that is smaller than all of these.
        """
        beside = int(labels.min()) - 1
        for axis in (0, 1):
            at = (np.arange(self.input[axis]) + 0.5 - self.offset[axis]) / self.scale[axis]
            pixel = np.floor(at).astype(int)
            inside = ((pixel >= 0) & (pixel < self.original[axis])).reshape((-1, 1) if axis == 0 else (1, -1))
            labels = np.where(inside, np.take(labels, np.clip(pixel, 0, self.original[axis] - 1), axis), beside)
        return labels

    def resized(self, height: int, width: int) -> "Geometry":
        """The same input of the same picture, which is now so large."""
        (down, across), (high, wide) = self.scale, self.original
        return Geometry((height, width), self.input, (down * high / height, across * wide / width), self.offset)

    def on_picture(self) -> NDArray[np.bool_]:
        """The part of the network's input that shows the picture, (h,w): all of it, where it is not filled up."""
        return np.asarray(self.resized(1, 1).taken(np.zeros((1, 1), np.int64)) == 0)

    def seen(self) -> NDArray[np.bool_]:
        """The part of the original picture the network saw: (H, W) of True and False."""
        rows, columns = ((self._positions(axis) >= 0) & (self._positions(axis) <= self.input[axis]) for axis in (0, 1))
        return np.logical_and.outer(rows, columns)

    def _positions(self, axis: int) -> NDArray[np.float64]:
        centres = np.arange(self.original[axis]) + 0.5
        return np.asarray(self.scale[axis] * centres + self.offset[axis], dtype=np.float64)


def _sample(maps: Array, positions: NDArray[np.float64], length: int, axis: int) -> Array:
    """Read maps along one axis at positions in [0, length], linearly between cell centres."""
    cells = maps.shape[axis]
    at = np.clip(positions * cells / length - 0.5, 0, cells - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, cells - 1)
    shape = [1] * maps.ndim
    shape[axis] = len(positions)
    share = (at - low).astype(np.float32).reshape(shape)
    before = np.take(maps, low, axis)
    out = before + (np.take(maps, high, axis) - before) * share  # in this form what is flat stays flat to the last bit
    outside = ((positions < 0) | (positions > length)).reshape(shape)
    return np.where(outside, np.float32(np.nan), out.astype(np.float32))
