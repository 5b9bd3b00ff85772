"""DeepLIFT."""

from collections.abc import Sequence
from typing import Any

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "deep_lift",
    Need.GRADIENT,
    title="DeepLIFT",
    family="gradient",
    paper="arXiv:1704.02685",
    cost="1 forward and backward of the image and each baseline, 2 forwards for the gap",
)
class DeepLift(Together):
    """The score's difference from a baseline image, handed down function by function to the pixels' differences.

    The rescale rule, in the gradient form of Ancona et al., arXiv:1711.06104. Products of two activations give each
    factor its share; for other functions of several inputs the gap says what was lost.
    """

    baseline: Any = option(
        0.0, "what the image is compared with: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.usual, rng)
        values = mean((x - start) * model.multipliers(x, start, targets) for start in starts)
        hint = "the model has functions without a rule, see integrated_gradients"
        return attributed(values, difference(model, x, starts, targets), hint)
