"""How positive relevance is shared out at a function: to the positive products of a layer, to the parts of a sum or
product; or passed on as it is."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.operators import Operator
from seewhy.model.relevance.run import MixedImages, Twin


class Positive(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, z: list[Tensor], operator: Operator, twin: Twin | None) -> Tensor:
        above, below = operator.weight.clamp(min=0), operator.weight.clamp(max=0)
        if twin is None:
            ctx.terms = [(x.clamp(min=0), above), (x.clamp(max=0), below)]
        else:
            ctx.terms = [(x.detach().clone(), operator.weight), (-twin.low, above), (-twin.high, below)]
        ctx.total = sum(operator.forth(values, weight) for values, weight in ctx.terms)
        ctx.operator = operator
        return z.pop().detach()

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Any, ...]:
        sent = over(r, ctx.total)
        found = sum(values * ctx.operator.back(sent, weight, values.shape) for values, weight in ctx.terms)
        return found, None, None, None


def over(r: Tensor, total: Tensor) -> Tensor:
    """r / total, and nothing where there is nothing to share it by."""
    return torch.where((total == 0) | total.isinf(), 0.0, r / total)


class Same(torch.autograd.Function):
    """What a function made of x number by number; relevance passes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: list[Tensor]) -> Tensor:
        ctx.shape = x.shape
        return y.pop().detach()

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Tensor, None]:
        return r.view(ctx.shape), None


def same(x: Tensor, y: Tensor) -> Tensor:
    found: Tensor = Same.apply(x, [y])
    return found


class Shares(torch.autograd.Function):
    """function(*given), linear in each of the tensors: in proportion to what each number added.

    images: of which each has one total, brought together where `even` is not set; else all get the same.
    """

    @staticmethod
    def forward(ctx: Any, images: int, even: bool, function: Callable[..., Tensor], *given: Any) -> Tensor:
        carry = [isinstance(one, Tensor) and one.is_floating_point() for one in given]
        with torch.enable_grad():
            own = [one.detach().requires_grad_() if yes else one for one, yes in zip(given, carry, strict=True)]
            ctx.leaves = [one for one, yes in zip(own, carry, strict=True) if yes]
            ctx.out = function(*own)
        ctx.images, ctx.even, ctx.carry = images, even, carry
        out: Tensor = ctx.out.detach().clone()
        return out

    @staticmethod
    def backward(ctx: Any, r: Tensor) -> tuple[Any, ...]:
        grads = torch.autograd.grad(ctx.out, ctx.leaves, over(r, ctx.out.detach()), retain_graph=True)
        parts = [(leaf.detach() * grad).nan_to_num(0.0, 0.0, 0.0) for leaf, grad in zip(ctx.leaves, grads, strict=True)]
        if len(parts) > 1:
            parts = [one / len(parts) for one in parts] if ctx.even else balanced(parts, r, ctx.images)
        found = iter(parts)
        return None, None, None, *(next(found) if yes else None for yes in ctx.carry)


def balanced(parts: Sequence[Tensor], r: Tensor, images: int) -> list[Tensor]:
    """Parts of r whose totals, of each image, add up to that of r: in proportion to the size of their totals."""
    whole, totals = total(r, images), [total(one, images) for one in parts]
    size = torch.stack([one.abs() for one in totals]).sum(0)
    found = []
    for part, own in zip(parts, totals, strict=True):
        factor = over(own.abs() * whole, size * own)
        found.append(part * factor.view(-1, *[1] * (part.ndim - 1)) if len(factor) == len(part) else part * factor)
    return found


def total(r: Tensor, images: int) -> Tensor:
    """The sum of each image's numbers (b,), which its first axis is; of a constant that images share, of all (1,)."""
    if images == 1:
        return r.sum().view(1)
    if r.ndim < 2 or len(r) != images or r.shape[1] == images:  # or which axis is it
        raise MixedImages
    return r.flatten(1).sum(1)
