"""Convolutions with batch norms, rectifiers and sums with shortcuts in them, as many as follow each other in one
function with a backward of its own: for pictures that are optimised, where what rounding moves a unit at its kink by is
lost among random moves of the picture. In one function sums are work of the convolutions, forth and back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.model.chain import Affine, passed
from seewhy.model.fold import ConvArgs, folded
from seewhy.model.packed import RECTIFIERS, Convolution
from seewhy.model.sums import Summed, summed
from seewhy.model.tape import Call, Slot


@dataclass(frozen=True, eq=False)
class Step:
    """out = rectifier(conv(x) + other), values by their numbers. turned: the convolution's backward."""

    function: Convolution | Summed
    x: int
    other: int | None
    out: int
    turned: Affine

    @property
    def rectifier(self) -> str:
        return (self.function.conv if isinstance(self.function, Summed) else self.function).rectifier


@dataclass(frozen=True, eq=False)
class Stretch:
    """Steps that follow each other. given, wanted: the values that come in and go out."""

    steps: Sequence[Step]
    given: Sequence[int]
    wanted: Sequence[int]

    __name__ = "stretch"

    def __call__(self, *given: Tensor) -> Any:
        if torch.is_grad_enabled() and any(one.requires_grad for one in given):
            found = _Stretch.apply(self, *given)
        else:
            values = self.run(given)
            found = tuple(values[number] for number in self.wanted)
        return found if len(self.wanted) > 1 else found[0]

    def run(self, given: Sequence[Tensor]) -> dict[int, Tensor]:
        """All values by their numbers."""
        values = dict(zip(self.given, given, strict=True))
        for step in self.steps:
            more = () if step.other is None else (values[step.other],)
            values[step.out] = step.function(values[step.x], *more)
        return values


class _Stretch(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, stretch: Stretch, *given: Tensor) -> tuple[Tensor, ...]:
        values = stretch.run(given)
        ctx.stretch, ctx.inputs = stretch, [_described(values[step.x]) for step in stretch.steps]
        ctx.rectified = [step.out for step in stretch.steps if step.rectifier]
        ctx.save_for_backward(*(values[number] for number in ctx.rectified))
        ctx.set_materialize_grads(False)
        return tuple(values[number] for number in stretch.wanted)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        stretch: Stretch = ctx.stretch
        rectified = dict(zip(ctx.rectified, ctx.saved_tensors, strict=True))
        held = {number: grad for number, grad in zip(stretch.wanted, grads, strict=True) if grad is not None}
        unasked = {number for number, asks in zip(stretch.given, ctx.needs_input_grad[1:], strict=True) if not asks}
        mine: set[int] = set()  # values whose gradient is nobody else's
        for step, (shape, layout) in zip(reversed(stretch.steps), reversed(ctx.inputs), strict=True):
            grad = held.pop(step.out, None)
            if grad is None:
                continue
            if step.rectifier:
                grad = passed(grad, rectified[step.out], *RECTIFIERS[step.rectifier], step.out in mine)
            if step.x not in unasked:
                held[step.x] = step.turned.backward(grad, shape, layout, held.get(step.x), step.x in mine)
                mine.add(step.x)
            if step.other is not None:
                if step.rectifier or step.out in mine or step.other in held:
                    mine.add(step.other)
                held[step.other] = grad + held[step.other] if step.other in held else grad
        return None, *(held.get(number) for number in stretch.given)


def _described(x: Tensor) -> tuple[torch.Size, torch.memory_format]:
    last = x.is_contiguous(memory_format=torch.channels_last)
    return x.shape, torch.channels_last if last else torch.contiguous_format


def fused(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results but for rounding; slots `wanted` stay what they are."""
    kept = set(wanted)
    calls = summed(folded(calls, kept), kept)
    made: list[Call] = []
    start = 0
    while start < len(calls):
        end = start
        while end < len(calls) and isinstance(calls[end].function, Convolution | Summed):
            end += 1
        if end > start:
            read = kept.union(*(call.reads for call in calls[end:]))
            made.append(_stretch(calls[start:end], read))
        made += calls[end : end + 1]
        start = end + 1
    return made


def _stretch(calls: Sequence[Call], read: set[int]) -> Call:
    """As one call. read: slots that are read behind it."""
    given: dict[int, int] = {}  # of each slot, the number of its value: from -1 down, where steps count from 0
    now: dict[int, int] = {}
    steps: list[Step] = []
    for call in calls:
        own = [now[one.number] if one.number in now else given.setdefault(one.number, ~len(given)) for one in call.args]
        (slot,) = call.makes
        now[slot] = len(steps)
        steps.append(_step(call.function, own, steps))
    out = {slot: number for slot, number in now.items() if slot in read}
    stretch = Stretch(steps, tuple(given.values()), tuple(out.values()))
    slots = tuple(map(Slot, out))
    return Call(stretch, tuple(map(Slot, given)), {}, slots if len(slots) > 1 else slots[0])


def _step(function: Any, values: Sequence[int], before: Sequence[Step]) -> Step:
    conv: Convolution = function.conv if isinstance(function, Summed) else function
    args = ConvArgs(None, conv.weight, None, conv.stride, conv.padding, conv.dilation, conv.groups)
    other = values[1] if isinstance(function, Summed) else None
    if other is not None and (other < 0 or before[other].rectifier):
        function = Summed(conv)  # in memory of its own: a rectifier's output is read by the backward
    return Step(function, values[0], other, len(before), Affine((), args))
