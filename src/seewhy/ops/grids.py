"""Cells of a picture: their size as it is asked for, and masks that are soft between them."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.asked import listed, whole
from seewhy.errors import BadOption


def sides(value: Any, what: str, most: Sequence[int]) -> tuple[int, int]:
    """(height, width) in pixels, from one number or a pair."""
    both = listed(value, what, "give a number of pixels, or height,width") if hasattr(value, "__len__") else [value] * 2
    if len(both) != 2:
        raise BadOption(f"{what} is {value!r}", "give a number of pixels, or height,width")
    height, width = (whole(side, what, 1, limit) for side, limit in zip(both, most, strict=True))
    return height, width


def through_cells(cells: Tensor, size: Sequence[int], window: Sequence[int], shifts: Tensor) -> Tensor:
    """Cells (b,n,r,q) as masks (b,n,h,w): resized by bilinear interpolation to one more `window` than there are cells,
    of which each mask is what lies `shifts` (b,n,2) pixels off the corner."""
    r, q = cells.shape[2:]
    rows = _weights(size[0], r, (r + 1) * window[0], shifts[..., 0]).to(cells)
    columns = _weights(size[1], q, (q + 1) * window[1], shifts[..., 1]).to(cells)
    return rows @ cells @ columns.transpose(-1, -2)


def covariance_of_cells(
    size: Sequence[int], cells: Sequence[int], window: Sequence[int], stride: Sequence[int], parts: Sequence[int]
) -> Tensor:
    """Over all shifts, the covariance of the means of `parts` of a picture, row by row (p,p), in masks whose cells
    are independent with variance one. Rows and columns are shifted independently, so each axis has a factor."""
    rows, columns = (_along(*axis) for axis in zip(size, cells, window, stride, parts, strict=True))
    return torch.kron(rows, columns)


def _along(length: int, cells: int, window: int, stride: int, parts: int) -> Tensor:
    means = F.adaptive_avg_pool1d(torch.eye(length, dtype=torch.float64)[None], parts)[0].T  # (parts,length)
    shifts = torch.arange(0, window, stride)
    own = means @ _weights(length, cells, (cells + 1) * window, shifts)  # (shifts,parts,cells)
    return (own @ own.mT).mean(0)


def _weights(length: int, cells: int, resized: int, shifts: Tensor) -> Tensor:
    """What each of the cells contributes to each pixel of a side: (...,length,cells). Pixels lie at their centres."""
    places = (torch.arange(length, dtype=torch.float64) + 0.5 + shifts[..., None]) * (cells / resized) - 0.5
    places = places.clamp(0, cells - 1)[..., None]
    return (1 - (places - torch.arange(cells)).abs()).clamp_min(0)
