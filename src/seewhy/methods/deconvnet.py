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


@method(
    "deconvnet",
    Need.GRADIENT | Need.RELU,
    title="Deconvnet",
    family="gradient",
    paper="arXiv:1311.2901",
    cost="1 forward, 1 backward",
)
class Deconvnet:
    """The gradient with the ReLUs on the way back: what is positive passes, whether or not the ReLU was on.

    At a ReLU or ReLU6: gradient * 1[0 < gradient].
    """

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        return Map(model.gradient(x, target, rules=RULES))
