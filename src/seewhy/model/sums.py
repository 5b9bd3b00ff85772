"""Calls in which a sum with a shortcut, and the rectifier behind it, are work of the convolution before them: for
forwards without a backward. In ResNet-50 the sums are a twelfth of the time in float32, and two fifths in bfloat16."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from seewhy.model.packed import Convolution, packs
from seewhy.model.rules import kind
from seewhy.model.tape import Call, Slot

SUMS = ("add", "add_", "__add__", "__iadd__", "__radd__")


@dataclass(frozen=True, eq=False)
class Summed:
    """rectifier(conv(x) + other), for the convolution with its rectifier. over: other's memory may take the result."""

    conv: Convolution
    over: bool = False

    __name__ = "convolution"

    def __call__(self, x: Tensor, other: Tensor) -> Tensor:
        x = x.to(self.conv.weight.dtype)
        if packs(x, self.conv.weight) and self._fits(x, other):
            return self.conv.added(x, other, over=self.over)
        return self.in_its_layout(x, other)

    def in_its_layout(self, x: Tensor, other: Tensor) -> Tensor:
        """The same by plain functions, of whatever shapes and precisions go together."""
        return self.conv.clamped(replace(self.conv, rectifier="").in_its_layout(x) + other)

    def of_kind(self, kind: torch.dtype) -> "Summed":
        return replace(self, conv=self.conv.of_kind(kind))

    def _fits(self, x: Tensor, other: Tensor) -> bool:
        alike = other.dtype == x.dtype and other.is_contiguous(memory_format=torch.channels_last)
        return alike and other.shape == self.conv.shape(x.shape) and x.is_contiguous(memory_format=torch.channels_last)


def summed(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results as those of folded calls; slots `wanted` stay what they are."""
    kept = set(wanted)
    made: list[Call] = []
    for call in calls:
        at = _before(call, made, calls, kept)
        if at is None:
            made.append(call)
        else:
            made[at] = _joined(call, made[at])
    return [_over(at, made, kept) for at in range(len(made))]


def _before(call: Call, made: Sequence[Call], calls: Sequence[Call], kept: set[int]) -> int | None:
    """The place of the convolution that can do this call's work, too."""
    if not isinstance(call.out, Slot) or not made:
        return None
    if not _is_sum(call):
        return _rectified(call, made, calls, kept)
    slots = [one.number for one in call.args if isinstance(one, Slot)]
    makers = [max((at for at, one in enumerate(made) if slot in one.makes), default=-1) for slot in slots]
    at = max(makers)
    if makers[0] == makers[1] or at < 0:
        return None
    before, own = made[at], slots[makers.index(at)]
    conv = before.function
    if not isinstance(conv, Convolution) or conv.rectifier or not _alone(own, before, call, calls, kept):
        return None
    other = slots[1 - makers.index(at)]
    if call.out.number == other and not _owned(other, at, made):  # in place on what may be a view of something else
        return None
    touched = {call.out.number, other}
    quiet = not any(touched & {*one.reads, *one.makes} for one in made[at + 1 :])
    free = other != own and (other not in kept or call.out.number == other)  # in place it is the sum that is kept
    return at if quiet and free else None


def _is_sum(call: Call) -> bool:
    return call.name in SUMS and len(call.args) == 2 and not call.kwargs and all(isinstance(a, Slot) for a in call.args)


def _rectified(call: Call, made: Sequence[Call], calls: Sequence[Call], kept: set[int]) -> int | None:
    if not call.args or not isinstance(call.args[0], Slot):
        return None
    slot = call.args[0].number
    at = max((at for at, one in enumerate(made) if slot in one.makes), default=-1)
    before = made[at].function if at >= 0 else None
    if not isinstance(before, Summed):
        return None
    fits = before.conv.rectified(kind(call.function, call.args, call.kwargs)) is not None
    quiet = not any({slot, *call.makes} & {*one.reads, *one.makes} for one in made[at + 1 :])
    return at if fits and quiet and _alone(slot, made[at], call, calls, kept) else None


def _alone(slot: int, before: Call, call: Call, calls: Sequence[Call], kept: set[int]) -> bool:
    """Whether this call alone reads what `before` wrote into the slot."""
    if slot in call.makes:  # in place: whoever reads it later reads the result
        return True
    return slot not in kept and sum(slot in one.reads for one in calls) == 1 and before.makes == (slot,)


def _joined(call: Call, before: Call) -> Call:
    if isinstance(before.function, Summed):
        rectified = before.function.conv.rectified(kind(call.function, call.args, call.kwargs))
        assert rectified is not None  # looked at in `_rectified`
        return replace(before, function=Summed(rectified), out=call.out)
    conv = before.function
    assert isinstance(conv, Convolution)  # looked at in `_before`
    (own,) = before.makes
    other = next(one for one in call.args if isinstance(one, Slot) and one.number != own)
    return replace(before, function=Summed(conv), args=(*before.args, other), out=call.out)


def _over(at: int, made: Sequence[Call], kept: set[int]) -> Call:
    """The call with leave to write over the shortcut, where that is a convolution's own and nothing needs it more."""
    call = made[at]
    if not isinstance(call.function, Summed):
        return call
    own, slot = (one.number for one in call.args)
    last = slot in call.makes or (slot not in kept and not any(slot in one.reads for one in made[at + 1 :]))
    free = last and own != slot and _owned(slot, at, made)
    return replace(call, function=replace(call.function, over=True)) if free else call


def _owned(slot: int, at: int, made: Sequence[Call]) -> bool:
    """Whether what the slot holds at a place is a convolution's own, of which nobody can hold a view."""
    maker = max((i for i, one in enumerate(made[:at]) if slot in one.makes), default=-1)
    chain = [made[maker], *(one for one in made[maker + 1 : at] if slot in one.reads)]
    return maker >= 0 and all(isinstance(one.function, Convolution | Summed) for one in chain)
