"""Maps (b,d,r,q) as tensors: resized, scaled, merged. Nothing here knows a model."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear between cell centres, (b,d,r,q) -> (b,d,h,w)."""
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)


def min_max(maps: Tensor) -> Tensor:
    """Each image's map scaled to [0,1]; a flat one becomes zero."""
    low, high = maps.amin((1, 2, 3), keepdim=True), maps.amax((1, 2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, (maps - low) / span.clamp_min(torch.finfo(maps.dtype).tiny), 0)


def enlarged(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Maps (b,1,r,q) rectified, scaled to [0,1] and resized to (h,w)."""
    return resize(min_max(maps.relu()), size)


def fused(maps: Sequence[Tensor]) -> Tensor:
    """Maps (b,1,r,q) of several layers as one: rectified, scaled to [0,1], at the finest grid, averaged."""
    finest = max(((one.shape[2], one.shape[3]) for one in maps), key=lambda size: size[0] * size[1])
    return torch.stack([enlarged(one, finest) for one in maps]).mean(0)


def plusplus_weights(maps: Tensor, grads: Tensor, squares: Tensor, cubes: Tensor, *, eps: float) -> Tensor:
    """Grad-CAM++'s weights (b,d,1,1) from maps (b,d,r,q), their gradients, and these squared and cubed.

    eps keeps the denominator off zero. The paper has none: it is felt where squared gradients are as small.
    """
    alpha = squares / (2 * squares + maps.sum((2, 3), keepdim=True) * cubes + eps)
    return (alpha * grads.relu()).sum((2, 3), keepdim=True)


def first_component(terms: Tensor, toward: Tensor | None = None) -> Tensor:
    """Projection of the cells of (b,d,r,q) on their first principal component: (b,1,r,q).

    Cells are centred over the grid. A component's sign is arbitrary: it is turned so that it grows where `toward`
    (b,1,r,q) does, by default the terms' sum.
    """
    cells = centred_cells(terms)
    if cells.shape[2] <= cells.shape[1]:  # the smaller of the two matrices with the same spectrum
        projection = cells @ torch.linalg.eigh(cells.mT @ cells).eigenvectors[..., -1:]
    else:
        values, vectors = torch.linalg.eigh(cells @ cells.mT)
        projection = vectors[..., -1:] * values[:, None, -1:].clamp_min(0).sqrt()
    return turned(projection, terms.sum(1, keepdim=True) if toward is None else toward)


def centred_cells(maps: Tensor) -> Tensor:
    """Maps (b,d,r,q) as cells (b,r*q,d) in float64, minus their mean over the grid."""
    cells = maps.flatten(2).mT.double()
    return cells - cells.mean(1, keepdim=True)


def turned(projection: Tensor, toward: Tensor) -> Tensor:
    """A number a cell (b,r*q,1) as a map (b,1,r,q), negated for images where it falls as `toward` (b,1,r,q) grows."""
    guide = centred_cells(toward)
    agree = (projection * guide).sum((1, 2), keepdim=True)
    projection = torch.where(agree < 0, -projection, projection)
    return projection.mT.reshape(toward.shape).to(toward.dtype)


def strength(maps: Tensor) -> Tensor:
    """The length of each cell's vector of channels: (b,d,r,q) -> (b,1,r,q)."""
    return maps.square().sum(1, keepdim=True).sqrt()
