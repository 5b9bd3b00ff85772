"""The guided backward of ReLUs: only positive gradients pass, and only where the ReLU did."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seewhy.model.rules import Rule


class _Guided(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float) -> Tensor:
        ctx.save_for_backward((x > 0) & (x < high))  # not x itself, which an in-place ReLU rewrites
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (passed,) = ctx.saved_tensors
        return grad.relu() * passed, None


# Guided backpropagation (Springenberg et al., arXiv:1412.6806) on networks of ReLU and ReLU6.
GUIDED: Mapping[str, Rule] = {
    "relu": lambda x, args, kwargs: _Guided.apply(x, float("inf")),
    "relu6": lambda x, args, kwargs: _Guided.apply(x, 6.0),
}
