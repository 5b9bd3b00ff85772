"""Calls with batch norms and rectifiers in the convolutions before them, and a backward of each as one: for pictures
that are optimised, where what rounding moves a unit at its kink by is lost among random moves of the picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.model.chain import Affine, chained, passed
from seewhy.model.fold import ConvArgs, folded
from seewhy.model.packed import RECTIFIERS, Convolution
from seewhy.model.tape import Call


@dataclass(frozen=True, eq=False)
class Fused:
    """A convolution with the rectifier behind it.

    turned: its backward, without the rectifier's. owns: whether the gradient that it is given is nobody else's, since
    only another of these reads what it returns.
    """

    conv: Convolution
    turned: Affine
    owns: bool = False

    __name__ = "fused"

    def __call__(self, x: Tensor) -> Tensor:
        if not x.requires_grad:
            return self.conv(x)
        found: Tensor = _Fused.apply(x, self)
        return found


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, fused: Fused) -> Tensor:
        last = x.is_contiguous(memory_format=torch.channels_last)
        ctx.fused, ctx.shape = fused, x.shape
        ctx.layout = torch.channels_last if last else torch.contiguous_format
        y = fused.conv(x)
        if fused.conv.rectifier:
            ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        if ctx.fused.conv.rectifier:
            (y,) = ctx.saved_tensors
            grad = passed(grad, y, *RECTIFIERS[ctx.fused.conv.rectifier], ctx.fused.owns)
        return ctx.fused.turned.backward(grad, ctx.shape, ctx.layout), None


def fused(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results but for rounding; slots `wanted` stay what they are."""
    wanted = tuple(wanted)
    return owning(chained([_fused(call) for call in folded(calls, wanted)], wanted), wanted)


def owning(calls: Sequence[Call], wanted: Sequence[int]) -> list[Call]:
    """Those whose only reader is another of them own the gradient that comes back from it."""
    readers: dict[int, list[Call]] = {}
    for call in calls:
        for slot in call.reads:
            readers.setdefault(slot, []).append(call)

    def owns(call: Call) -> bool:
        read = [one for slot in call.makes for one in readers.get(slot, ())]
        return not set(call.makes) & set(wanted) and len(read) == 1 and isinstance(read[0].function, Fused)

    return [
        replace(call, function=replace(call.function, owns=True))
        if isinstance(call.function, Fused) and owns(call)
        else call
        for call in calls
    ]


def _fused(call: Call) -> Call:
    conv = call.function
    if not isinstance(conv, Convolution) or len(call.args) != 1:
        return call
    args = ConvArgs(call.args[0], conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    return replace(call, function=Fused(conv, Affine((), args)))
