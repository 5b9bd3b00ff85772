"""DeepLIFT."""

from typing import Any

import torch

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import completeness_gap, incomplete
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "deep_lift",
    Need.GRADIENT,
    title="DeepLIFT",
    family="gradient",
    paper="arXiv:1704.02685",
    cost="1 forward and backward of the image and each baseline, 2 forwards for the gap",
)
class DeepLift:
    """The score's difference from a baseline image, handed down function by function to the pixels' differences.

    The rescale rule, in the gradient form of Ancona et al., arXiv:1711.06104. Products of two activations give each
    factor its share; for other functions of several inputs the gap says what was lost.
    """

    baseline: Any = option(
        0.0, "what the image is compared with: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        starts = baselines(self.baseline, x, model.mean, rng)
        values = torch.zeros_like(x)
        for start in starts:
            values += (x - start) * model.multipliers(x, start, target) / len(starts)
        ends = model.scores([x, *starts], target)
        difference = ends[:, 0] - ends[:, 1:].mean(1)
        gap = completeness_gap(values, difference)
        notes = incomplete(gap, difference, "the model has functions without a rule, see integrated_gradients")
        return Map(values, {"completeness_gap": gap}, notes)
