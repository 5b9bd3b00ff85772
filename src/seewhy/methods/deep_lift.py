"""DeepLIFT."""

from typing import Any

import torch

from seewhy.model import Model
from seewhy.ops.baselines import baselines
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
        values, missed, moved = torch.zeros_like(x), x.new_zeros(len(x)), x.new_zeros(len(x))
        for start in starts:
            part = (x - start) * model.multipliers(x, start, target)
            values += part / len(starts)
            ends = model.scores([x, start], target)
            missed += (part.sum((1, 2, 3)) - (ends[:, 0] - ends[:, 1])) / len(starts)
            moved += (ends[:, 0] - ends[:, 1]).abs() / len(starts)
        lost = bool((missed.abs() > 0.01 * moved).any())
        notes = ["the parts do not add up: the model has functions without a rule, see the gap"] if lost else []
        return Map(values, extras={"completeness_gap": missed}, notes=notes)
