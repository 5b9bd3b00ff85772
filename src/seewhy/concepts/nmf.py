"""Non-negative matrix factorization by hierarchical alternating least squares (Cichocki and Phan 2009): X = W H, in the
order of scikit-learn's coordinate descent, so that both take the same steps from the same start."""

from typing import NamedTuple

import torch
from torch import Tensor

STEPS, TOLERANCE = 400, 1e-4  # of how far the first step still was


class Factors(NamedTuple):
    """w (n,k) and h (k,d), both of no negative numbers; steps: taken until they moved no more, or STEPS."""

    w: Tensor
    h: Tensor
    steps: int

    def error(self, x: Tensor) -> float:
        """What of x they do not give, as a share of its norm."""
        return float(torch.linalg.norm(x - self.w @ self.h) / torch.linalg.norm(x).clamp_min(1e-30))


def nmf(
    x: Tensor, k: int, start: tuple[Tensor, Tensor] | None = None, steps: int = STEPS, tolerance: float = TOLERANCE
) -> Factors:
    """Factors of x (n,d), which has no negative numbers; from the two of `nndsvda`, or from `start`."""
    w, h = (one.clone() for one in (start or nndsvda(x, k)))
    first, taken, moved = None, 0, float("inf")
    while taken < steps and (first is None or moved > tolerance * first):
        moved = _step(w, x @ h.T, h @ h.T)
        moved += _step(h.T, x.T @ w, w.T @ w)
        first, taken = moved if first is None else first, taken + 1
    return Factors(w, h, taken)


def shares(x: Tensor, h: Tensor, steps: int = STEPS, tolerance: float = TOLERANCE) -> Tensor:
    """w (n,k), the non-negative least squares of x (n,d) by the rows of h."""
    w = torch.full((len(x), len(h)), float((x.mean() / len(h)).clamp_min(0).sqrt())).to(x)
    products, gram = x @ h.T, h @ h.T
    first = None
    for _ in range(steps):
        moved = _step(w, products, gram)
        first = moved if first is None else first
        if moved <= tolerance * first:
            break
    return w


def nndsvda(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """A start from singular vectors (Boutsidis and Gallopoulos 2008), zeros filled with the mean: nothing is drawn."""
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    w, h = x.new_zeros(len(x), k), x.new_zeros(k, x.shape[1])
    for i in range(min(k, len(s))):
        left, right = u[:, i], v[i]
        up, down = (left.clamp_min(0), right.clamp_min(0)), ((-left).clamp_min(0), (-right).clamp_min(0))
        one, other = max((up, down), key=lambda both: float(both[0].norm() * both[1].norm()))
        size = one.norm() * other.norm()
        if size > 0:
            scale = (s[i] * size).sqrt()
            w[:, i], h[i] = scale * one / one.norm(), scale * other / other.norm()
    mean = x.mean()
    for part in (w, h):
        part[part < 1e-6] = mean
    return w, h


def _step(w: Tensor, products: Tensor, gram: Tensor) -> float:
    """Each column of w (n,k) to its minimum, the others fixed, in place; how far all were from theirs."""
    moved = w.new_zeros(())
    for t in range(w.shape[1]):
        grad = w @ gram[:, t] - products[:, t]
        moved += torch.where(w[:, t] == 0, grad.clamp_max(0), grad).abs().sum()
        if gram[t, t] > 0:
            w[:, t] = (w[:, t] - grad / gram[t, t]).clamp_min(0)
    return float(moved)
