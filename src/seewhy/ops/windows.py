"""Windows that slide over a picture, and what a number for each of them makes of its pixels."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from seewhy.errors import BadOption

Pair = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """Every `stride` pixels one of `window` pixels, all (rows, columns), on a picture `of` (h,w). The last of a row or
    column is cut off at the border, so that every pixel is covered."""

    window: Pair
    stride: Pair
    of: Pair

    def __post_init__(self) -> None:
        if self.window[0] > self.of[0] or self.window[1] > self.of[1]:
            raise BadOption(f"windows of {by(self.window)} for an input of {by(self.of)}", "give a smaller window")
        if self.stride[0] > self.window[0] or self.stride[1] > self.window[1]:
            raise BadOption(
                f"a stride of {by(self.stride)} leaves pixels between windows of {by(self.window)}",
                "give a stride up to the window",
            )

    @property
    def grid(self) -> Pair:
        """Rows and columns of windows."""
        rows, columns = (
            math.ceil((of - window) / stride) + 1
            for window, stride, of in zip(self.window, self.stride, self.of, strict=True)
        )
        return rows, columns

    @property
    def boxes(self) -> Tensor:
        """(n,4), row by row: top, left, bottom, right, the last two not included."""
        rows, columns = self._stretches
        return torch.tensor([(top, left, bottom, right) for top, bottom in rows for left, right in columns])

    def means(self, values: Tensor) -> Tensor:
        """Of values (...,rows,columns) of the windows, each pixel's mean over those that cover it: (...,h,w)."""
        rows, columns = (
            _shares(stretches, of).to(values.device) for stretches, of in zip(self._stretches, self.of, strict=True)
        )
        found: Tensor = (rows @ values.double() @ columns.T).to(values.dtype)
        return found

    @property
    def _stretches(self) -> tuple[list[Pair], list[Pair]]:
        """Where windows begin and end along each axis."""
        rows, columns = (
            [(at * stride, min(at * stride + window, of)) for at in range(count)]
            for count, window, stride, of in zip(self.grid, self.window, self.stride, self.of, strict=True)
        )
        return rows, columns


def _shares(stretches: list[Pair], of: int) -> Tensor:
    """(of, n): 1 over the number of stretches that cover a place, in the columns of these."""
    cells = torch.arange(of)[:, None]
    first, last = torch.tensor(stretches).T
    covers: Tensor = ((cells >= first) & (cells < last)).double()
    shares: Tensor = covers / covers.sum(1, keepdim=True)
    return shares


def by(pair: Pair) -> str:
    return f"{pair[0]} x {pair[1]}"
