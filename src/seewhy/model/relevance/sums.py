"""Relevance through sums and what is put together: each part keeps its own, and what does not come from pixels is
absorbed."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.relevance.run import Run, per_image


class _Shifted(torch.autograd.Function):
    """x + constant."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sink: Tensor, constant: Tensor | float) -> Tensor:
        ctx.constant, ctx.shape, ctx.images = finite(constant), x.shape, len(sink)
        return x + constant

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        return c.sum_to_size(ctx.shape), per_image(c * ctx.constant, ctx.images), None


class _Absorbed(torch.autograd.Function):
    """A constant whose relevance is counted and goes nowhere."""

    @staticmethod
    def forward(ctx: Any, sink: Tensor, constant: Tensor) -> Tensor:
        ctx.constant, ctx.images = finite(constant), len(sink)
        return constant.clone()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        return per_image(c * ctx.constant, ctx.images), None


def finite(constant: Tensor | float) -> Tensor | float:
    """A copy in which what is infinite is 0: a mask of attention, behind which nothing flows."""
    return constant.nan_to_num(posinf=0.0, neginf=0.0) if isinstance(constant, Tensor) else constant


def absorbed(run: Run, value: Any, shape: Sequence[int], like: Tensor) -> Tensor:
    """A constant, in this shape, as a part of something that carries relevance; what carries some itself as it is."""
    if isinstance(value, Tensor) and value.requires_grad:
        return value
    tensor = value if isinstance(value, Tensor) else like.new_tensor(value)
    found: Tensor = _Absorbed.apply(run.sink("bias"), tensor.to(like.dtype).expand(shape))
    return found


def added(run: Run, input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    if all(isinstance(one, Tensor) and one.requires_grad for one in (input, other)):
        return torch.add(input, other, alpha=alpha)
    first = isinstance(input, Tensor) and input.requires_grad
    signal, constant = (input, other * alpha) if first else (other, input)
    if isinstance(constant, Tensor) and constant.is_floating_point():
        constant = constant.to(signal.dtype)
    scaled = signal if first or alpha == 1 else signal * alpha
    found: Tensor = _Shifted.apply(scaled, run.sink("bias"), constant)
    if signal in run.gates:
        run.gates[found] = True
    return found


def subtracted(run: Run, input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    return added(run, input, other, alpha=-alpha)


def subtracted_from(run: Run, input: Any, other: Any, *, alpha: float = 1) -> Tensor:
    return added(run, other, input, alpha=-alpha)


def concatenated(run: Run, tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    return torch.cat(_parts(run, tensors), dim)


def stacked(run: Run, tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    return torch.stack(_parts(run, tensors), dim)


def _parts(run: Run, tensors: Sequence[Tensor]) -> list[Tensor]:
    like = next(one for one in tensors if one.requires_grad)
    return [absorbed(run, one, one.shape, like) for one in tensors]


def chosen(run: Run, condition: Tensor, input: Any, other: Any) -> Tensor:
    """torch.where, called on the condition or on the input."""
    if condition.dtype != torch.bool:
        condition, input = input, condition
    like = input if isinstance(input, Tensor) and input.requires_grad else other
    shapes = [tuple(one.shape) for one in (condition, input, other) if isinstance(one, Tensor)]
    shape = torch.broadcast_shapes(*shapes)
    return torch.where(condition, absorbed(run, input, shape, like), absorbed(run, other, shape, like))


def masked(run: Run, x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """masked_fill."""
    return chosen(run, mask, value, x)


def padded(run: Run, x: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    if not value or mode != "constant":
        return F.pad(x, pad, mode)
    return added(run, F.pad(x, pad), F.pad(torch.zeros_like(x.detach()), pad, value=value))


def written(run: Run, x: Tensor, at: Any, value: Any) -> None:
    """x[at] = value, in place."""
    if not x.requires_grad and bool(x[...].any()):
        x.copy_(absorbed(run, x.clone(), x.shape, value))  # what is not written over
    x[at] = absorbed(run, value, x[at].shape, x)
