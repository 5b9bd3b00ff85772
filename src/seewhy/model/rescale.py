"""DeepLIFT's rescale rule as rules for functions, on a batch [images; baselines] that runs through together.

Where a function f stands, the backward multiplies by the difference of its outputs over that of its inputs instead of
by its derivative (Ancona et al., arXiv:1711.06104, proposition 2), so that differences of scores add up exactly.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.composed import COMPOSED, Pieces
from seewhy.model.rules import Rule

TINY = 1e-10  # input differences below which the derivative stands for the quotient

ELEMENTWISE: Mapping[str, Callable[..., Tensor]] = {
    **{name: getattr(F, name) for name in ("relu", "gelu", "silu", "hardswish", "mish", "elu", "selu", "celu")},
    **{name: getattr(F, name) for name in ("leaky_relu", "prelu", "rrelu", "softplus", "hardtanh", "hardsigmoid")},
    **{name: getattr(F, name) for name in ("logsigmoid", "softsign", "tanhshrink")},
    **{name: getattr(torch, name) for name in ("sigmoid", "tanh", "exp", "log", "sqrt", "rsqrt", "square", "pow")},
    **{name: getattr(torch, name) for name in ("abs", "clamp", "clamp_min", "clamp_max", "reciprocal")},
    "relu6": lambda x, *_args, **_kwargs: x.clamp(0, 6),
    "__rdiv_": lambda x, other: other / x,
}
BILINEAR: Mapping[str, Callable[..., Tensor]] = {"mul": torch.mul, "matmul": torch.matmul, "bmm": torch.bmm}
POOLS = [f"{how}max_pool{n}d" for how in ("", "adaptive_") for n in (1, 2, 3)]


def rescale(pairs: int) -> Mapping[str, Rule]:
    """Rules for a batch of `pairs` images and, behind them, their baselines.

    Functions of one input and max pooling take Δout/Δin; products of two activations take each factor's mean over
    the pair as the other's multiplier; softmax, layer and group norm and attention are made of these. Whatever else is
    not linear keeps its gradient: then differences do not add up.
    """

    def bound(rule: Callable[..., Tensor], function: Callable[..., Any]) -> Rule:
        def applied(x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
            inputs = [one for one in (x, *args) if isinstance(one, Tensor) and one.requires_grad]
            if not inputs:  # of weights alone: a constant
                constant: Tensor = function(x, *args, **kwargs)
                return constant
            if any(one.ndim == 0 or len(one) % (2 * pairs) for one in inputs):
                raise Unsupported("the model moves its batch from the first axis, so pairs can't be followed", _ELSE)
            return rule(partial(function, **kwargs), x, *args)

        return applied

    return {
        **{name: bound(_elementwise, function) for name, function in ELEMENTWISE.items()},
        **{name: bound(_bilinear, function) for name, function in BILINEAR.items()},
        **{name: bound(_pooled, getattr(F, name)) for name in POOLS},
        **{
            name: bound(_whole, partial(function, Pieces(_elementwise, _bilinear)))
            for name, function in COMPOSED.items()
        },
        "div": bound(_divided, torch.div),
    }


_ELSE = "use integrated_gradients, which needs no pairs"


def _elementwise(function: Callable[..., Tensor], x: Tensor, *args: Any) -> Tensor:
    out: Tensor = _Rescaled.apply(x, lambda one: function(one, *args))
    return out


def _bilinear(function: Callable[..., Tensor], a: Tensor, b: Any) -> Tensor:
    """Δf(a,b) = f(Δa, mean of b) + f(mean of a, Δb)."""
    if not (isinstance(b, Tensor) and a.requires_grad and b.requires_grad):
        return function(a, b)
    linear = function(a, _mean(b)) + function(_mean(a), b)
    return linear + (function(a, b) - linear).detach()


def _divided(function: Callable[..., Tensor], a: Tensor, b: Any) -> Tensor:
    if not isinstance(b, Tensor) or not b.requires_grad:
        return function(a, b)
    return _bilinear(torch.mul, a, _elementwise(torch.reciprocal, b))


def _pooled(function: Callable[..., Any], x: Tensor, *args: Any) -> Tensor:
    kept = partial(function, return_indices=True)
    out: Tensor = _MaxPool.apply(x, lambda one: kept(one, *args))
    return out


def _whole(function: Callable[..., Tensor], x: Tensor, *args: Any) -> Tensor:
    return function(x, *args)


def _mean(x: Tensor) -> Tensor:
    image, baseline = x.detach().chunk(2)
    return ((image + baseline) / 2).repeat(2, *[1] * (x.ndim - 1))


class _Rescaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.enable_grad():
            leaf = x.detach().clone().requires_grad_()
            out = function(leaf.clone())  # a clone: the function may work in place
            (derivative,) = torch.autograd.grad(out.sum(), leaf)
        out = out.detach()
        (x1, x0), (y1, y0) = leaf.detach().chunk(2), out.chunk(2)
        slope = torch.where((x1 - x0).abs() < TINY, derivative.chunk(2)[0], (y1 - y0) / (x1 - x0))
        ctx.save_for_backward(slope)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return grad * torch.cat([slope, slope]), None


class _MaxPool(torch.autograd.Function):
    """The output's difference goes to the place that holds the larger of the two maxima."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Tensor:
        out, index = function(x)
        x1, x0 = x.flatten(2).chunk(2)
        (y1, y0), (at1, at0) = out.flatten(2).chunk(2), index.flatten(2).chunk(2)
        at = torch.where(y1 >= y0, at1, at0)
        delta = (x1 - x0).gather(2, at)
        slope = torch.where(delta.abs() < TINY, torch.ones_like(delta), (y1 - y0) / delta)
        ctx.save_for_backward(at, slope)
        ctx.shape = x.shape
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        at, slope = (torch.cat([one, one]) for one in ctx.saved_tensors)
        found = grad.new_zeros(ctx.shape).flatten(2)
        return found.scatter_add(2, at, grad.flatten(2) * slope).view(ctx.shape), None
