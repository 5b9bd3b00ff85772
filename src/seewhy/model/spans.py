"""Where a change lies: a stretch of each axis for every window, all of one length so that they make one tensor."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Starts = NDArray[np.int64]
Which = slice | Starts  # some of the windows


@dataclass(frozen=True, eq=False)
class Span:
    """`length` cells from each of `starts` (n,), within `of` cells."""

    starts: Starts
    length: int
    of: int

    @classmethod
    def around(cls, starts: Starts, ends: Starts, of: int) -> "Span":
        """The shortest that holds each stretch; those that would stick out are moved inside."""
        length = min(of, max(1, int((ends - starts).max())))
        return cls(np.clip(starts, 0, of - length), length, of)

    def seen_by(self, kernel: int, stride: int, before: int, of: int) -> "Span":
        """The outputs that look at it: of a window of `kernel` cells, with `before` cells put before the axis."""
        first = -((kernel - 1 - before - self.starts) // stride)  # rounded up
        last = (self.starts + self.length - 1 + before) // stride
        return Span.around(np.maximum(first, 0), np.minimum(last + 1, of), of)

    def looks_at(self, kernel: int, stride: int, of: int) -> "Span":
        """The inputs that these outputs look at, on the axis with its padding."""
        return Span(self.starts * stride, (self.length - 1) * stride + kernel, of)

    def cells(self, which: Which) -> NDArray[np.int64]:
        """(n, length)"""
        return self.starts[which][:, None] + np.arange(self.length)

    def moved(self, by: int, of: int) -> "Span":
        return Span(self.starts + by, self.length, of)

    def joined(self, other: "Span") -> "Span":
        ends = np.maximum(self.starts + self.length, other.starts + other.length)
        return Span.around(np.minimum(self.starts, other.starts), ends, self.of)

    def same(self, other: "Span") -> bool:
        return self.length == other.length and bool((self.starts == other.starts).all())


@dataclass(frozen=True, eq=False)
class Place:
    """A rectangle of a map for every window."""

    rows: Span
    columns: Span

    @classmethod
    def of_boxes(cls, boxes: Tensor, size: tuple[int, int]) -> "Place":
        """boxes (n,4): top, left, bottom, right, the last two not included."""
        top, left, bottom, right = boxes.cpu().numpy().astype(np.int64).T
        return cls(Span.around(top, bottom, size[0]), Span.around(left, right, size[1]))

    @property
    def size(self) -> tuple[int, int]:
        return self.rows.length, self.columns.length

    @property
    def of(self) -> tuple[int, int]:
        return self.rows.of, self.columns.of

    def joined(self, other: "Place") -> "Place":
        return Place(self.rows.joined(other.rows), self.columns.joined(other.columns))

    def same(self, other: "Place") -> bool:
        return self.rows.same(other.rows) and self.columns.same(other.columns)

    def all(self) -> "Place":
        """The whole map, for each window."""
        return Place(*(Span(np.zeros_like(one.starts), one.of, one.of) for one in (self.rows, self.columns)))

    def moved(self, down: int, right: int, of: tuple[int, int]) -> "Place":
        return Place(self.rows.moved(down, of[0]), self.columns.moved(right, of[1]))


class Sheet:
    """A map of one picture (1,d,r,q), padded, from which the rectangles of many windows are cut at once."""

    def __init__(self, maps: Tensor, pads: tuple[int, int, int, int] = (0, 0, 0, 0), fill: float = 0.0) -> None:
        padded = F.pad(maps, pads, value=fill) if any(pads) else maps
        self._cells = padded[0].permute(1, 2, 0).contiguous()  # so that a row of a rectangle lies in one piece

    def cut(self, place: Place, which: Which) -> Tensor:
        """(n,d,*place.size), channels-last, of the windows `which`."""
        _, across, depth = self._cells.shape
        (high, wide), flat = place.size, self._cells.flatten()
        rows = flat.as_strided((len(flat) // depth - wide + 1, wide * depth), (depth, 1))
        first = place.rows.starts[which] * across + place.columns.starts[which]
        index = torch.from_numpy((first[:, None] + np.arange(high) * across).ravel()).to(flat.device)
        return rows.index_select(0, index).view(-1, high, wide, depth).permute(0, 3, 1, 2)

    def whole(self, times: int) -> Tensor:
        """The map of that many windows, to be written to."""
        return self._cells.expand(times, -1, -1, -1).clone(memory_format=torch.contiguous_format).permute(0, 3, 1, 2)


def paste(onto: Tensor, at: Place, patches: Tensor, have: Place, which: Which) -> Tensor:
    """`onto` (n,d,*at.size), which lies at `at`, with what of the patches (n,d,*have.size) falls into it."""
    down = have.rows.starts[which] - at.rows.starts[which]
    right = have.columns.starts[which] - at.columns.starts[which]
    turns = np.flatnonzero(np.diff(down) | np.diff(right)) + 1  # neighbours mostly lie alike: one copy a run of them
    for first, last in zip([0, *turns.tolist()], [*turns.tolist(), len(down)], strict=True):
        to_rows, from_rows = _shared(int(down[first]), have.rows.length, at.rows.length)
        to_columns, from_columns = _shared(int(right[first]), have.columns.length, at.columns.length)
        onto[first:last, :, to_rows, to_columns] = patches[first:last, :, from_rows, from_columns]
    return onto


def _shared(offset: int, length: int, room: int) -> tuple[slice, slice]:
    """Where a stretch that begins at the offset lies in the room, and which part of it that is."""
    first, last = max(offset, 0), min(offset + length, room)
    last = max(first, last)
    return slice(first, last), slice(first - offset, last - offset)
