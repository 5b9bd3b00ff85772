"""Weighted linear models with an intercept, from their sums alone: which features they take and what they weigh."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from seewhy.errors import BadInput

Selection = Literal["auto", "highest_weights", "forward_selection", "lasso_path", "none"]
SMALL = 1e-2  # the penalty of the model that "highest_weights" looks at, as in LIME's code
FEW = 6  # features up to which "auto" takes them one by one, as in LIME's code


@dataclass(frozen=True, eq=False)
class Centred:
    """Weighted sums of features z (f) and a score y about their weighted means, in float64.

    products (f,f): of features. shared (f): of features and score. spread: of the score. means (f), mean. samples: n.
    """

    products: Tensor
    shared: Tensor
    spread: Tensor
    means: Tensor
    mean: Tensor
    samples: int

    @classmethod
    def of(
        cls,
        weight: Tensor,
        seen: Tensor,
        gram: Tensor,
        score: Tensor,
        moment: Tensor,
        square: Tensor,
        samples: int,
    ) -> "Centred":
        """From sums of w, wz (f), wzz' (f,f), wy, wzy (f) and wyy."""
        means, mean = seen / weight, score / weight
        spread = (square - score * mean).clamp_min(0)
        return cls(gram - seen[:, None] * means, moment - seen * mean, spread, means, mean, samples)


@dataclass(frozen=True, eq=False)
class Fitted:
    coefficients: Tensor  # (f), zero of features that were not taken
    intercept: Tensor
    r2: Tensor  # the share of the score's weighted variance that the model explains


def fitted(sums: Centred, taken: Tensor, alpha: float) -> Fitted:
    """The ridge regression on some features (their indices) that sklearn's Ridge(alpha) finds."""
    own = sums.products[taken][:, taken]
    solved = _solved(own + alpha * torch.eye(len(own), dtype=own.dtype, device=own.device), sums.shared[taken])
    coefficients = torch.zeros_like(sums.shared)
    coefficients[taken] = solved
    rest = sums.spread - 2 * solved @ sums.shared[taken] + solved @ own @ solved
    moves = sums.spread > 0  # a score that never does is explained, as sklearn has it
    r2 = 1 - torch.where(moves, rest / torch.where(moves, sums.spread, 1), 0)
    return Fitted(coefficients, sums.mean - sums.means @ coefficients, r2)


def _solved(products: Tensor, shared: Tensor) -> Tensor:
    factor, failed = torch.linalg.cholesky_ex(products)
    if failed:
        raise BadInput("the samples do not tell the superpixels apart", "raise n_samples, or alpha above 0")
    return torch.cholesky_solve(shared[:, None], factor)[:, 0]


def selected(sums: Centred, most: int, how: Selection) -> Tensor:
    """Indices of at most so many features, as LIME selects them; the order is that of their selection."""
    if how == "auto":
        how = "forward_selection" if most <= FEW else "highest_weights"
    if how == "none":
        return torch.arange(len(sums.shared), device=sums.shared.device)
    if how == "highest_weights":
        every = torch.arange(len(sums.shared), device=sums.shared.device)
        weights = fitted(sums, every, SMALL).coefficients
        return weights.abs().argsort(descending=True, stable=True)[:most]
    return _one_by_one(sums, most) if how == "forward_selection" else _on_the_path(sums, most)


def _one_by_one(sums: Centred, most: int) -> Tensor:
    """Each time the feature that, with those taken, explains most of the score, by least squares."""
    products, shared = sums.products.clone(), sums.shared.clone()  # of what those taken leave unexplained
    least, taken = 1e-10 * products.diagonal().amax(), torch.zeros_like(shared, dtype=torch.bool)
    order = []
    for _ in range(min(most, len(shared))):
        own = products.diagonal()
        gain = torch.where(own > least, shared.square() / own.clamp_min(least), 0).masked_fill(taken, -1)
        best = gain.argmax()
        order.append(best)
        taken[best] = True
        if own[best] > least:
            share = products[best] / own[best]
            shared = shared - share * shared[best]
            products = products - share[:, None] * products[best]
    return torch.stack(order)


def _on_the_path(sums: Centred, most: int) -> Tensor:
    """Those at the last point of the lasso's path that has few enough."""
    from sklearn.linear_model import lars_path_gram

    _, _, path = lars_path_gram(
        sums.shared.cpu().numpy(), sums.products.cpu().numpy(), n_samples=sums.samples, method="lasso"
    )
    few = next((one for one in path.T[:0:-1] if (one != 0).sum() <= most), path.T[0])
    return torch.from_numpy(few.nonzero()[0]).to(sums.shared.device)
