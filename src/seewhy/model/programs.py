"""A network's tape made into programs: for scores alone, under a backward, up to some layers and from there on.

Each is made when first asked for, and believed only once it has given what the network itself gives on the images the
network was probed with. Where that fails, the network runs as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from seewhy.model.chain import chained
from seewhy.model.fold import folded
from seewhy.model.half import halved
from seewhy.model.program import Cut, Program, cut
from seewhy.model.stream import out_of_memory
from seewhy.model.tape import Tape

CLOSE = 1e-4  # of the largest score: more than folding moves a score by, less than any mistake does
ROUGH = 0.2  # the same in bfloat16, on noise; in a call it is measured anew, on the variants scored
STEADY = 2**16  # units with a kink behind a layer: float32's rounding of its maps turns one of 10^7 over

Run = Callable[[Tensor], Tensor]


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
            return self.before([channels_last(x)], len(x))

    def go_on(self, crossing: Sequence[Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The network's output, and each layer's output in the graph that starts at the first of them."""
        outputs, *kept = self.behind(crossing, len(crossing[0]))
        return outputs, dict(zip(self.cut.order, kept, strict=True))


@dataclass(eq=False)
class Programs:
    """Called inside `with network.frozen()`.

    network: pixels -> outputs, the module as it is. probe: pixels (2,c,h,w).
    """

    tape: Tape
    network: Run
    probe: Tensor
    refused: dict[Any, str] = field(default_factory=dict)  # what is not believed, and why
    _made: dict[Any, Any] = field(default_factory=dict)

    def renew(self) -> None:
        """Forget what was made of weights that have changed."""
        self._made.clear()
        self.refused.clear()

    def scoring(self) -> Run | None:
        """Outputs for pixels, without a graph."""
        return self._believed("scores", self._scoring, self._gives_the_outputs)  # type: ignore[no-any-return]

    def halved(self) -> Run | None:
        """Scores for pixels, computed in bfloat16."""
        return self._believed("half", self._halved, self._comes_close)  # type: ignore[no-any-return]

    def backward(self, *, rectifiers: bool = True) -> Run | None:
        """Outputs for pixels, with a graph. rectifiers: False leaves ReLUs to rules that change their backward."""
        return self._believed(  # type: ignore[no-any-return]
            ("backward", rectifiers), lambda: self._backward(rectifiers), self._gives_the_gradient
        )

    def backward_past(self, layer: str) -> Callable[[Tensor], tuple[Tensor, Tensor]] | None:
        """Outputs for pixels, with a graph, and in it what a layer returns; ReLUs are left to rules.

        Only where nothing else gets past the layer: what it returns is all that is read behind it.
        """
        parts = self.parts([layer])
        if parts is None or len(parts.cut.crossing) > 1:
            return None
        return self._believed(("past", layer), lambda: self._backward_past(layer, parts), self._gives_both)  # type: ignore[no-any-return]

    def _backward_past(self, layer: str, parts: Parts) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        (own,), out = parts.cut.crossing, self.tape.output.number
        before = Program(chained(parts.cut.before, [own], rectifiers=False), (0,), (own,))
        behind = Program(chained(parts.cut.behind, [out], rectifiers=False), (own,), (out,))

        def run(x: Tensor) -> tuple[Tensor, Tensor]:
            (maps,) = before([channels_last(x)], len(x))
            return behind([maps.clone()], len(x))[0], maps

        return run

    def _gives_both(self, run: Callable[[Tensor], tuple[Tensor, Tensor]]) -> str:
        return self._gives_the_gradient(lambda x: run(x)[0])

    def parts(self, layers: Sequence[str]) -> Parts | None:
        """The network in two, of which the second takes a graph."""
        return self._believed(("parts", *layers), lambda: self._parts(layers), self._goes_on_alike)  # type: ignore[no-any-return]

    def tail(self, layer: str, whole: Callable[[Tensor, Tensor], Tensor]) -> Parts | None:
        """Parts of which the second may run for other maps. whole: outputs for pixels with these maps in the layer's
        place, by the whole network."""
        return self._believed(  # type: ignore[no-any-return]
            ("tail", layer), lambda: self._parts([layer]), lambda parts: self._takes_other_maps(parts, whole)
        )

    def _takes_other_maps(self, parts: Parts, whole: Callable[[Tensor, Tensor], Tensor]) -> str:
        two, one = parts.crossing(self.probe), parts.crossing(self.probe[:1])
        if any((len(a), len(b)) != (2, 1) for a, b in zip(two, one, strict=True)):
            return "what crosses the cut does not lie image by image"
        maps = two[0].flip(0) / 2
        with torch.no_grad():
            wanted = whole(self.probe, maps)
            for run in (parts.behind, parts.alone):
                found, *_ = run([maps.clone(), *(other.clone() for other in two[1:])], 2)
                if why := _apart(found, wanted):
                    return why
        return ""

    def _scoring(self) -> Run:
        out = self.tape.output.number
        program = Program(folded(self.tape.calls, [out]), (0,), (out,))
        return lambda x: program([channels_last(x)], len(x))[0]

    def _halved(self) -> Run:
        out = self.tape.output.number
        program = Program(halved(folded(self.tape.calls, [out])), (0,), (out,))
        return lambda x: program([channels_last(x)], len(x))[0].float()

    def _backward(self, rectifiers: bool) -> Run:
        out = self.tape.output.number
        program = Program(chained(self.tape.calls, [out], rectifiers=rectifiers), (0,), (out,))
        return lambda x: program([channels_last(x)], len(x))[0]

    def _parts(self, layers: Sequence[str]) -> Parts | None:
        found = cut(self.tape, layers)
        if found is None:
            return None
        steady = sum(call.kinks for call in found.behind) <= STEADY
        before = folded(found.before, found.crossing) if steady else list(found.before)
        alone = Program(folded(found.behind, [found.output]), found.crossing, (found.output,))
        return Parts(found, Program(before, (0,), found.crossing), found.tail(), alone)

    def _believed(self, key: Any, make: Callable[[], Any], check: Callable[[Any], str]) -> Any:
        if key in self._made:
            return self._made[key]
        try:
            made = make()
            why = check(made) if made is not None else "its layers can't be told apart in it"
        except Exception as error:
            if out_of_memory(error):
                raise
            made, why = None, f"it can't be run again: {error}"
        if why:
            made, self.refused[key] = None, why
        self._made[key] = made
        return made

    def _gives_the_outputs(self, run: Run) -> str:
        with torch.no_grad():
            return _apart(run(self.probe), self.network(self.probe))

    def _comes_close(self, run: Run) -> str:
        with torch.no_grad():
            return _apart(run(self.probe), self.network(self.probe), ROUGH)

    def _gives_the_gradient(self, run: Run) -> str:
        found, wanted = (_gradient(one, self.probe) for one in (run, self.network))
        return _apart(found[0], wanted[0]) or _apart(found[1], wanted[1], 1e-3)

    def _goes_on_alike(self, parts: Parts) -> str:
        with torch.no_grad():
            outputs, _ = parts.go_on(parts.crossing(self.probe))
            return _apart(outputs, self.network(self.probe))


def channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _gradient(run: Run, x: Tensor) -> tuple[Tensor, Tensor]:
    """The outputs, and the gradient of the mean of each image's largest with respect to the pixels."""
    x = channels_last(x.detach()).requires_grad_()
    with torch.enable_grad():
        out = run(x)
        (grad,) = torch.autograd.grad(out.flatten(1).amax(1).mean(), x)
    return out.detach(), grad


def _apart(found: Tensor, wanted: Tensor, tolerance: float = CLOSE) -> str:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return "it gives something else"
    off = float((found - wanted).abs().max() / wanted.abs().max().clamp_min(1e-12))
    return "" if off <= tolerance else f"it is {off:.1e} from what the network gives"
