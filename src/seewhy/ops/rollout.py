"""Steps of attention rollout, of weights that are one for all heads. Abnar and Zuidema, arXiv:2005.00928."""

from collections.abc import Callable

import torch
from torch import Tensor

Step = Callable[[Tensor], tuple[Tensor, Tensor]]


def mixed(weights: Tensor, residual: float) -> Step:
    """Rows times residual * I + (1 - residual) * weights, whose rows are first brought to sum 1.

    weights (...,n,n'). The step takes what lies on the queries (...,n) and returns what stays with them and what goes
    to the keys (...,n').
    """

    def step(rows: Tensor) -> tuple[Tensor, Tensor]:
        total = residual + (1 - residual) * weights.sum(-1)
        scaled = torch.where(total > 0, rows / total, 0)
        return residual * scaled, (1 - residual) * (scaled.unsqueeze(-2) @ weights).squeeze(-2)

    return step


def discarded(weights: Tensor, ratio: float) -> Tensor:
    """Weights (b,windows,n,n') whose smallest are 0: so large a share of all of an image's."""
    flat = weights.flatten(-3)
    count = int(ratio * flat.shape[-1])
    if not count:
        return weights
    return flat.scatter(-1, flat.topk(count, -1, largest=False).indices, 0).view_as(weights)
