"""A network's tape made into programs: for scores alone, under a backward, up to some layers and from there on.

Each is made when first asked for, and believed only once it has given what the network itself gives on the images the
network was probed with. Where that fails, the network runs as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, TypeVar

import torch
from torch import Tensor

from seewhy.model.apart import ROUGH, Run, apart, gradient_of
from seewhy.model.attention import batched
from seewhy.model.chain import Rectifying, chained, layout_of
from seewhy.model.fold import folded, without_norms
from seewhy.model.guided import GUIDED
from seewhy.model.half import halved
from seewhy.model.incremental import Incremental
from seewhy.model.inverted import cheaper
from seewhy.model.linear import linear, quick
from seewhy.model.program import Cut, Program, cut, cut_before
from seewhy.model.rules import Rule, ruled
from seewhy.model.stream import out_of_memory
from seewhy.model.sums import summed
from seewhy.model.tape import STEADY, Call, Tape

Past = Callable[[Tensor], tuple[Tensor, Tensor]]
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Pass:
    """The whole network: outputs for pixels (b,c,h,w)."""

    program: Program

    def __call__(self, x: Tensor) -> Tensor:
        return self.program([x], len(x))[0]


@dataclass(frozen=True, eq=False)
class Parts:
    """The network up to some layers and from there on."""

    cut: Cut
    before: Program
    behind: Program
    alone: Program  # behind the cut without a graph, the network's output only

    def crossing(self, x: Tensor) -> list[Tensor]:
        """What is made before the cut and read behind it, the first layer's output first, of the same images."""
        with torch.no_grad():
            return self.before([x], len(x))

    def go_on(self, crossing: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The network's output, and each layer's output in the graph that starts at the first of them."""
        outputs, *kept = self.behind(crossing, len(crossing[0]))
        return outputs, dict(zip(self.cut.order, kept, strict=True))


@dataclass(eq=False)
class Programs:
    """Called inside `with network.frozen()`.

    network: pixels -> outputs, the module as it is. probe: pixels (2,c,h,w). fold: batch norms, for gradients too.
    """

    tape: Tape
    network: Run
    probe: Tensor
    fold: bool = False
    refused: dict[Any, str] = field(default_factory=dict)  # what is not believed, and why
    _made: dict[Any, Any] = field(default_factory=dict)
    _asked: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.tape.steady:
            calls = tuple(quick(batched(call, linear)) for call in self.tape.calls)
        else:
            calls = tuple(map(batched, self.tape.calls))
        self.tape = replace(self.tape, calls=calls)

    def renew(self) -> None:
        """Forget what was made of weights that have changed."""
        vars(self).pop("expected", None)
        self._made.clear()
        self._asked.clear()
        self.refused.clear()

    @cached_property
    def expected(self) -> Tensor:
        """The network's own outputs for the probe."""
        with torch.no_grad():
            return self.network(self.probe)

    def scoring(self) -> Pass | None:
        """Outputs for pixels, without a graph."""
        return self.believed(
            "scores", lambda: self._whole(cheaper(self.tape.calls, [self._out])), self._gives_the_outputs
        )

    def halved(self) -> Pass | None:
        """Scores for pixels, computed in bfloat16."""

        def make() -> Pass:
            return self._whole(summed(halved(self._folded()), [self._out]))

        return self.believed("half", make, self._comes_close)

    def incremental(self) -> Incremental | None:
        """Scores of pictures with a part replaced, by what the part can reach."""
        run = self.scoring()
        if run is None:
            return None
        make = partial(Incremental.of, self._folded(), self._out, run, self.probe, apart)
        return self.believed("incremental", make, lambda _: "")  # its answers for windows are compared later

    def backward(self, rules: Mapping[str, Rule] | None = None) -> Run | None:
        """Outputs for pixels, with a graph. rules: what changes the backward of functions."""
        how = _rectifying(rules)

        def make() -> Pass:
            return self._whole(self._chained(self.tape.calls, self._out, how), self.layout(how))

        return _ruled(self.believed(("backward", how), make, partial(self._gives_the_gradient, how)), how, rules)

    def backward_past(self, layer: str, rules: Mapping[str, Rule] | None = None) -> Past | None:
        """The same, and in the graph what a layer returns.

        Only where nothing else gets past the layer: what it returns is all that is read behind it.
        """
        parts = self.parts([layer])
        if parts is None or len(parts.cut.crossing) > 1:
            return None
        how = _rectifying(rules)
        make = partial(self._backward_past, parts.cut, how)
        check = partial(self._gives_both, how)
        return _ruled(self.believed(("past", layer, how), make, check), how, rules)

    def _chained(self, calls: Sequence[Call], wanted: int, how: Rectifying) -> list[Call]:
        return chained(without_norms(calls, [wanted]) if self.fold else calls, [wanted], how)

    def _backward_past(self, parts: Cut, how: Rectifying) -> Past:
        (own,), out = parts.crossing, self._out
        before = Program(self._chained(parts.before, own, how), (0,), (own,), torch.channels_last)
        behind = Program(self._chained(parts.behind, out, how), (own,), (out,))

        def run(x: Tensor) -> tuple[Tensor, Tensor]:
            (maps,) = before([x], len(x))
            return behind([maps.clone()], len(x))[0], maps

        return run

    def _gives_both(self, how: Rectifying, run: Past) -> str:
        return self._gives_the_gradient(how, lambda x: run(x)[0])

    def parts(self, layers: Sequence[str]) -> Parts | None:
        """The network in two, of which the second takes a graph."""
        return self.believed(("parts", *layers), lambda: self._parts(cut(self.tape, layers)), self._goes_on_alike)

    def tail(self, layer: str, at: str, whole: Callable[[Tensor, Tensor], Tensor]) -> Parts | None:
        """Parts of which the second may run for other maps, in the place of a layer's output or input.

        whole: outputs for pixels with these maps there, by the whole network.
        """

        def make() -> Parts | None:
            return self.parts([layer]) if at == "output" else self._parts(cut_before(self.tape, layer))

        return self.believed(("tail", layer, at), make, lambda parts: self._takes_other_maps(parts, whole))

    def _takes_other_maps(self, parts: Parts, whole: Callable[[Tensor, Tensor], Tensor]) -> str:
        two, one = parts.crossing(self.probe), parts.crossing(self.probe[:1])
        if any((len(a), len(b)) != (2, 1) for a, b in zip(two, one, strict=True)):
            return "what crosses the cut does not lie image by image"
        maps = two[0].flip(0) / 2
        with torch.no_grad():
            wanted = whole(self.probe, maps)
            for run in (parts.behind, parts.alone):
                found, *_ = run([maps.clone(), *(other.clone() for other in two[1:])], 2)
                if why := apart(found, wanted):
                    return why
        return ""

    @property
    def _out(self) -> int:
        return self.tape.output.number

    def layout(self, how: Rectifying = "own") -> torch.memory_format:
        """For forwards that decide at which side of their kinks units stand. Guided backpropagation's errors are the
        same in both."""
        return layout_of(self.tape.calls) if how == "own" else torch.channels_last

    def _folded(self) -> list[Call]:
        return folded(self.tape.calls, [self._out])

    def _whole(self, calls: Sequence[Call], layout: torch.memory_format = torch.channels_last) -> Pass:
        return Pass(Program(calls, (0,), (self._out,), layout))

    def _parts(self, found: Cut | None) -> Parts | None:
        if found is None:
            return None
        steady = sum(call.kinks for call in found.behind) <= STEADY
        before = cheaper(found.before, found.crossing) if steady else list(found.before)
        behind = cheaper(found.behind, [found.output])
        alone = Program(behind, found.crossing, (found.output,))
        kept = torch.channels_last if steady else self.layout()
        return Parts(found, Program(before, (0,), found.crossing, kept), found.tail(), alone)

    def believed(self, key: Any, make: Callable[[], Made | None], check: Callable[[Made], str]) -> Made | None:
        """What `make` makes, once; None where `check` has something against it or it can't be run."""
        if key not in self._made:
            made: Made | None = None
            try:
                made = make()
                why = check(made) if made is not None else "its layers can't be told apart in it"
            except Exception as error:  # whatever calls do that were made for other tensors: the network runs instead
                if out_of_memory(error):
                    raise
                why = f"it can't be run again: {error}"
            if why:
                self.refused[key] = why
            self._made[key] = None if why else made
        found: Made | None = self._made[key]
        return found

    def made(self, key: Any) -> Any:
        """What is believed already, if anything."""
        return self._made.get(key)

    def again(self, key: Any) -> bool:
        """Whether this is asked for another time, with the weights as they are."""
        known = key in self._asked
        self._asked.add(key)
        return known

    def _gives_the_outputs(self, run: Run) -> str:
        with torch.no_grad():
            return apart(run(self.probe), self.expected)

    def _comes_close(self, run: Run) -> str:
        with torch.no_grad():
            return apart(run(self.probe).float(), self.expected.float(), ROUGH)

    def _gives_the_gradient(self, how: Rectifying, run: Run) -> str:
        x = self.probe.contiguous(memory_format=self.layout(how))
        found = gradient_of(run, x)
        with ruled(GUIDED if how == "guided" else None):
            wanted = gradient_of(self.network, x)
        return apart(found[0], wanted[0]) or apart(found[1], wanted[1], ROUGH if self.fold else 1e-3)

    def _goes_on_alike(self, parts: Parts) -> str:
        with torch.no_grad():
            outputs, _ = parts.go_on(parts.crossing(self.probe))
            return apart(outputs, self.expected)


def _rectifying(rules: Mapping[str, Rule] | None) -> Rectifying:
    return "own" if not rules else "guided" if rules is GUIDED else "left"


def _ruled(
    run: Callable[[Tensor], Made] | None, how: Rectifying, rules: Mapping[str, Rule] | None
) -> Callable[[Tensor], Made] | None:
    """The same where rules hold for the functions that are left to them."""
    if run is None or how != "left":
        return run

    def under(x: Tensor) -> Made:
        with ruled(rules):
            return run(x)

    return under
