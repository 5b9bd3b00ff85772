"""What layers return, whatever it is: each tensor in it, call by call, in one forward of the module as it is.

Layers that are asked for again and again come by the calls that the module makes, without the module around them:
once these have given what the module did, bit for bit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.errors import Unsupported
from seewhy.model.forward import Forward
from seewhy.model.program import Program, copying
from seewhy.model.reading import unused
from seewhy.model.tape import Tape
from seewhy.model.trace import Reached, watch
from seewhy.types import Pixels


@dataclass(frozen=True, eq=False)
class Output:
    """One tensor that a layer returned at its call-th run, from 0. part: where in what it returned, "" for all of it,
    else the names and numbers that lead there, as "hidden_states.3"."""

    layer: str
    call: int
    part: str
    value: Tensor


Run = Callable[[Pixels], list[Output]]


def captured(network: Forward, x: Pixels, layers: Sequence[str]) -> list[Output]:
    """Copies of all tensors that the layers return for pixels x (b,c,h,w), without a graph, in the order they came.

    The network runs once, and no further than the last of the layers; what was asked of it twice is written down, and
    compared with it at the second time. Called inside `with network.frozen()`. Raises Unsupported for a layer that is
    not used or returns no tensor.
    """
    programs, key = network.programs(x), ("captured", *layers)
    run: Run | None = programs.made(key) if programs else None
    if run is not None:
        network.meter.count(forward=len(x))
        return run(x)
    found = by_modules(network, x, layers)
    if programs is not None and programs.again(key):
        programs.believed(key, partial(_written, network.census(x).tape, found), partial(_off, found, x))
    return found


def _written(tape: Tape | None, found: Sequence[Output]) -> Run | None:
    """The calls up to the last of what was found, which copy each of it where the module's run ends."""
    assert tape is not None  # programs are made of it
    runs = [tape.runs[one.layer][one.call] for one in found]
    places = [(one.last, one.returned.number) for one in runs if one.returned is not None]
    if len(places) < len(found) or any(one.part for one in found):
        return None
    calls, copies = copying(tape, places)
    program = Program(calls, (0,), copies)
    named = [(one.layer, one.call) for one in found]

    def run(x: Pixels) -> list[Output]:
        with torch.no_grad():
            values = program([x], len(x))
        return [Output(*name, "", value) for name, value in zip(named, values, strict=True)]

    return run


def _off(found: Sequence[Output], x: Pixels, run: Run) -> str:
    same = all(torch.equal(one.value, own.value) for one, own in zip(run(x), found, strict=True))
    return "" if same else "its calls don't give what its modules do, to the last bit"


def by_modules(network: Forward, x: Pixels, layers: Sequence[str]) -> list[Output]:
    """The same by the modules always, whose hooks run."""
    known = {one.name: one.calls for one in network.census(x).layers}
    if silent := [name for name in layers if not known.get(name)]:
        raise unused(silent[0])
    left = {name: known[name] for name in layers}
    found: list[Output] = []

    def keep(name: str, _module: nn.Module, output: Any) -> None:
        call = known[name] - left[name]
        found.extend(Output(name, call, part, one.detach().clone()) for part, one in tensors(output))
        left[name] -= 1
        if not any(left.values()):
            raise Reached

    _run(network, x, keep, layers)
    if empty := [name for name in layers if not any(one.layer == name for one in found)]:
        raise Unsupported(f"layer {empty[0]!r} returns no tensor", "name a layer inside or behind it")
    return found


def shapes(network: Forward, x: Pixels) -> dict[str, list[list[tuple[str, tuple[int, ...]]]]]:
    """Of each layer that runs, what it returns at each of its runs: parts and their shapes."""
    found: dict[str, list[list[tuple[str, tuple[int, ...]]]]] = {}

    def note(name: str, _module: nn.Module, output: Any) -> None:
        found.setdefault(name, []).append([(part, tuple(one.shape)) for part, one in tensors(output)])

    _run(network, x, note, None)
    return found


def _run(network: Forward, x: Pixels, saw: Callable[[str, nn.Module, Any], None], only: Sequence[str] | None) -> None:
    with torch.no_grad(), watch(network.module, saw, only=only), suppress(Reached):
        network.through(network.normalised(x))
    network.meter.count(forward=len(x))


def tensors(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Tensor]]:
    """The tensors in tuples, lists, dicts and dataclasses, each with the names and numbers that lead to it."""
    if isinstance(value, Tensor):
        yield ".".join(path), value
    for name, one in _inside(value):
        yield from tensors(one, (*path, name) if name else path)


def _inside(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((str(name), one) for name, one in value.items())
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((one.name, getattr(value, one.name)) for one in fields(value))
    elif isinstance(value, tuple | list):
        names = getattr(value, "_fields", range(len(value)))  # an only one is what the layer returns
        yield from (("" if len(value) == 1 else str(name), one) for name, one in zip(names, value, strict=True))
