"""Calls of a tape run again: all of them, or those before or behind a place, on tensors given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.model.tape import Call, PerImage, Run, Slot, Tape, leaves, mapped


@dataclass(frozen=True, eq=False)
class Program:
    """Runs calls in order: tensors for the slots `given` in, those of the slots `wanted` out.

    layout: that in which pixels, which are given alone, leave their normalisation; None for as they come.
    """

    calls: Sequence[Call]
    given: tuple[int, ...]
    wanted: tuple[int, ...]
    layout: torch.memory_format | None = None
    _steps: list["_Step"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        last: dict[int, int] = {}
        for at, call in enumerate(self.calls):
            last.update(dict.fromkeys((*call.reads, *call.makes), at))
        dies: dict[int, list[int]] = {}
        for slot, at in last.items():
            if slot not in self.wanted:
                dies.setdefault(at, []).append(slot)
        steps = [_step(call, tuple(dies.get(at, ()))) for at, call in enumerate(self.calls)]
        if self.layout is not None:
            at, pixels = _normalised(self.calls, self.layout)
            if last.get(pixels, at) >= at:
                steps.insert(at, _step(Call(_laid, (Slot(pixels), self.layout), {}, Slot(pixels)), ()))
        object.__setattr__(self, "_steps", steps)

    def __call__(self, tensors: Sequence[Tensor], images: int) -> list[Tensor]:
        values: dict[int, Any] = dict(zip(self.given, tensors, strict=True))
        for step in self._steps:
            out = step.function(*step.args(values, images), **step.kwargs(values, images))
            if step.single is not None:
                values[step.single] = out
            elif step.out is not None:
                values.update(zip(step.slots, leaves(out), strict=True))
            for slot in step.dies:
                values.pop(slot, None)
        return [values[slot] for slot in self.wanted]


NORMALISING = (torch.Tensor.float, torch.Tensor.sub, torch.Tensor.div_, torch.Tensor.to)


def _normalised(calls: Sequence[Call], layout: torch.memory_format) -> tuple[int, int]:
    """How many calls run until the pixels in slot 0 are laid out, and the slot that they are in by then."""
    pixels = 0
    if layout != torch.channels_last:
        return 0, pixels
    for at, call in enumerate(calls):  # a number a channel is subtracted several times faster where planes lie apart
        if call.function in NORMALISING and call.args[0] == Slot(pixels) and isinstance(call.out, Slot):
            pixels = call.out.number
        elif pixels in call.reads and call.function != torch.Tensor.new_tensor:  # which makes the mean and the spread
            return at, pixels
    return len(calls), pixels


def _laid(pixels: Tensor, layout: torch.memory_format) -> Tensor:
    return pixels.contiguous(memory_format=layout)


@dataclass(frozen=True, slots=True)
class _Step:
    function: Callable[..., Any]
    args: Callable[[Mapping[int, Any], int], Sequence[Any]]
    kwargs: Callable[[Mapping[int, Any], int], Mapping[str, Any]]
    out: Any
    single: int | None  # the slot, where the call makes one tensor
    slots: tuple[int, ...]
    dies: tuple[int, ...]  # slots that nothing behind this call reads


def _step(call: Call, dies: tuple[int, ...]) -> _Step:
    single = call.out.number if isinstance(call.out, Slot) else None
    slots = tuple(one.number if isinstance(one, Slot) else -1 for one in leaves(call.out))
    return _Step(call.function, _filler(call.args), _filler(call.kwargs), call.out, single, slots, dies)


def _filler(template: Any) -> Callable[[Mapping[int, Any], int], Any]:
    """The template with tensors and numbers of images in their places; ready-made where it has none."""
    if not _open(template):
        return lambda _values, _images: template
    if isinstance(template, tuple) and not any(
        isinstance(one, tuple | list | dict | slice) for one in template if _open(one)
    ):
        return lambda values, images: [_filled(one, values, images) for one in template]
    return lambda values, images: mapped(template, lambda one: _filled(one, values, images))


def _open(template: Any) -> bool:
    return any(isinstance(one, Slot | PerImage) for one in leaves(template))


def _filled(one: Any, values: Mapping[int, Any], images: int) -> Any:
    if type(one) is Slot:
        return values[one.number]
    return one.times * images if type(one) is PerImage else one


def whole(tape: Tape) -> Program:
    return Program(tape.calls, (0,), (tape.output.number,))


@dataclass(frozen=True, eq=False)
class Cut:
    """A tape in two: `before` ends where the first of the layers returns, `behind` goes on from there.

    taps: where behind the cut each layer's output stands: (calls of `behind` run by then, slot).
    """

    before: tuple[Call, ...]
    behind: tuple[Call, ...]
    crossing: tuple[int, ...]  # slots made before that are read behind, the first layer's own first
    taps: Mapping[str, tuple[int, int]]
    output: int

    @property
    def prefix(self) -> Program:
        return Program(self.before, (0,), self.crossing)

    def tail(self) -> Program:
        """From the crossing tensors to the network's output and then the layers' outputs, in the order of taps."""
        calls: list[Call] = []
        kept: list[int] = []
        free = 1 + max([self.output, *(slot for call in (*self.before, *self.behind) for slot in call.makes)])
        for at in range(len(self.behind) + 1):
            for position, slot in self.taps.values():
                if position == at:
                    kept.append(free + len(kept))
                    calls.append(Call(tapped, (Slot(slot),), {}, (Slot(kept[-1]), Slot(slot))))
            calls += self.behind[at : at + 1]
        return Program(calls, self.crossing, (self.output, *kept))

    @property
    def order(self) -> list[str]:
        """The layers as their outputs come out of the tail."""
        return sorted(self.taps, key=lambda name: self.taps[name][0])


def tapped(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """What a layer returned, in the graph, and a copy for the network to go on with: in place, as it may be."""
    if torch.is_grad_enabled() and not tensor.requires_grad:
        tensor = tensor.detach().requires_grad_()
    return tensor, tensor.clone()


def reach(tape: Tape, layers: Sequence[str]) -> tuple[list[Call], tuple[int, ...]] | None:
    """The calls up to the last of the layers, and the slots with what each returns at its last run: a copy, which no
    call in place rewrites, where calls follow. None where that can't be told from the tape."""
    ends = [_end(tape.runs.get(name, ()), tape.calls) for name in layers]
    known = [one for one in ends if one is not None]
    if len(known) < len(ends):
        return None
    calls, copies = copying(tape, known)
    last = max(place for place, _ in known)
    found = [slot if place == last else copy for (place, slot), copy in zip(known, copies, strict=True)]
    return calls[: len(calls) - sum(place == last for place, _ in known)], tuple(found)


def copying(tape: Tape, places: Sequence[tuple[int, int]]) -> tuple[list[Call], tuple[int, ...]]:
    """The calls up to the last of the places, with a copy at each: of what a slot holds once so many calls have run;
    and the slots of the copies."""
    free = 1 + max([0, *(slot for call in tape.calls for slot in (*call.reads, *call.makes))])
    calls: list[Call] = []
    last = max(place for place, _ in places)
    for at in range(last + 1):
        copied = ((i, slot) for i, (place, slot) in enumerate(places) if place == at)
        calls += [Call(torch.clone, (Slot(slot),), {}, Slot(free + i)) for i, slot in copied]
        calls += tape.calls[at : at + 1] if at < last else ()
    return calls, tuple(range(free, free + len(places)))


def cut(tape: Tape, layers: Sequence[str]) -> Cut | None:
    """The tape cut where the last run of the first of the layers ends; None where that can't be told from the tape."""
    ends: dict[str, tuple[int, int]] = {}  # where a layer's last run ends, and the slot it returns
    for name in layers:
        end = _end(tape.runs.get(name, ()), tape.calls)
        if end is None:
            return None
        ends[name] = end
    at = min(place for place, _ in ends.values())
    own = [slot for place, slot in ends.values() if place == at]
    taps = {name: (place - at, slot) for name, (place, slot) in ends.items()}
    return _parted(tape.calls[:at], tape.calls[at:], own, taps, tape.output.number)


def cut_before(tape: Tape, layer: str) -> Cut | None:
    """The tape cut where a layer's last run begins, in a copy of what it is given that nothing but the layer reads."""
    runs = tape.runs.get(layer, ())
    run = runs[-1] if runs else None
    if run is None or run.given is None:
        return None
    inside = tape.calls[run.first : run.last]
    if any(run.given.number in call.makes for call in inside):
        return None  # changed in place: what it was and what became of it are one slot
    copy = Slot(1 + max(slot for call in tape.calls for slot in (*call.reads, *call.makes)))

    def own(one: Any) -> Any:
        return copy if one == run.given else one

    handed = Call(torch.clone, (run.given,), {}, copy)
    given = [replace(call, args=mapped(call.args, own), kwargs=mapped(call.kwargs, own)) for call in inside]
    before, behind = (*tape.calls[: run.first], handed), (*given, *tape.calls[run.last :])
    return _parted(before, behind, [copy.number], {layer: (0, copy.number)}, tape.output.number)


def _parted(
    before: tuple[Call, ...],
    behind: tuple[Call, ...],
    own: Sequence[int],
    taps: Mapping[str, tuple[int, int]],
    output: int,
) -> Cut:
    made = {0, *(slot for call in before for slot in call.makes)}
    read = [slot for call in behind for slot in call.reads if slot in made]
    out = [output] if output in made else []
    return Cut(before, behind, tuple(dict.fromkeys([*own, *read, *out])), taps, output)


def _end(runs: Sequence[Run], calls: Sequence[Call]) -> tuple[int, int] | None:
    """Where the last run ends and the slot it returns, if that was made within it: one passed through is read by
    others under the same slot."""
    if not runs or runs[-1].returned is None:
        return None
    last, slot = runs[-1], runs[-1].returned.number
    made = {one for call in calls[last.first : last.last] for one in call.makes}
    return (last.last, slot) if slot in made else None
