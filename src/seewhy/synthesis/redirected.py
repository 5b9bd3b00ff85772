"""Redirected gradients of ReLUs: a unit that is shut may open, where otherwise nothing at all would get through.

As Lucid's: where a ReLU lets no gradient of a picture pass, all pass but those that would shut its units further.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from seewhy.model.rules import Rule


class _Redirected(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, high: float) -> Tensor:
        ctx.save_for_backward(x <= 0, x >= high)  # not x itself, which an in-place ReLU rewrites
        return x.clamp(0, high)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        below, above = ctx.saved_tensors
        usual = grad.masked_fill(below | above, 0)
        # The gradient is of a loss: a step goes against it, so a positive one pushes down, a negative one up.
        further = (below & (grad > 0)) | (above & (grad < 0))
        passed = usual.flatten(1).any(1).view(-1, *[1] * (grad.ndim - 1))
        return torch.where(passed, usual, grad.masked_fill(further, 0)), None


REDIRECTED: Mapping[str, Rule] = {
    "relu": lambda x, args, kwargs: _Redirected.apply(x, float("inf")),
    "relu6": lambda x, args, kwargs: _Redirected.apply(x, 6.0),
}
