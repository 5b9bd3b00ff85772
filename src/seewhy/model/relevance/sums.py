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
        ctx.constant, ctx.shape, ctx.images = constant, x.shape, len(sink)
        return x + constant

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        return c.sum_to_size(ctx.shape), per_image(weighed(c, ctx.constant), ctx.images), None


class _Absorbed(torch.autograd.Function):
    """A constant whose relevance is counted and goes nowhere."""

    @staticmethod
    def forward(ctx: Any, sink: Tensor, constant: Tensor) -> Tensor:
        ctx.constant, ctx.images = constant.clone(), len(sink)
        return constant.clone()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        return per_image(weighed(c, ctx.constant), ctx.images), None


def weighed(c: Tensor, constant: Tensor | float) -> Tensor:
    """c times the constant; nothing where nothing flows, also of an infinite one, as masks of attention are."""
    return torch.where(c == 0, 0.0, c * constant)


def absorbed(run: Run, value: Any, shape: Sequence[int], like: Tensor) -> Tensor:
    """A constant, in this shape, as a part of something that carries relevance; what carries some itself as it is."""
    if isinstance(value, Tensor) and value.requires_grad:
        return value
    tensor = value if isinstance(value, Tensor) else like.new_tensor(value)
    found: Tensor = _Absorbed.apply(run.sink("bias"), tensor.to(like.dtype).expand(shape))
    return found


def added(run: Run, a: Any, b: Any, alpha: float = 1) -> Tensor:
    if all(isinstance(one, Tensor) and one.requires_grad for one in (a, b)):
        return torch.add(a, b, alpha=alpha)
    signal, constant = (a, b * alpha) if isinstance(a, Tensor) and a.requires_grad else (b, a)
    signal = signal if signal is a or alpha == 1 else signal * alpha
    if isinstance(constant, Tensor):
        constant = constant.to(signal.dtype) if constant.is_floating_point() else constant
    found: Tensor = _Shifted.apply(signal, run.sink("bias"), constant)
    if signal in run.gates:
        run.gates[found] = True
    return found


def subtracted(run: Run, a: Any, b: Any, alpha: float = 1) -> Tensor:
    return added(run, a, b, -alpha)


def subtracted_from(run: Run, a: Any, b: Any, alpha: float = 1) -> Tensor:
    return added(run, b, a, -alpha)


def concatenated(run: Run, tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    return torch.cat(_parts(run, tensors), dim)


def stacked(run: Run, tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    return torch.stack(_parts(run, tensors), dim)


def _parts(run: Run, tensors: Sequence[Tensor]) -> list[Tensor]:
    like = next(one for one in tensors if one.requires_grad)
    return [absorbed(run, one, one.shape, like) for one in tensors]


def chosen(run: Run, condition: Tensor, a: Any, b: Any) -> Tensor:
    """torch.where."""
    like = a if isinstance(a, Tensor) and a.requires_grad else b
    shapes = [tuple(one.shape) for one in (condition, a, b) if isinstance(one, Tensor)]
    shape = torch.broadcast_shapes(*shapes)
    return torch.where(condition, absorbed(run, a, shape, like), absorbed(run, b, shape, like))


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
