"""How a layer's output, or the tokens of attention, lie on the picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from seewhy.model.grids import grid, lies_on
from seewhy.model.unrolling import reroll, unroll, unrollings

OTHERS = 17  # tokens beside the cells, at most: CLS, distillation, and up to 16 registers

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """axes: "first" (b,d,r,q), "last" (b,r,q,d) as Swin's, "tokens" (b,n,d): `others` (CLS, distillation, registers),
    then the cells row by row, or `unrolled` so many times. cells: (r,q). frames: so many times all cells, of a photo
    shown to a network of videos: their mean is the maps, and what changes the maps changes each time alike.
    """

    axes: Literal["first", "last", "tokens"]
    cells: Pair
    others: int = 0
    frames: int = 1
    unrolled: int = 0

    def maps(self, output: Tensor) -> Tensor:
        """A layer's output as maps (b,d,r,q)."""
        if self.axes == "tokens":
            own = output[:, self.others :].unflatten(1, (self.frames, -1)).mean(1)
            return reroll(own.transpose(1, 2), self.cells, self.unrolled)
        return output if self.axes == "first" else output.permute(0, 3, 1, 2)

    def output(self, maps: Tensor, like: Tensor) -> Tensor:
        """Maps (n,d,r,q) as the layer would return them, in a copy; the other tokens are those of `like` (n,...)."""
        if self.axes == "first":
            return maps.clone()
        if self.axes == "last":
            return maps.permute(0, 2, 3, 1).clone()
        others, own = like[:, : self.others], unroll(maps, self.unrolled).transpose(1, 2)
        if self.frames > 1:
            every = like[:, self.others :].unflatten(1, (self.frames, -1))
            own = (every + (own - every.mean(1)).unsqueeze(1)).flatten(1, 2)
        return torch.cat([others, own], 1)

    count = 1  # windows on the grid

    def rows(self, others: Tensor, cells: Tensor) -> Tensor:
        """What lies on the other tokens (...,o) and on the cells (...,r,q) or (...,t,r,q), token by token (...,1,n)."""
        own = unroll(cells, self.unrolled).flatten(others.ndim - 1)
        return torch.cat([others, own], -1).unsqueeze(-2)

    def parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The other way: (...,1,n) as what lies on the other tokens and on the cells."""
        rows = rows.squeeze(-2)
        own = rows[..., self.others :]
        own = own if self.frames == 1 else own.unflatten(-1, (self.frames, -1))
        return rows[..., : self.others], reroll(own, self.cells, self.unrolled)

    def __str__(self) -> str:
        r, q = self.cells
        if self.axes == "first":
            return f"{r}x{q}"
        times = f"{self.frames} times " if self.frames > 1 else ""
        if self.axes == "last":
            return f"{r}x{q}, channels last"
        return f"{self.others} + {times}{r}x{q} {'unrolled ' if self.unrolled else ''}tokens"


@dataclass(frozen=True)
class Windows:
    """Tokens (b*windows,n,d) that attend within windows of the cells, as Swin's; no other tokens.

    window: its (rows, columns). shift: what the cells were rolled back by before they were cut. apart: a window holds
    every so-manieth cell of the whole grid, as MaxViT's second attention does, in the place of neighbours. unrolled:
    how often the cells of a window are, as Hiera's.
    """

    cells: Pair
    window: Pair
    shift: Pair = (0, 0)
    apart: bool = False
    others: int = 0
    unrolled: int = 0

    def maps(self, output: Tensor) -> Tensor:
        of_images = output.unflatten(0, (-1, self.count)).movedim(-1, 1)  # (b,d,windows,n)
        return self.parts(of_images)[1]

    @property
    def count(self) -> int:
        """Windows on the grid."""
        return self.cells[0] * self.cells[1] // (self.window[0] * self.window[1])

    def rows(self, others: Tensor, cells: Tensor) -> Tensor:
        """What lies on the cells (...,r,q), window by window (...,windows,n)."""
        rolled = torch.roll(cells, (-self.shift[0], -self.shift[1]), (-2, -1))
        split = rolled.unflatten(-1, self._axes(1)).unflatten(-3, self._axes(0))  # (...,a,b,c,d)
        of_windows = (-4, -2, -3, -1) if not self.apart else (-3, -1, -4, -2)
        lead = tuple(range(split.ndim - 4))
        return unroll(split.permute(*lead, *of_windows).flatten(-4, -3), self.unrolled)

    def parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        counts = [length // side for length, side in zip(self.cells, self.window, strict=True)]
        split = reroll(rows, self.window, self.unrolled).unflatten(-3, counts)
        lead = tuple(range(split.ndim - 4))
        back = (-4, -2, -3, -1) if not self.apart else (-2, -4, -1, -3)
        cells = split.permute(*lead, *back).flatten(-4, -3).flatten(-2)
        return rows[..., 0, :0], torch.roll(cells, self.shift, (-2, -1))

    def _axes(self, axis: int) -> Pair:
        inside, count = self.window[axis], self.cells[axis] // self.window[axis]
        return (inside, count) if self.apart else (count, inside)

    def __str__(self) -> str:
        (r, q), (high, wide) = self.cells, self.window
        kind = "scattered " if self.apart else "shifted " if any(self.shift) else "unrolled " if self.unrolled else ""
        return f"{r}x{q} in {kind}windows of {high}x{wide}"


def layouts(shape: tuple[int, ...], size: Pair, frames: int = 1) -> list[Layout]:
    """The layouts that an output of this shape, of one image, may have for an input of this size.

    frames: of which it is shown so many; tokens may lie on as many times or on a part of them.
    """
    if len(shape) == 2:
        return list(of_tokens(shape[0], size, frames))
    found = [Layout("first", cells)] if (cells := grid(shape, size)) else []
    if len(shape) == 3 and (cells := grid((shape[2], shape[0], shape[1]), size)):
        found.append(Layout("last", cells))
    return found


@lru_cache(1000)
def of_tokens(count: int, size: Pair, frames: int = 1) -> tuple[Layout, ...]:
    """Grids that so many tokens may lie on, the fewest others first; unrolled ones have no others."""
    return tuple(_of_tokens(count, size, frames))


def _of_tokens(count: int, size: Pair, frames: int) -> Iterator[Layout]:
    for others in range(min(OTHERS + 1, count // 2)):
        for times in (n for n in range(1, frames + 1) if frames % n == 0 and (count - others) % n == 0):
            for cells in _grids((count - others) // times, size):
                each = unrollings(cells) if not others and times == 1 else range(1)
                yield from (Layout("tokens", cells, others, times, n) for n in each)


def of_windows(windows: int, count: int, size: Pair) -> Iterator[Windows]:
    """Grids that so many windows of so many tokens may be cut from, those that are not shifted first."""
    for cells in _grids(windows * count, size):
        for high in (n for n in range(1, count + 1) if count % n == 0):
            window = high, count // high
            if cells[0] % window[0] or cells[1] % window[1]:
                continue
            yield from (Windows(cells, window, unrolled=n) for n in unrollings(window))
            yield Windows(cells, window, apart=True)
            down, across = (0 if n == side else side // 2 for n, side in zip(cells, window, strict=True))
            if down or across:
                yield Windows(cells, window, (down, across))


def _grids(count: int, size: Pair) -> Iterator[Pair]:
    for r in range(2, count // 2 + 1):
        if count % r == 0 and lies_on((r, count // r), size):
            yield r, count // r
