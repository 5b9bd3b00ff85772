"""Deconvolution."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.model.rules import Rule
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


class _Rectified(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float) -> Tensor:
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad.relu(), None


RULES: Mapping[str, Rule] = {
    "relu": lambda x, args, kwargs: _Rectified.apply(x, float("inf")),
    "relu6": lambda x, args, kwargs: _Rectified.apply(x, 6.0),
}

BLIND = "the map is the same whatever the picture: this network has no max pooling that would tell one from another"


@method(
    "deconvnet",
    Need.GRADIENT | Need.RELU,
    title="Deconvnet",
    family="gradient",
    paper="arXiv:1311.2901",
    cost="2 forwards, 2 backwards",
)
class Deconvnet:
    """The gradient with the ReLUs on the way back: what is positive passes, whether or not the ReLU was on.

    At a ReLU or ReLU6: gradient * 1[0 < gradient]. The forward is asked nothing there, so that without max pooling
    (or something like it) the map is the same for every picture: the negative is tried too, and if so it is noted.
    """

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        values, others = model.gradients([x, 1 - x], target, RULES)
        blind = bool((values - others).abs().max() <= 1e-4 * values.abs().max())
        return Map(values, notes=[BLIND] if blind else [])
