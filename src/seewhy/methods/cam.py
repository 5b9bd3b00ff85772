"""CAM."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.cams import Summed
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "cam",
    Need.POOLED_HEAD,
    title="Class Activation Map",
    family="cam",
    paper="arXiv:1512.04150",
    cost="2 forwards",
    sign="positive",
)
class ClassActivationMap(Summed):
    """The maps that enter the global pooling, weighted by the class's row of the linear head behind it.

    Exact: the map's mean plus the class's bias is the logit. A target may be any weighted sum of logits.
    """

    def of_targets(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[list[Tensor]]:
        head = model.census(x).head
        if head is None:
            raise Unsupported(f"{model.name} has no linear head on pooled maps", "use gradcam, which needs none")
        maps = model.pooled(x)
        if maps[0, 0].numel() == 1:
            raise Unsupported("the maps that enter the global pooling have one cell", "use a larger input")
        weight = head.weight.to(maps)
        logits = maps.mean((2, 3)) @ weight.T + head.bias.to(maps)
        weights = [coefficients(target, logits) @ weight for target in targets]
        return [[self.summed(one[:, :, None, None] * maps)] for one in weights]

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        head = model.census(x).head
        layers = [head.source if head and head.source else "input of the global pooling"]
        return [Map(made.values, layers=layers) for made in super().for_targets(model, x, targets, rng)]


def coefficients(target: Pinned, logits: Tensor) -> Tensor:
    """What each logit counts for in the score: (b,k). Refused where the score is no weighted sum of logits."""
    with torch.enable_grad():
        logits = logits.detach().requires_grad_()
        score = target(logits)
        (found,) = torch.autograd.grad(score.sum(), logits)
    gap = (score - (found * logits).sum(1)).detach().abs()
    if (gap > 1e-4 * (found * logits).detach().abs().sum(1).clamp_min(1e-12)).any():
        raise Unsupported(
            f"cam shares out a weighted sum of logits, which the score of {target.name!r} is not",
            "use score='logit', or gradcam",
        )
    return found
