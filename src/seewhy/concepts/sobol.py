"""Total Sobol indices by Jansen's estimator (1999): how much of a score's variance a factor takes part in."""

import torch
from torch import Tensor
from torch.quasirandom import SobolEngine


def designs(k: int, n: int, seed: int) -> Tensor:
    """Masks (n*(k+2),k) in [0,1): n of A, n of B, then for each factor A with that column of B."""
    drawn = SobolEngine(2 * k, scramble=True, seed=seed).draw(n)
    a, b = drawn[:, :k], drawn[:, k:]
    mixed = a.repeat(k, 1, 1)
    for i in range(k):
        mixed[i, :, i] = b[:, i]
    return torch.cat([a, b, mixed.flatten(0, 1)])


def total_indices(scores: Tensor, k: int) -> Tensor:
    """(b,k) of scores (b,n*(k+2)) of the designs: 0 where nothing moves the score."""
    parts = scores.double().unflatten(1, (k + 2, -1))
    a, both, mixed = parts[:, 0], parts[:, :2].flatten(1), parts[:, 2:]
    variance = both.var(1, correction=0)[:, None]
    found = (mixed - a[:, None]).square().mean(2) / 2
    return torch.where(variance > 0, found / variance.clamp_min(1e-300), 0.0)
