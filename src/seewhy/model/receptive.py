"""The receptive field of every layer, from the calls that a forward made."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from seewhy.model.outline import called
from seewhy.model.placewise import BLIND, POINTWISE
from seewhy.model.rearranged import AXES
from seewhy.model.sights import Given, Seen, Sight, from_the_end
from seewhy.model.tape import Call, Slot, Tape, leaves
from seewhy.model.windowed import WINDOWS
from seewhy.results.receptive import Receptive


def fields(tape: Tape, x: Tensor) -> dict[str, tuple[Receptive | None, ...]]:
    """Of each layer the field of its cells at each of its runs; None where it has none that the calls tell.

    x: one image (1,c,h,w). It goes through the calls once, which tells their shapes. Attention, means over all places
    and what comes behind them have no field. Only layers whose cells stand on two axes, or on one row by row, have one.
    """
    return {name: tuple(map(_field, one)) for name, one in sights(tape, x).items()}


def sights(tape: Tape, x: Tensor) -> dict[str, tuple[Seen, ...]]:
    """Of each layer what its cells see at each of its runs, and on which axes they stand."""
    ends: dict[int, list[tuple[str, int, Slot | None]]] = {}
    found: dict[str, list[Seen]] = {name: [None] * len(runs) for name, runs in tape.runs.items()}
    for name, runs in tape.runs.items():
        for i, run in enumerate(runs):
            ends.setdefault(run.last, []).append((name, i, run.returned))
    for done, known in enumerate(_walked(tape, x)):
        for name, i, slot in ends.get(done, ()):
            found[name][i] = known.get(slot.number) if slot is not None else None
    return {name: tuple(listed) for name, listed in found.items()}


def _field(sight: Seen) -> Receptive | None:
    if sight is None:
        return None
    axes = sight.rows, sight.columns
    size, step, start = (tuple(each) for each in zip(*((a.high - a.low + 1, a.step, a.low) for a in axes), strict=True))
    return Receptive((size[0], size[1]), (step[0], step[1]), (start[0], start[1]))


def _walked(tape: Tape, x: Tensor) -> Iterator[dict[int, Seen]]:
    """What each slot that depends on the picture sees, before the first call and behind each."""
    values: dict[int, Any] = {0: x}
    sights: dict[int, Seen] = {0: Sight()}
    last = {slot: at for at, call in enumerate(tape.calls) for slot in (*call.reads, *call.makes)}
    yield sights
    for at, call in enumerate(tape.calls):
        _step(call, values, sights)
        for slot in (*call.reads, *call.makes):
            if last[slot] <= at:
                values.pop(slot, None)
        yield sights


def _step(call: Call, values: dict[int, Any], sights: dict[int, Seen]) -> None:
    """Run a call, and note what it makes sees."""
    tensors = [one for one in leaves((call.args, call.kwargs)) if isinstance(one, Slot | Tensor)]
    shapes = [tuple(values[one.number].shape) if isinstance(one, Slot) else tuple(one.shape) for one in tensors]
    with torch.no_grad():
        out = list(leaves(called(call, values, 1)))
    made = (
        [(slot.number, value) for slot, value in zip(leaves(call.out), out, strict=True) if isinstance(slot, Slot)]
        if call.out is not None
        else []
    )
    values.update(made)
    own = {slot: sights[slot] for slot in call.reads if slot in sights}
    if call.name == "__setitem__":  # what is written to is read first
        sights[call.reads[0]] = None
    elif call.name in BLIND or not own:
        for slot, _ in made:
            sights.pop(slot, None)
    else:
        for slot, value in made:
            sights[slot] = _seen(Given(call, own, shapes, tensors, tuple(value.shape)))


def _seen(given: Given) -> Seen:
    """What a call's result sees; its only one, or each of several alike. None where no rule tells."""
    if not all(given.sights.values()):
        return None
    if given.name in POINTWISE or given.name in ALSO_POINTWISE:
        return _together(given)
    if given.name in ("cat", "concat", "concatenate"):
        return _concatenated(given)
    rule = RULES.get(given.name)
    try:
        return rule(given) if rule and len(given.sights) == 1 else None
    except (IndexError, TypeError, ValueError):  # a call written as no rule knows it
        return None


def _together(given: Given) -> Seen:
    """Cells meet cells of the same place: those with one cell for all places don't."""
    found: Sight | None = None
    for one, shape in zip(given.tensors, given.shapes, strict=True):
        sight = given.sights.get(one.number) if isinstance(one, Slot) else None
        if sight is None:
            continue
        if len(shape) > len(given.made) or any(shape[at] != given.made[at] for at in sight.at):
            return None
        found = sight if found is None else _joined(found, sight)
        if found is None:
            return None
    return found


def _joined(one: Sight, other: Sight) -> Seen:
    if replace(one, rows=other.rows, columns=other.columns) != other:
        return None
    if (one.rows.step, one.columns.step) != (other.rows.step, other.columns.step):
        return None
    return replace(one, rows=one.rows.joined(other.rows), columns=one.columns.joined(other.columns))


def _concatenated(given: Given) -> Seen:
    axis = from_the_end(given.option(1, "dim", 0), len(given.made))
    sights = [given.sights.get(one.number) if isinstance(one, Slot) else None for one in given.tensors]
    known = [one for one in sights if one is not None]
    if axis not in known[0].at:
        found: Seen = known[0]
        for one in known[1:]:
            found = _joined(found, one) if found else None
        return found
    if len(known) > 1 or known[0].at != (axis,) or sights[-1] is None:
        return None
    before = sum(shape[axis] for shape, sight in zip(given.shapes, sights, strict=True) if sight is None)
    return replace(known[0], others=known[0].others + before)


ALSO_POINTWISE = {
    *("rsub", "subtract", "multiply", "divide", "addcmul", "log", "log1p", "erf", "rsqrt", "reciprocal", "sin", "cos"),
    *("softsign", "tanhshrink", "hardshrink", "softshrink", "rrelu", "half", "bfloat16", "type", "where", "sign"),
    *("__neg__", "__rtruediv__", "__pow__"),
}

RULES = {**WINDOWS, **AXES}
