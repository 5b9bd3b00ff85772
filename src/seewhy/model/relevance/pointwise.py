"""Relevance through functions of single numbers: it passes as it is, but for what the function has at zero.

f(x) = f(0) + (f(x) - f(0)): the second goes to x, c times its quotient with x; the first is a constant's.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.run import Run, inner

NEAR = 1e-3  # around zero, where a function with a value there has its derivative for the quotient


def pointwise(run: Run, function: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """function(x, *args, **kwargs) with this backward. The function does not work in place."""
    with torch.no_grad():
        start = float(function(x.new_zeros(()), *args, **kwargs))
    if start == 0:
        with torch.no_grad():
            y = function(x, *args, **kwargs)
            slope, offset = (y / x).masked_fill_(x == 0, 0.0), None
    else:
        y, slope = _around(lambda one: function(one, *args, **kwargs), x.detach(), start)
        offset = y - x.detach() * slope
    found: Tensor = _Passed.apply(x, run.sink("offset"), [y], slope, offset)
    return found


def _around(function: Callable[[Tensor], Tensor], x: Tensor, start: float) -> tuple[Tensor, Tensor]:
    """Values, and their difference from that at zero over x."""
    with torch.enable_grad():
        leaf = x.clone().requires_grad_()
        y = function(leaf)
        (derivative,) = torch.autograd.grad(y.sum(), leaf)
    y = y.detach()
    return y, torch.where(x.abs() < NEAR, derivative, (y - start) / x)


class _Passed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sink: Tensor, y: list[Tensor], slope: Tensor, offset: Tensor | None) -> Tensor:
        ctx.slope, ctx.offset, ctx.images = slope, offset, len(sink)
        return y.pop()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        kept = None if ctx.offset is None else inner(c, ctx.offset, ctx.images)
        return c * ctx.slope, kept, None, None, None


def linearised(run: Run, function: Callable[..., Tensor], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """function(x, ...) by its first-order expansion at x itself: the gradient goes to x, the constant term to nobody.

    AttnLRP's rule for the softmax (Achtibat et al., arXiv:2402.05602, equation 12), for the logarithm and for what is
    made of the two.
    """
    found: Tensor = _Linearised.apply(x, run.sink("softmax"), lambda one: function(one, *args, **kwargs))
    return found


class _Linearised(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sink: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.enable_grad():
            ctx.leaf = x.detach().clone().requires_grad_()
            ctx.out = function(ctx.leaf)
        ctx.images = len(sink)
        out: Tensor = ctx.out.detach().clone()
        return out

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        (found,) = torch.autograd.grad(ctx.out, ctx.leaf, c, retain_graph=True)
        kept = inner(c, ctx.out.detach(), ctx.images) - inner(found, ctx.leaf.detach(), ctx.images)
        return found, kept, None
