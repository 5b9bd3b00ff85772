"""Convolutions with batch norms, rectifiers and sums with shortcuts in them, as many as follow each other in one
function with a backward of its own: for pictures that are optimised, where what rounding moves a unit at its kink by is
lost among random moves of the picture. In one function sums are work of the convolutions, forth and back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor

from seewhy.model.chain import passed
from seewhy.model.fold import folded
from seewhy.model.mirrored import mirrored
from seewhy.model.packed import RECTIFIERS, Convolution
from seewhy.model.parted import parted
from seewhy.model.pooling_first import pooling_first
from seewhy.model.steps import Step
from seewhy.model.sums import Summed, summed
from seewhy.model.tape import Call, Slot


@dataclass(frozen=True, eq=False)
class Stretch:
    """Steps that follow each other. given, wanted: the values that come in and go out."""

    steps: Sequence[Step]
    given: Sequence[int]
    wanted: Sequence[int]
    _mirrored: list["Stretch | None"] = field(default_factory=list, repr=False)
    _parted: dict[int, Sequence[Step]] = field(default_factory=dict, repr=False)  # of so many pictures
    _tiled: dict[int, Step] = field(default_factory=dict, repr=False)  # by their numbers, of however many

    __name__ = "stretch"

    def __call__(self, *given: Tensor) -> Any:
        if not self._mirrored:
            self._mirrored.append(self._turned(given))
        mirror = self._mirrored[0]
        found = self._run(given) if mirror is None else _turned(mirror._run(_turned(given)))
        return found if len(self.wanted) > 1 else found[0]

    def _run(self, given: Sequence[Tensor]) -> Sequence[Tensor]:
        if torch.is_grad_enabled() and any(one.requires_grad for one in given):
            found: Sequence[Tensor] = _Stretch.apply(self, *given)
            return found
        values = self.values(given, self.parts(given))
        return tuple(values[number] for number in self.wanted)

    def parts(self, given: Sequence[Tensor]) -> Sequence[Step]:
        """The steps that are taken, which for many pictures are more."""
        pictures = len(given[0])
        if pictures not in self._parted:
            steps = self.steps
            if given[0].device.type == "cpu":
                shapes = self._shapes(given)
                tiled = [self._by_tiles(step, shapes[step.x]) for step in steps]
                steps = parted(tiled, shapes, self.wanted, given[0].element_size())
            self._parted[pictures] = steps
        return self._parted[pictures]

    def _by_tiles(self, step: Step, given: Sequence[int]) -> Step:
        conv = step.conv.tiled(given)
        if conv is step.conv:
            return step
        return self._tiled.setdefault(step.out, step.by(conv))

    def values(self, given: Sequence[Tensor], steps: Sequence[Step]) -> dict[int, Tensor]:
        """All of them by their numbers."""
        values = dict(zip(self.given, given, strict=True))
        for step in steps:
            values[step.out] = step(values[step.x], None if step.other is None else values[step.other])
        return values

    def narrowed(self, number: int, channels: Sequence[int]) -> "Stretch | None":
        """The same with these channels of a value that goes out and no others; None where all are needed."""
        at = next((at for at, step in enumerate(self.steps) if step.out == number), -1)
        step = self.steps[at].narrowed(channels) if at >= 0 else None
        if step is None or self.wanted.count(number) > 1 or any(number in one.reads for one in self.steps):
            return None
        steps = [*self.steps[:at], step, *self.steps[at + 1 :]]
        return Stretch(
            steps, self.given, self.wanted, [one and one.narrowed(number, channels) for one in self._mirrored]
        )

    def _shapes(self, given: Sequence[Tensor]) -> dict[int, tuple[int, ...]]:
        shapes = {number: tuple(one.shape) for number, one in zip(self.given, given, strict=True)}
        for step in self.steps:
            shapes[step.out] = step.conv.shape(shapes[step.x])
        return shapes

    def _turned(self, given: Sequence[Tensor]) -> "Stretch | None":
        """The same for pictures turned by 180 degrees, where that is less work: one program has one size of picture."""
        shapes = self._shapes(given)
        convs = mirrored([step.conv for step in self.steps], [shapes[step.x] for step in self.steps])
        if convs is None:
            return None
        smaller = [
            prod(shapes[step.x])
            for step, conv in zip(self.steps, convs, strict=True)
            if conv.weight.shape != step.conv.weight.shape
        ]
        if sum(smaller) < sum(prod(shapes[number]) for number in (*self.given, *self.wanted)):
            return None  # to turn what comes in and goes out would take what is saved
        steps = [step.by(conv) for step, conv in zip(self.steps, convs, strict=True)]
        return Stretch(steps, self.given, self.wanted, [None])


def _turned(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [one.flip(2, 3) for one in tensors]


class _Stretch(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, stretch: Stretch, *given: Tensor) -> tuple[Tensor, ...]:
        ctx.stretch, ctx.steps = stretch, stretch.parts(given)
        values = stretch.values(given, ctx.steps)
        ctx.inputs = [_described(values[step.x]) for step in ctx.steps]
        narrow = [step.other for step in ctx.steps if step.channels is not None]
        ctx.others = {number: _described(values[number]) for number in narrow}
        ctx.rectified = [step.out for step in ctx.steps if step.conv.rectifier]
        ctx.save_for_backward(*(values[number] for number in ctx.rectified))
        ctx.set_materialize_grads(False)
        return tuple(values[number] for number in stretch.wanted)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        stretch: Stretch = ctx.stretch
        rectified = dict(zip(ctx.rectified, ctx.saved_tensors, strict=True))
        layout = ctx.inputs[0][1]  # that of all: what comes in another would be led around the fused convolutions
        given = zip(stretch.wanted, grads, strict=True)
        held = {number: grad.contiguous(memory_format=layout) for number, grad in given if grad is not None}
        unasked = {number for number, asks in zip(stretch.given, ctx.needs_input_grad[1:], strict=True) if not asks}
        mine: set[int] = set()  # values whose gradient is nobody else's
        for step, (shape, layout) in zip(reversed(ctx.steps), reversed(ctx.inputs), strict=True):
            grad = held.pop(step.out, None)
            if grad is None:
                continue
            if step.conv.rectifier:
                grad = passed(grad, rectified[step.out], *RECTIFIERS[step.conv.rectifier], step.out in mine)
            if step.x not in unasked:
                held[step.x] = step.turned.backward(grad, shape, layout, held.get(step.x), step.x in mine)
                mine.add(step.x)
            if step.channels is not None:
                if step.other not in mine:
                    held[step.other] = _whole(held.get(step.other), grad, *ctx.others[step.other])
                    mine.add(step.other)
                held[step.other].index_add_(1, step.channels, grad)
            elif step.other is not None:
                if step.conv.rectifier or step.out in mine or step.other in held:
                    mine.add(step.other)
                held[step.other] = grad + held[step.other] if step.other in held else grad
        return None, *(held.get(number) for number in stretch.given)


def _whole(before: Tensor | None, grad: Tensor, shape: torch.Size, layout: torch.memory_format) -> Tensor:
    """The gradient at a shortcut of this shape, before that of some of its channels, in memory of its own."""
    if before is not None:
        return before.clone()
    return torch.empty(shape, dtype=grad.dtype, device=grad.device, memory_format=layout).zero_()


def _described(x: Tensor) -> tuple[torch.Size, torch.memory_format]:
    last = x.is_contiguous(memory_format=torch.channels_last)
    return x.shape, torch.channels_last if last else torch.contiguous_format


def fused(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results but for rounding; slots `wanted` stay what they are."""
    kept = set(wanted)
    calls = summed(folded(pooling_first(calls, kept), kept), kept)
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
    other = values[1] if isinstance(function, Summed) else None
    if other is not None and (other < 0 or before[other].conv.rectifier):
        function = Summed(function.conv)  # in memory of its own: a rectifier's output is read by the backward
    return Step.of(function, values[0], other, len(before))
