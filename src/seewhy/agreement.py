"""How far the maps of one method by several baselines agree: what is told where a map is their mean."""

import torch
from torch import Tensor

from seewhy.model.half import rank_correlation


def spread(maps: Tensor) -> Tensor:
    """The largest of maps (b,f,h,w) by several baselines minus the smallest, pixel by pixel: (b,1,h,w)."""
    return maps.amax(1, keepdim=True) - maps.amin(1, keepdim=True)


def how_far_apart(values: Tensor, apart: Tensor, cells: Tensor) -> str:
    """What is said of their mean (b,1,h,w), of `spread`, and of what each baseline finds of the same cells (b,f,n)."""
    share, rank = _share(values, apart), _least_rank(cells)
    return (
        f"the mean over {cells.shape[1]} baselines, whose maps are up to {share:.0%} of its largest value "
        f"apart; the least rank correlation of two: {rank:.2f}"
    )


def _share(values: Tensor, apart: Tensor) -> float:
    """The largest spread of an image over the largest value of its map; the worst of the images."""
    largest = values.abs().flatten(1).amax(1).clamp_min(torch.finfo(values.dtype).tiny)
    return float((apart.flatten(1).amax(1) / largest).max())


def _least_rank(cells: Tensor) -> float:
    """The least rank correlation of two baselines' cells (b,f,n)."""
    pairs = [(one[i], one[j]) for one in cells for i in range(len(one)) for j in range(i)]
    return min(float(rank_correlation(a, b)) for a, b in pairs)
