"""Relevance through products: a gate gives all to the signal; of two signals, each gets half; of a quotient, the upper.

AttnLRP, arXiv:2402.05602, proposition 3.3; gates as in Arras et al., arXiv:1909.12114.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.relevance.run import Run
from seewhy.model.relevance.structure import ELSE


def shared(function: Callable[..., Tensor], *given: Any) -> Tensor:
    """function(*given), linear in each of those that carry relevance: they get equal parts of it."""
    found: Tensor = _Shared.apply(function, *given)
    return found


class _Shared(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Callable[..., Tensor], *given: Any) -> Tensor:
        ctx.carry = [isinstance(one, Tensor) and one.requires_grad for one in given]
        with torch.enable_grad():
            own = [
                one.detach().requires_grad_() if carries else one for one, carries in zip(given, ctx.carry, strict=True)
            ]
            ctx.leaves = [one for one, carries in zip(own, ctx.carry, strict=True) if carries]
            ctx.out = function(*own)
        out: Tensor = ctx.out.detach()
        return out.clone() if ctx.out._is_view() else out

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        found = iter(torch.autograd.grad(ctx.out, ctx.leaves, c / len(ctx.leaves), retain_graph=True))
        return None, *(next(found) if carries else None for carries in ctx.carry)


def multiplied(run: Run, input: Any, other: Any) -> Tensor:
    """input * other; what only scales a gate is a gate."""
    both = [one for one in (input, other) if isinstance(one, Tensor) and one.requires_grad]
    if len(both) < 2:
        found = torch.mul(input, other) if isinstance(input, Tensor) else torch.mul(other, input)
        if both[0] in run.gates:
            run.gates[found] = True
        return found
    if (input in run.gates) != (other in run.gates):
        signal, gate = (other, input) if input in run.gates else (input, other)
        return torch.mul(signal, gate.detach())
    return shared(torch.mul, input, other)


def divided(run: Run, input: Any, other: Any, *, rounding_mode: None = None) -> Tensor:
    if rounding_mode is not None:
        raise Unsupported("lrp has no rule for a division that is rounded", ELSE)
    return torch.div(input, other.detach() if isinstance(other, Tensor) else other)
