"""Linear layers in float32 on a processor, by oneDNN where it is quicker than the BLAS that torch takes for them: MKL
uses half of what a processor of another maker than its own can do (AVX2 where there is AVX-512)."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.tape import Call

Layer = Callable[[Tensor, Tensor, Tensor | None], Tensor]  # torch.nn.functional.linear, or what gives the same

QUICKER = 1.25  # times, before it is worth another rounding
ROWS, WIDTH = 128, 768  # of the products that are timed
WORTH = 2**20  # multiplications of a product, at least: fewer are over before it has begun
FEWEST = 8  # rows: of fewer, reading the weights is all the work


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """torch.nn.functional.linear, to float32's rounding."""
    if not _suits(x, weight, bias):
        return F.linear(x, weight, bias)
    found: Tensor = _Linear.apply(x, weight, bias) if _asks(x) else _product(x, weight, bias)
    return found


def quick(call: Call) -> Call:
    """A call of a linear layer with weights of its own, by this; any other as it is."""
    given = dict(zip(("input", "weight", "bias"), call.args, strict=False)) | call.kwargs
    constant = isinstance(given.get("weight"), Tensor) and isinstance(given.get("bias"), Tensor | None)
    if call.function is not F.linear or not constant:
        return call
    return replace(call, function=linear, args=(given["input"], given["weight"], given.get("bias")), kwargs={})


def _suits(x: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    if x.device.type != "cpu" or x.dtype != torch.float32 or weight.dtype != torch.float32 or weight.ndim != 2:
        return False
    if x.shape[-1:] != weight.shape[1:]:  # which torch has words for
        return False
    if torch.compiler.is_compiling() or any(_asks(one) for one in (weight, bias) if one is not None):
        return False
    rows = x.numel() // max(1, x.shape[-1])
    return rows >= FEWEST and rows * weight.numel() >= WORTH and quicker()


def _asks(x: Tensor) -> bool:
    return x.requires_grad and torch.is_grad_enabled()


@cache
def quicker() -> bool:
    """Whether oneDNN's product is there and takes clearly less time on this processor; timed once, for milliseconds."""
    if not torch.backends.mkldnn.is_available() or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    with torch.no_grad():
        x, weight = torch.ones(ROWS, WIDTH), torch.ones(WIDTH, WIDTH)
        try:
            own = _least(lambda: _product(x, weight, None))
        except RuntimeError:  # built without it
            return False
        return _least(lambda: F.linear(x, weight)) >= QUICKER * own


def _least(call: Callable[[], Tensor], times: int = 5) -> float:
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return min(found)


def _product(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    found: Tensor = torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")
    return found


class _Linear(torch.autograd.Function):
    """x (...,i), weight (o,i), bias (o,) or None, of which x alone has a gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.weight = weight
        return _product(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        found: Tensor = _Linear.apply(grad, ctx.weight.t(), None)
        return found, None, None
