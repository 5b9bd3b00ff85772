"""GradientSHAP."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import sampled
from seewhy.ops.lines import mean_gain, random_lines
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "gradient_shap",
    Need.GRADIENT,
    title="GradientSHAP",
    family="gradient",
    paper="arXiv:1705.07874",
    cost="n_samples forwards and backwards, 1 forward a baseline",
    random=True,
)
class GradientShap(Together):
    """The gradient at random places between random baselines and the picture: quick, rough Shapley values.

    (x - x') * gradient at x' + a(x - x'), averaged over draws of a baseline x', of a in [0,1] and of noise on x.
    Sums to f(x) - mean f(baselines) but for the sampling and, where there is noise, what noise does to f(x).
    extras: standard_error (b,c,h,w) of the values; completeness_gap (b,) and completeness_standard_error (b,) of
    their sum.
    """

    n_samples: int = option(50, "draws of a baseline and a place", low=2, high=1_000_000)
    baseline: Any = option(
        (0.0, 1.0), "one or a list: a number, 'mean', 'blur', 'noise', a picture; default black and white"
    )
    stdev: float = option(0.0, "standard deviation of noise on the picture, in pixels from 0 to 1", low=0)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = torch.stack(baselines(self.baseline, x, model.usual, rng))
        lines = random_lines(x, starts, rng, self.n_samples, stdev=self.stdev)
        itself = bool((starts == x).flatten(2).all(2).any())
        notes = ["a baseline is the picture itself: it adds nothing"] if itself else []
        values, totals = mean_gain(lines, partial(model.gradients, target=targets))
        return sampled(values, totals, difference(model, x, [*starts], targets), "draw more n_samples", notes=notes)
