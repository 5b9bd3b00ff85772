"""Integrated gradients."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.ops.paths import QUADRATURES, line_integral
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "integrated_gradients",
    Need.GRADIENT,
    title="Integrated gradients",
    family="gradient",
    paper="arXiv:1703.01365",
    cost="n_steps forwards and backwards a baseline",
)
class IntegratedGradients(Together):
    """The gradient summed on the line from a baseline image: the parts of the score's difference, pixel by pixel.

    Several baselines: the mean of their maps. extras: completeness_gap (b,), the map's sum less f(x) - f(baseline).
    """

    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(
        0.0, "where the line starts: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )
    quadrature: str = option("gausslegendre", "how the points are placed and weighted", choices=QUADRATURES)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.mean, rng)
        gradients = partial(model.gradients, target=targets)
        values = mean(line_integral(start, x, gradients, self.quadrature, self.n_steps) for start in starts)
        return attributed(values, difference(model, x, starts, targets), "take more n_steps")
