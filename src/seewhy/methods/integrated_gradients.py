"""Integrated gradients."""

from typing import Any

import torch

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import completeness_gap, incomplete
from seewhy.ops.paths import QUADRATURES, line_integral
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
    """The gradient summed on the line from a baseline image: the parts of the score's difference, pixel by pixel.

    Several baselines: the mean of their maps. extras: completeness_gap (b,), the map's sum less f(x) - f(baseline).
    """

    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(
        0.0, "where the line starts: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )
    quadrature: str = option("gausslegendre", "how the points are placed and weighted", choices=QUADRATURES)

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        starts = baselines(self.baseline, x, model.mean, rng)
        values = torch.zeros_like(x)
        for start in starts:
            part = line_integral(
                start, x, lambda points: model.gradients(points, target), self.quadrature, self.n_steps
            )
            values += part / len(starts)
        ends = model.scores([x, *starts], target)
        difference = ends[:, 0] - ends[:, 1:].mean(1)
        gap = completeness_gap(values, difference)
        return Map(values, {"completeness_gap": gap}, incomplete(gap, difference, "take more n_steps"))
