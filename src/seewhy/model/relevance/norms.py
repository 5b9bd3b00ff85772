"""Relevance through normalising layers: what they divide by is a constant, and the bias behind them keeps its share.

AttnLRP, arXiv:2402.05602, section 3.3.3; a batch norm in evaluation is a scale and a bias whatever the rule.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.relevance.run import Run, per_image


class _Normed(torch.autograd.Function):
    """Backward: c times scale, less its mean over the axes that were centred, and the share of the bias."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, sink: Tensor, y: list[Tensor], centred: Callable[[Tensor], Tensor], bias: Tensor | None
    ) -> Tensor:
        ctx.centred, ctx.bias, ctx.images = centred, bias, len(sink)
        return y.pop()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> tuple[Any, ...]:
        kept = None if ctx.bias is None else per_image(c * ctx.bias, ctx.images)
        return ctx.centred(c), kept, None, None, None


def batch_norm(
    run: Run, x: Tensor, mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    """In evaluation."""
    column = (-1, *[1] * (x.ndim - 2))
    scale, shift = (one.view(column) for one in scale_and_shift(mean, var, weight, bias, eps))
    with torch.no_grad():
        y = F.batch_norm(x, mean, var, weight, bias, False, 0.0, eps)
    return _normed(run, x, y, lambda c: c * scale, shift)


def scale_and_shift(
    mean: Tensor, var: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor]:
    """A batch norm in evaluation as x * scale + shift, (d,) each."""
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    return scale, -mean * scale if bias is None else bias - mean * scale


def layer_norm(
    run: Run,
    x: Tensor,
    normalized_shape: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *_cudnn: Any,
) -> Tensor:
    sizes = tuple(normalized_shape)
    axes = tuple(range(-len(sizes), 0))
    with torch.no_grad():
        y, _mean, spread = torch.native_layer_norm(x, sizes, weight, bias, eps)

    def centred(c: Tensor) -> Tensor:
        c = c if weight is None else c * weight
        return (c - c.mean(axes, keepdim=True)) * spread

    return _normed(run, x, y, centred, bias)


def group_norm(
    run: Run,
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    *_cudnn: Any,
) -> Tensor:
    column = (-1, *[1] * (x.ndim - 2))
    own, shift = (None if one is None else one.view(column) for one in (weight, bias))
    with torch.no_grad():
        y = F.group_norm(x, num_groups, weight, bias, eps)
        cells = x.detach().reshape(len(x), num_groups, -1)
        spread = (cells.var(2, unbiased=False, keepdim=True) + eps).rsqrt()

    def centred(c: Tensor) -> Tensor:
        rows = (c if own is None else c * own).reshape(len(c), num_groups, -1)
        return ((rows - rows.mean(2, keepdim=True)) * spread).view_as(c)

    return _normed(run, x, y, centred, shift)


def instance_norm(
    run: Run,
    x: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    if not use_input_stats and running_mean is not None and running_var is not None:
        return batch_norm(run, x, running_mean, running_var, weight, bias, eps)
    return group_norm(run, x, x.shape[1], weight, bias, eps)


def rms_norm(
    run: Run, x: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    sizes = tuple(normalized_shape)
    axes = tuple(range(-len(sizes), 0))
    with torch.no_grad():
        y = F.rms_norm(x, sizes, weight, eps)
        least = torch.finfo(x.dtype).eps if eps is None else eps
        spread = (x.square().mean(axes, keepdim=True) + least).rsqrt()
    return _normed(run, x, y, lambda c: (c if weight is None else c * weight) * spread, None)


def normalize(run: Run, x: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Tensor:
    length: Tensor = x.detach().norm(p, dim, keepdim=True).clamp_min(eps)
    return x / length


def _normed(run: Run, x: Tensor, y: Tensor, centred: Callable[[Tensor], Tensor], bias: Tensor | None) -> Tensor:
    found: Tensor = _Normed.apply(x, run.sink("bias"), [y], centred, bias)
    return found
