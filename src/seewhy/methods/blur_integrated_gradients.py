"""Blur integrated gradients."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor

from seewhy.model import Model
from seewhy.ops.blur import gaussian
from seewhy.ops.completeness import attributed
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "blur_integrated_gradients",
    Need.GRADIENT,
    title="Blur integrated gradients",
    family="gradient",
    paper="arXiv:2004.03383",
    cost="n_steps forwards and backwards, 2 forwards for the gap",
)
class BlurIntegratedGradients(Together):
    """The gradient summed while the image comes into focus: which details, appearing, moved the score.

    On each step of sigma: the gradient half-way, times the blur's change over the step. Edges are repeated beyond the
    border. Scores change most while the blur is slight, so steps shrink with it unless the spacing is "linear".
    """

    max_sigma: float = option(50.0, "the strongest blur, a Gaussian's standard deviation in pixels", low=0.1)
    n_steps: int = option(50, "steps from the strongest blur to the image", low=1, high=10_000)
    spacing: str = option("quadratic", "how the steps of sigma lie", choices=("quadratic", "linear"))

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        power = 2 if self.spacing == "quadratic" else 1
        sigmas = [self.max_sigma * (1 - i / self.n_steps) ** power for i in range(self.n_steps + 1)]
        middles = (gaussian(x, (wide + narrow) / 2) for wide, narrow in pairwise(sigmas))
        values: Any = 0.0
        for change, grad in zip(_changes(x, sigmas), model.gradients(middles, targets), strict=True):
            values = values + grad * change
        return attributed(values, difference(model, x, [gaussian(x, self.max_sigma)], targets), "take more n_steps")


def _changes(x: Tensor, sigmas: list[float]) -> Iterator[Tensor]:
    for before, after in pairwise(gaussian(x, sigma) for sigma in sigmas):
        yield after - before
