"""ShapleyCAM."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from seewhy.cams import CAM
from seewhy.model import Model
from seewhy.model.fused import twice_differentiable
from seewhy.model.recorded import Recorded
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "shapleycam",
    Need.MAPS | Need.GRADIENT,
    title="ShapleyCAM",
    family="cam",
    paper="arXiv:2501.06261",
    cost="1 forward, 2 partial backwards a layer",
    sign="positive",
    starts="layers",
)
class ShapleyCAM(CAM):
    """Grad-CAM with the score's curvature: channels weighted by the mean of gradient minus half of Hessian times maps.

    Behind the layer of a ReLU network the logit has no curvature, and this is Grad-CAM; score="probability" or a Rest
    target has some.
    """

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        attends = bool(model.census(x).attention)
        with twice_differentiable():  # by a forward of its own where the first one's attention was fused
            recorded = (replace(model, memo=None) if attends else model).recorded(x, layers)
        found = []
        for layer in layers:
            slope = second_order(recorded, target, layer)
            found.append(self.summed(slope.mean((2, 3), keepdim=True) * recorded.maps(layer)))
        return found


def second_order(recorded: Recorded, target: Pinned, layer: str) -> Tensor:
    """Gradient minus half of Hessian times maps, (b,d,r,q), at a layer's output."""
    parts: list[Tensor] = []
    start = 0
    for layers, outputs in recorded.chunks:
        rows = torch.arange(start, start + len(outputs), device=outputs.device)
        start += len(outputs)
        maps = layers[layer]
        with torch.enable_grad():
            grad = _derivative(target(outputs, rows).sum(), maps, again=True)
            curve = _derivative((grad * maps.detach()).sum(), maps, again=False)
        recorded.meter.count(backward=2 * len(outputs))
        parts.append(grad.detach() - curve / 2)
    return torch.cat(parts)


def _derivative(value: Tensor, at: Tensor, *, again: bool) -> Tensor:
    if not value.requires_grad:
        return torch.zeros_like(at)
    (found,) = torch.autograd.grad(value, at, retain_graph=True, create_graph=again, allow_unused=True)
    return torch.zeros_like(at) if found is None else found
