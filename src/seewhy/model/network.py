"""The passes through a network that methods ask for: scores, gradients and recordings, in chunks that fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.attending import attending
from seewhy.model.backward import gradients
from seewhy.model.course import Course
from seewhy.model.followed import Followed
from seewhy.model.fused import Attention
from seewhy.model.head import pooled
from seewhy.model.layouts import Layout
from seewhy.model.occluding import How, Occluded, occluded
from seewhy.model.reading import Reading, unused
from seewhy.model.recorded import Recorded
from seewhy.model.rescale import rescale
from seewhy.model.rules import Rule, Rules, Watch, ruled
from seewhy.model.stream import Variant, stream
from seewhy.model.tail import Tail
from seewhy.model.trace import INPUT, record
from seewhy.model.variants import Asked, by_target
from seewhy.targets import Pinned, several
from seewhy.types import Pixels

GIB = 2**30
CACHED = 1_700_000  # bytes that a layer returns for a core's pictures, on the mean: with more too little stays there
MAPPED = 2**25  # bytes of one tensor: for more a CPU's allocator asks the system each time, and gets it page by page


@dataclass(frozen=True, eq=False)
class Network(Reading):
    """Passes of any number of images. Everything but `census` is called inside `with network.frozen()`."""

    memory: int | None = field(default=None, kw_only=True)
    memo: list[Recorded | Followed] | None = field(default=None, repr=False, kw_only=True)
    course: Course = field(default_factory=Course, repr=False, kw_only=True)

    def outputs(self, x: Pixels) -> Tensor:
        """Outputs (b,k) without a graph, in chunks that fit; shared where a memo is kept."""
        for known in self.memo or ():
            if known.covers(x, ()):
                return known.outputs
        found = next(stream([x], lambda rows, _: self.scored(rows), self._rows(x)))
        if self.memo is not None:
            self.memo.append(Recorded(x, (), [({}, found)], self.meter))
        return found

    def each_score(self, variants: Iterable[Variant], target: Asked, images: int = 0) -> Iterator[Tensor]:
        if self.compiling is not None:
            self.compiling.announced(images)
        return super().each_score(variants, target, images)

    def gradient(self, x: Pixels, target: Pinned, rules: Mapping[str, Rule] | None = None) -> Pixels:
        """The score's gradient with respect to the pixels (b,c,h,w); `rules` change the backward of functions."""
        return self.recorded(x, (INPUT,), rules).gradients(target, (INPUT,))[0]

    def folding_error(self, x: Pixels, target: Pinned) -> Tensor:
        """What folding moves the images' own gradients by: the difference's norm over theirs (b,)."""
        found, wanted = (replace(self, fold=fold, memo=None).gradient(x, target).flatten(1) for fold in (True, False))
        error: Tensor = (found - wanted).norm(dim=1) / wanted.norm(dim=1).clamp_min(torch.finfo(wanted.dtype).tiny)
        return error

    def plain_gradient(self, recorded: Recorded, target: Pinned, layer: str) -> Tensor:
        """The score's gradient (b,d,r,q) at a layer's output, of a forward that was recorded by rules."""
        maps = recorded.maps(layer)
        if recorded.head is not None and recorded.pooled(layer):
            return recorded.head.gradient(target, recorded.outputs, maps)
        programs = self.programs(recorded.x) if self.layout(recorded.x, layer) is None else None
        parts = programs.parts([layer]) if programs else None
        if parts is None or len(parts.cut.crossing) > 1:  # the score gets around the layer: one more forward
            return self.map_and_gradient(recorded.x, target, (layer,))[1][0]

        def run(part: Tensor, rows: Tensor) -> Tensor:
            with torch.enable_grad():
                outputs, seen = parts.go_on([part])
                (grad,) = torch.autograd.grad(target(outputs, rows).sum(), seen[layer])
            self.meter.count(backward=len(part))
            return grad

        return next(stream([maps], run, self._rows(recorded.x)))

    def multipliers(self, x: Pixels, baseline: Pixels, target: Asked) -> Pixels:
        """DeepLIFT's Δscore/Δpixel (b,c,h,w) by the rescale rule, of several targets (k,b,c,h,w).

        A pair is one variant, so no chunk parts it.
        """

        def run(pairs: Tensor, rows: Tensor) -> Tensor:
            image, other = pairs.detach().unbind(1)
            image.requires_grad_()
            with torch.enable_grad(), Rules(rescale(len(image))):
                outputs = self(torch.cat([image, other]))
                scores = [one(outputs, rows.repeat(2))[: len(image)] for one in several(target)]
                self.meter.count(backward=2 * len(image) * sum(one.requires_grad for one in scores))
                return gradients(scores, image)

        at_once = max(1, self._rows(x, backward=True, besides=len(several(target)) * x[:1].nbytes) // 2)
        return next(by_target(stream([torch.stack([x, baseline], 1)], run, at_once), target))

    def map_and_gradient(self, x: Pixels, target: Pinned, layers: Sequence[str]) -> tuple[list[Tensor], list[Tensor]]:
        """Outputs of the layers, (b,d,r,q) each, and the score's gradients with respect to them. One forward."""
        recorded = self.recorded(x, layers)
        return [recorded.maps(name) for name in layers], recorded.gradients(target, layers)

    def maps_and_gradients(
        self, variants: Iterable[Pixels], target: Asked, layer: str
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """For each variant (b,c,h,w): the layer's output (b,d,r,q) and the score's gradient with respect to it.

        Of several targets, the gradients are (k,b,d,r,q).
        """

        def run(x: Tensor, rows: Tensor) -> Tensor:
            seen, outputs = self._record(x, (layer,))
            with torch.enable_grad():
                scores = [one(outputs, rows) for one in several(target)]
            self.meter.count(backward=len(x) * sum(one.requires_grad for one in scores))
            return torch.cat([seen[layer].detach()[:, None], gradients(scores, seen[layer])], 1)

        for both in self._stream(variants, run, targets=len(several(target))):
            yield both[:, 0], next(by_target(iter([both[:, 1:]]), target))

    def maps(self, x: Pixels, layers: Sequence[str]) -> list[Tensor]:
        """Outputs of the layers, (b,d,r,q) each."""
        recorded = self.recorded(x, layers)
        return [recorded.maps(name) for name in layers]

    def recorded(self, x: Pixels, layers: Sequence[str], rules: Mapping[str, Rule] | None = None) -> Recorded:
        """A forward with its graph from the first of the layers on; shared where a memo is kept.

        rules: what changes the backward of functions.
        """
        for known in self.memo or ():
            if isinstance(known, Recorded) and known.covers(x, layers, rules):
                return known
        chunks = self.fitting(x, lambda part: self._record(part, layers, rules), backward=INPUT in layers)
        head = self.census(x).head if self.fast else None
        made = Recorded(x, tuple(layers), chunks, self.meter, rules, keep=self.memo is not None, head=head)
        if self.memo is not None:
            self.memo.append(made)
        return made

    def pooled(self, x: Pixels) -> Tensor:
        """The maps (b,d,r,q) whose means the class scores are linear in (see Need.POOLED_HEAD)."""
        head = self.census(x).head
        if head is None:
            raise Unsupported(
                f"{type(self.module).__name__} has no linear head on pooled maps", "use gradcam, which needs none"
            )

        def run(part: Tensor, _rows: Tensor) -> Tensor:
            seen: list[Tensor] = []

            def saw(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
                maps = pooled(name, args, kwargs, output)
                if maps is not None:
                    seen.append(maps.clone())

            with torch.no_grad(), Watch(saw):
                self(part)
            return seen[head.call]

        return next(self._stream([x], run))

    def layout(self, x: Pixels, layer: str) -> Layout | None:
        """How a layer's output becomes maps (b,d,r,q); None where it is maps, or none."""
        found = next((one.layout for one in self.census(x).layers if one.name == layer), None)
        return None if found is None or found.axes == "first" else found

    def tail(self, x: Pixels, layer: str, *, at: Literal["output", "input"] = "output", whole: bool = False) -> Tail:
        """The network from a layer's output (or input) on, for maps put in its place.

        whole: for all that the layer returns, as it returns it, tokens beside the cells included.
        """
        return Tail(self, x, layer, at, None if whole or at == "input" else self.layout(x, layer))

    def followed(self, x: Pixels, cut: int | None, layers: Sequence[str] = ()) -> Followed:
        """A forward with its calls of attention, a graph from the cut-th on, and what the layers return in it; shared
        where a memo is kept."""
        for known in self.memo or ():
            if isinstance(known, Followed) and known.serves(x, cut, layers):
                return known

        census = self.census(x)
        axes = [one.axes for one in census.attention]
        quick = self.fast and census.tape is not None and census.tape.steady

        def run(part: Tensor) -> tuple[list[Attention], Tensor, dict[str, Tensor]]:
            watching = attending(self.module, cut, quick=quick), record(self.module, layers, cut=False)
            with torch.no_grad(), watching[0] as calls, watching[1] as seen:
                outputs = self(part)
            placed = [replace(call, axes=own) for call, own in zip(calls, axes, strict=True)]
            return placed, outputs, {name: runs[-1] for name, runs in seen.items()}

        chunks = self.fitting(x, run, backward=cut is not None)
        made = Followed(x, cut, chunks, self.meter, keep=self.memo is not None, layers=tuple(layers))
        if self.memo is not None:
            self.memo.append(made)
        return made

    def occluded(
        self, x: Pixels, boxes: Tensor, fills: Sequence[Pixels], targets: Sequence[Pinned], how: How = "auto"
    ) -> Occluded:
        """Scores of the pictures with each box taken from each of fills (b,c,h,w).

        boxes (n,4): top, left, bottom, right, the last two not included. how: by what a box can reach where that pays
        ("auto"), always or never; the scores are the same to float32's rounding. Raises Unsupported where "always" is
        not possible.
        """
        return occluded(self, x, boxes, fills, targets, how)

    def _record(
        self, x: Tensor, layers: Sequence[str], rules: Mapping[str, Rule] | None = None
    ) -> tuple[dict[str, Tensor], Tensor]:
        inner = [name for name in layers if name != INPUT]
        x = x.detach()
        from_input = INPUT in layers
        programs = self.programs(x)
        with torch.enable_grad():
            if not inner:
                x.requires_grad_()
                return {INPUT: x}, self.differentiable(x, rules)
            alone = len(inner) == 1 and self.layout(x, inner[0]) is None
            past = programs.backward_past(inner[0], rules) if programs and rules and alone else None
            if past is not None:
                self.meter.folded |= self.fold
                outputs, maps = past(x.requires_grad_())
                return {INPUT: x, inner[0]: maps}, self._counted(outputs)
        layouts = {name: found for name in inner if (found := self.layout(x, name))}
        parts = programs.parts(inner) if programs and not from_input and not layouts else None
        if parts is not None:
            with torch.enable_grad():
                outputs, seen = parts.go_on(parts.crossing(x))
            return seen, self._counted(outputs)
        recording = record(self.module, inner, cut=not from_input, layouts=layouts)
        with torch.set_grad_enabled(from_input), recording as runs, ruled(rules):
            x.requires_grad_(from_input)
            outputs = self(x)
        if silent := [name for name in inner if not runs[name]]:
            raise unused(silent[0])
        return {**{name: runs[name][-1] for name in inner}, **({INPUT: x} if from_input else {})}, outputs

    def _outputs(self, values: Tensor, rows: Tensor) -> Tensor:
        if self.compared is not None:
            if self.compiling is not None:
                self.compiling.refused("bfloat16")
            return self.roughly_scored(values, rows, self.compared)
        return self.scored(values) if self.compiling is None else self.perhaps_compiled(values, self.compiling)

    def _differentiable(self, values: Tensor, rows: Tensor, rules: Mapping[str, Rule] | None = None) -> Tensor:
        return self.differentiable(values, rules)

    def rows_a_core(self, x: Pixels, cores: int, *, backward: bool = True) -> int:
        """Images of x's size that each of so many cores takes through the network, and back, at a time."""
        if cores == 1 or not backward:
            others = (self.memory or GIB) * (cores - 1) // cores
            return self._rows(x, backward=backward, kept=others)
        census = self.census(x)
        cached = CACHED // census.usual
        return max(1, min(8, max(2, cached), (self.memory or GIB) // (cores * census.bytes_per_image)))

    def _rows(
        self, values: Tensor, *, backward: bool = False, besides: int = 0, kept: int = 0, narrow: bool = False
    ) -> int:
        """Images at a time. narrow: as the memory has it, where few of the widest values are computed."""
        budget = self.memory
        if budget is None and values.is_cuda:
            budget = int(torch.cuda.mem_get_info(values.device)[0] * 0.5)
        census = self.census(values)
        held = census.bytes_per_image
        cost = (held if backward else max(1, held // 2)) + besides  # without a graph most of it is freed on the way
        # More is no quicker on a CPU, whose caches it leaves; but each core is to have a picture.
        few = max(torch.get_num_threads(), MAPPED // (census.widest * values.element_size()))
        most = 512 if values.is_cuda else min(32 if narrow else few, 6 if backward else 32)
        return max(1, min(most, ((budget or GIB) - kept) // cost))
