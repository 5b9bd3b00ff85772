"""Axis-aligned boxes of a picture: halved, as masks, and painted with what they are worth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Box(NamedTuple):
    """Rows from top up to bottom, columns from left up to right."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def area(self) -> int:
        """Pixels."""
        return (self.bottom - self.top) * (self.right - self.left)

    def halves(self) -> tuple["Box", "Box"]:
        """Across the longer side, across the rows where both are the same; the first is the larger of an odd side."""
        if self.bottom - self.top >= self.right - self.left:
            middle = (self.top + self.bottom + 1) // 2
            return self._replace(bottom=middle), self._replace(top=middle)
        middle = (self.left + self.right + 1) // 2
        return self._replace(right=middle), self._replace(left=middle)


def masks(unions: Sequence[Sequence[Box]], size: Sequence[int], like: Tensor) -> Tensor:
    """A mask (h,w) of each union of boxes that don't overlap: (n,h,w), 1 inside, made on like's device."""
    most = max(map(len, unions), default=0)
    nowhere = Box(0, 0, 0, 0)
    padded = [[*union, *[nowhere] * (most - len(union))] for union in unions]
    edges = torch.tensor(padded, dtype=torch.long).view(len(unions), most, 4).to(like.device)
    rows, columns = (
        _between(edges[..., i], edges[..., i + 1], side).to(like.dtype) for i, side in zip((0, 2), size, strict=True)
    )
    return torch.einsum("ndh,ndw->nhw", rows, columns)


def _between(low: Tensor, high: Tensor, side: int) -> Tensor:
    at = torch.arange(side, device=low.device)
    return (at >= low[..., None]) & (at < high[..., None])


def painted(boxes: Sequence[Box], credits: NDArray[np.float64], size: Sequence[int]) -> NDArray[np.float64]:
    """Each box's credit (n,) spread evenly over its pixels, summed over the boxes that hold a pixel: (h,w)."""
    top, bottom, left, right = np.array(boxes, np.int64).reshape(-1, 4).T
    shares = credits / ((bottom - top) * (right - left))
    wide = size[1] + 1
    corners = [at * wide + beside for at, beside in ((top, left), (bottom, right), (top, right), (bottom, left))]
    signed = np.concatenate([shares, shares, -shares, -shares])
    steps = np.bincount(np.concatenate(corners), signed, (size[0] + 1) * wide)
    return steps.reshape(-1, wide).cumsum(0).cumsum(1)[:-1, :-1]
