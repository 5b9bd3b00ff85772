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


def fused(maps: Sequence[Tensor]) -> Tensor:
    """Maps (b,1,r,q) of several layers as one: rectified, scaled to [0,1], at the finest grid, averaged."""
    finest = max((tuple(one.shape[2:]) for one in maps), key=lambda size: size[0] * size[1])
    return torch.stack([resize(min_max(one.relu()), finest) for one in maps]).mean(0)  # type: ignore[arg-type]


def first_component(terms: Tensor) -> Tensor:
    """Projection of the cells of (b,d,r,q) on their first principal component: (b,1,r,q).

    Cells are centred over the grid. A component's sign is arbitrary: it is turned so that it points where the
    terms' sum points.
    """
    b, _, r, q = terms.shape
    cells = terms.flatten(2).transpose(1, 2).double()  # (b, cells, d)
    centred = cells - cells.mean(1, keepdim=True)
    gram = centred @ centred.transpose(1, 2)  # far smaller than (d,d) where channels are many
    values, vectors = torch.linalg.eigh(gram)
    projection = vectors[..., -1] * values[..., -1:].clamp_min(0).sqrt()
    agree = (projection * centred.sum(2)).sum(1, keepdim=True)
    projection = torch.where(agree < 0, -projection, projection)
    return projection.view(b, 1, r, q).to(terms.dtype)
