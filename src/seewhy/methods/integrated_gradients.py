"""Integrated gradients."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.ops.adaptive import adaptive_integral
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.ops.paths import QUADRATURES, line_integral
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.texts import TextModel
from seewhy.texts.scoring import WordScores, integrated
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

    Several baselines: the mean of their maps. extras: completeness_gap (b,), the map's sum less f(x) - f(baseline);
    with the adaptive quadrature steps (b,), the gradients taken, of which it holds n_steps of a few images at a time.
    """

    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(
        0.0, "where the line starts: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )
    quadrature: str = option(
        "gausslegendre",
        "how the points are placed and weighted; adaptive: where the score's changes are missed, at most n_steps",
        choices=(*QUADRATURES, "adaptive"),
    )
    tolerance: float = option(0.05, "adaptive ends when the sum is this near, as a share of the difference", low=0)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.usual, rng)
        if self.quadrature == "adaptive":
            return [self._adaptive(model, x, starts, target) for target in targets]
        gradients = partial(model.gradients, target=targets)
        values = mean(line_integral(start, x, gradients, self.quadrature, self.n_steps) for start in starts)
        return attributed(values, difference(model, x, starts, targets), "take more n_steps")

    def words(self, model: TextModel, x: Pixels, outputs: Tensor, targets: Sequence[Pinned]) -> list[WordScores | None]:
        """Those of each text, as those of the picture."""
        return [integrated(model, x, outputs, target, self.n_steps) for target in targets]

    def _adaptive(self, model: Model, x: Pixels, starts: Sequence[Pixels], target: Pinned) -> Map:
        """Each class has steps of its own, so they share none."""
        if self.n_steps < 2:
            raise BadOption("integrated_gradients.n_steps is 1 with adaptive", "a line has two ends: give 2 or more")

        def evaluate(points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
            return model.scores_and_gradients(Items(points, rows), target)

        lines = [adaptive_integral(start, x, evaluate, self.n_steps, self.tolerance) for start in starts]
        values, gain, steps = (torch.stack(each, 1) for each in zip(*lines, strict=True))
        hint, extras = "take more n_steps", {"steps": steps.sum(1)[None]}
        return attributed(values.mean(1)[None], gain.mean(1)[None], hint, extras=extras)[0]
