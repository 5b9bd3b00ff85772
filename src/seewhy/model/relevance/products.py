"""Relevance through products: a gate gives all to the signal; of two signals, each gets half; of a quotient, the upper.

AttnLRP, arXiv:2402.05602, proposition 3.3; gates as in Arras et al., arXiv:1909.12114.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.run import Run


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
        return ctx.out.detach().clone() if ctx.out._is_view() else ctx.out.detach()  # type: ignore[no-any-return]

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        found = iter(torch.autograd.grad(ctx.out, ctx.leaves, c / len(ctx.leaves), retain_graph=True))
        return None, *(next(found) if carries else None for carries in ctx.carry)


def multiplied(run: Run, a: Any, b: Any) -> Tensor:
    """a * b; what only scales a gate is a gate."""
    both = isinstance(a, Tensor) and a.requires_grad and isinstance(b, Tensor) and b.requires_grad
    if not both:
        found = torch.mul(a, b) if isinstance(a, Tensor) else torch.mul(b, a)
        if any(isinstance(one, Tensor) and one in run.gates for one in (a, b)):
            run.gates[found] = True
        return found
    if (a in run.gates) != (b in run.gates):
        signal, gate = (b, a) if a in run.gates else (a, b)
        return torch.mul(signal, gate.detach())
    return shared(torch.mul, a, b)


def divided(run: Run, a: Any, b: Any, rounding_mode: None = None) -> Tensor:
    return torch.div(a, b.detach() if isinstance(b, Tensor) else b)
