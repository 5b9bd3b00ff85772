"""What layers return, as they return it, with nothing behind the last of them run."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from typing import Any, TypeVar

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.apart import ROUGH, apart, gradient_of
from seewhy.model.backward import backwards
from seewhy.model.chain import chained
from seewhy.model.forward import Forward
from seewhy.model.fused_chain import Stretch, fused
from seewhy.model.inverted import cheaper
from seewhy.model.program import Program, reach
from seewhy.model.programs import Programs
from seewhy.model.rules import Rule, ruled
from seewhy.model.stream import out_of_memory
from seewhy.model.tape import Call, Slot
from seewhy.model.trace import Reached, reaching, record
from seewhy.model.variants import Variants
from seewhy.targets import Pinned
from seewhy.types import Pixels

Chunk = TypeVar("Chunk")

Run = Callable[[Tensor], list[Tensor]]


class Reading(Forward, Variants):
    """A network that is read at layers. Called inside `with network.frozen()`."""

    def read(self, x: Pixels, layers: Sequence[str]) -> list[Tensor]:
        """What each layer returns (b,...) for pixels x at its last run, without a graph, in chunks that fit."""

        def run(part: Tensor) -> list[Tensor]:
            with torch.no_grad():
                return self.upto(part, layers)

        each = self.fitting(x, run, backward=False)
        return [torch.cat(parts) for parts in zip(*each, strict=True)] if len(each) > 1 else each[0]

    def sensitivities(
        self, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What each layer returns (b,...), as it returns it, and the scores' gradients with respect to that (k,b,...).

        One forward, and a backward a target that ends at the first of the layers.
        """
        places = torch.arange(len(x), device=x.device)

        def run(some: Tensor) -> tuple[list[Tensor], list[Tensor]]:
            seen, outputs = self._in_graph(x[some], layers)
            with torch.enable_grad():
                scores = [one(outputs, some).sum() for one in targets]
            self.meter.count(backward=len(some) * sum(one.requires_grad for one in scores))
            each = backwards(scores, seen, len(some), keep=False)
            return [one.detach() for one in seen], [torch.stack(of_layer) for of_layer in zip(*each, strict=True)]

        values, grads = zip(*self.fitting(places, run, backward=True, like=x), strict=True)
        return (
            [torch.cat(parts) for parts in zip(*values, strict=True)],
            [torch.cat(parts, 1) for parts in zip(*grads, strict=True)],
        )

    def _in_graph(self, x: Pixels, layers: Sequence[str]) -> tuple[list[Tensor], Tensor]:
        """What the layers return, in a graph that starts at the first of them, and the network's outputs."""
        programs = self.programs(x)
        parts = programs.parts(list(layers)) if programs else None
        if parts is not None:
            with torch.enable_grad():
                outputs, seen = parts.go_on(parts.crossing(x))
            return [seen[name] for name in layers], self._counted(outputs)
        with torch.no_grad(), record(self.module, layers, cut=True) as runs:
            outputs = self(x)
        if silent := [name for name in layers if not runs[name]]:
            raise unused(silent[0])
        return [runs[name][-1] for name in layers], outputs

    def fitting(
        self, x: Tensor, run: Callable[[Tensor], Chunk], *, backward: bool, like: Pixels | None = None
    ) -> list[Chunk]:
        """What `run` makes of x in chunks that fit; fewer at a time where not. like: pixels, where x are none."""
        limit = self._rows(x if like is None else like, backward=backward)
        while True:
            try:
                return [run(part) for part in x.split(limit)]
            except (torch.OutOfMemoryError, RuntimeError) as error:
                if not out_of_memory(error) or limit == 1:
                    raise
            limit = max(1, min(limit, len(x)) // 2)

    def upto(
        self,
        x: Pixels,
        layers: Sequence[str],
        rules: dict[str, Rule] | None = None,
        channels: Mapping[str, Sequence[int]] | None = None,
    ) -> list[Tensor]:
        """What each layer returns (b,...) for pixels x at its last run, in whatever gradient mode is set.

        The network runs up to the last of the layers only. rules: what changes the backward of functions. channels: of
        layers that are not wanted whole, what is wanted of their second axis, by numbers; no other is computed where
        that can be spared.
        Raises Unsupported for a layer that is not used or returns more than one tensor.
        """
        programs = self.programs(x)
        graph = torch.is_grad_enabled() and x.requires_grad
        by_modules = partial(self._by_modules, layers=layers)
        run = believed(programs, layers, by_modules, graph=graph) if programs and not (graph and rules) else None
        wanted = [(channels or {}).get(name) for name in layers]
        with ruled(rules):
            found = run.narrowed(wanted)(x) if run else [_some(*one) for one in zip(by_modules(x), wanted, strict=True)]
        self.meter.count(forward=len(x))
        return found

    def written(self, x: Pixels, layers: Sequence[str], *, outputs: bool = False, graph: bool = True) -> bool:
        """Whether layers, and the outputs where asked for, come with a graph or without one from calls that several
        threads may run at once; what modules give does not: hooks are a module's, not a thread's."""
        programs = self.programs(x)
        if programs is None or (outputs and programs.backward() is None):
            return False
        by_modules = partial(self._by_modules, layers=layers)
        return not layers or believed(programs, layers, by_modules, graph=graph) is not None

    def _by_modules(self, x: Tensor, layers: Sequence[str]) -> list[Tensor]:
        known = {one.name: one.calls for one in self.census(x).layers}
        if silent := [name for name in layers if not known.get(name)]:
            raise unused(silent[0])
        with reaching(self.module, {name: known[name] for name in layers}) as seen, suppress(Reached):
            self._forward(x)
        if silent := [name for name in layers if name not in seen]:
            raise Unsupported(f"layer {silent[0]!r} ran less often than when it was looked at", "name another layer")
        return [seen[name] for name in layers]


def unused(layer: str) -> Unsupported:
    return Unsupported(f"layer {layer!r} is not used in a forward", "see `seewhy doctor` for those that are")


@dataclass(frozen=True, eq=False)
class Reach:
    """What some layers return for pixels (b,c,h,w), by the calls up to the last of them."""

    program: Program
    _narrowed: dict[Any, "Reach"] = field(default_factory=dict, repr=False)  # what was asked for last

    def __call__(self, x: Tensor) -> list[Tensor]:
        return self.program([x], len(x))

    def narrowed(self, channels: Sequence[Sequence[int] | None]) -> "Reach":
        """The same with these of each layer's second axis alone, or with None all: where it is a convolution that makes
        them, no others are computed."""
        asked = tuple(None if some is None else tuple(some) for some in channels)
        if not any(asked):
            return self
        found = self._narrowed.get(asked)
        if found is None:
            found = self._of(asked)
            self._narrowed.clear()
            self._narrowed[asked] = found
        return found

    def _of(self, channels: Sequence[Sequence[int] | None]) -> "Reach":
        calls, wanted = list(self.program.calls), list(self.program.wanted)
        free = 1 + max([0, *(slot for call in calls for slot in (*call.reads, *call.makes))])
        for at, (slot, some) in enumerate(zip(self.program.wanted, channels, strict=True)):
            if some is not None and not _narrow(calls, slot, some, alone=self.program.wanted.count(slot) == 1):
                calls.append(Call(_some, (Slot(slot), some), {}, Slot(free + at)))
                wanted[at] = free + at
        return Reach(replace(self.program, calls=calls, wanted=tuple(wanted)))


def _some(values: Tensor, channels: Sequence[int] | None) -> Tensor:
    return values if channels is None else values[:, list(channels)]


def _narrow(calls: list[Call], slot: int, channels: Sequence[int], *, alone: bool) -> bool:
    """Whether the call that makes what is in the slot now makes these channels of it, which nothing else needs."""
    at = max((at for at, call in enumerate(calls) if slot in call.makes), default=-1)
    call = calls[at]
    if not alone or not isinstance(call.function, Stretch) or any(slot in one.reads for one in calls[at + 1 :]):
        return False
    made = call.function.narrowed(call.function.wanted[call.makes.index(slot)], channels)
    if made is not None:
        calls[at] = replace(call, function=made)
    return made is not None


def believed(programs: Programs, layers: Sequence[str], network: Run, *, graph: bool) -> Reach | None:
    """The layers by the calls up to the last of them, once that has given what the module gives, `network`.

    graph: with one from the pixels, where batch norms are folded if the network's are; else they are, always.
    """

    def make() -> Reach | None:
        found = reach(programs.tape, layers)
        if found is None:
            return None
        calls, wanted = found
        layout = programs.layout() if graph and not programs.fold else torch.channels_last
        made = cheaper if not graph else fused if programs.fold else chained
        return Reach(Program(made(calls, wanted), (0,), wanted, layout))

    return programs.believed(("reaching", graph, *layers), make, partial(_off, programs, network, graph))


def _off(programs: Programs, network: Run, graph: bool, run: Run) -> str:
    """What there is against a run, if anything."""
    probe = programs.probe
    with torch.no_grad():
        pairs = zip(run(probe), network(probe), strict=True)
        off = next(filter(None, (apart(found, wanted) for found, wanted in pairs)), "")
    if off or not graph:
        return off
    found, wanted = (gradient_of(partial(_together, one), probe)[1] for one in (run, network))
    return apart(found, wanted, ROUGH if programs.fold else 1e-3)


def _together(run: Run, x: Tensor) -> Tensor:
    """What layers return, each in its own scale and weighed by place, so that no part stands for another: (b,n)."""
    parts = [one.flatten(1) for one in run(x)]
    weights = [torch.linspace(0.5, 1.5, prod(one.shape[1:])).to(one) for one in parts]
    sums = [
        (one * w).mean(1) / one.detach().abs().amax().clamp_min(1e-12) for one, w in zip(parts, weights, strict=True)
    ]
    return torch.stack(sums).sum(0)[:, None]
