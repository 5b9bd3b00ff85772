"""Integrated gradients."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.paths import QUADRATURES, quadrature
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "integrated_gradients",
    Need.GRADIENT,
    title="Integrated gradients",
    family="gradient",
    paper="arXiv:1703.01365",
    cost="n_steps forwards and backwards a baseline",
)
class IntegratedGradients:
    """The gradient summed on the line from a baseline image: the parts of the score's difference, pixel by pixel."""

    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(
        0.0, "where the line starts: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )
    quadrature: str = option("gausslegendre", "how the points are placed and weighted", choices=QUADRATURES)

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        starts = baselines(self.baseline, x, model.mean, rng)
        values, missed = torch.zeros_like(x), x.new_zeros(len(x))
        for start in starts:
            part = (x - start) * self._mean_gradient(model, x, start, target)
            values += part / len(starts)
            ends = model.scores([x, start], target)
            missed += (part.sum((1, 2, 3)) - (ends[:, 0] - ends[:, 1])) / len(starts)
        return Map(values, extras={"completeness_gap": missed})

    def _mean_gradient(self, model: Model, x: Pixels, start: Tensor, target: Pinned) -> Tensor:
        places, weights = quadrature(self.quadrature, self.n_steps)

        def points() -> Iterator[Tensor]:
            return (start + place * (x - start) for place in places)

        total = torch.zeros_like(x)
        for weight, grad in zip(weights, model.gradients(points(), target), strict=True):
            total += weight * grad
        return total
