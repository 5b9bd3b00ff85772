"""Transformer attribution: attention's relevance times its gradients, collected over the layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.attentions import Flowing, Step, counted, usable
from seewhy.errors import ModelFailed, Unsupported, first_line
from seewhy.model import Model
from seewhy.model.flow import by_window, through
from seewhy.model.fused import Attention, Axes
from seewhy.model.relevance.at_attention import fitting, positive_relevance, relevance_at_attention
from seewhy.model.tokens import Attended
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels

Relevance = Callable[[Model, Pixels, Sequence[Pinned]], Any]


@dataclass(frozen=True, kw_only=True)
class _Raising(Flowing):
    """The flow back through calls whose weights have this relevance, (k,b*windows,m,n,n') each."""

    relevance: list[Tensor] = field(default_factory=list)  # of the calls that are still to come

    def step(self, known: Attended, call: Attention, grads: Sequence[Tensor]) -> Step:
        own = self.relevance.pop()
        each = [(call.weights_gradient(grad) * one).relu_().mean(1) for grad, one in zip(grads, own, strict=True)]
        weights = by_window(torch.stack(each), known)
        return lambda rows: (rows, through(rows, weights))


@method(
    "transformer_attribution",
    Need.ATTENTION | Need.GRADIENT,
    title="Transformer Attribution",
    family="attention",
    paper="arXiv:2012.09838",
    cost="1 forward, 1 partial backward; 1 of both in float64, on a copy of the network",
    sign="positive",
    starts="attention",
)
class TransformerAttribution(Flowing):
    """Attention's relevance, layer upon layer where it raises the score: R + mean of ReLU(gradient * relevance) R.

    Chefer, Gur and Wolf, CVPR 2021: relevance is handed down along what is positive, to the weights of each call of
    attention. full: to the input (b,c,h,w) in their place, without gradients. At sums it divides by small differences
    of large numbers, so that it is computed in float64; a note says where that can't be done.
    """

    full: bool = option(False, "hand relevance down to the input itself, without attention's gradients")

    def cut(self, model: Model, x: Pixels) -> int | None:
        found = super().cut(model, x)
        return None if self.full else found

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        size = fitting(model, x)
        if size >= len(x):
            return self._of_few(model, x, targets, rng)
        starts = range(0, len(x), size)
        parts = [self._of_few(model, x[i : i + size], [_from(i, one) for one in targets], rng) for i in starts]
        return [_joined(maps) for maps in zip(*parts, strict=True)]

    def _of_few(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        found, notes = _widely(positive_relevance if self.full else relevance_at_attention, model, x, targets)
        if self.full:
            return [Map(one, notes=notes) for one in found]
        calls = usable(model, x)
        count = len(calls)
        if len(found) != count:
            raise Unsupported(f"{len(found)} of its {count} calls of attention have relevance", "see lrp")
        found = [_headed(one, call.axes) for one, call in zip(found, calls, strict=True)]
        own = _Raising(start_layer=self.start_layer, relevance=found[counted(self.start_layer, count, "start_layer") :])
        return [replace(one, notes=(*one.notes, *notes)) for one in own.for_targets(model, x, targets, rng)]


def _headed(relevance: Tensor, axes: Axes) -> Tensor:
    """Relevance (k,...) of a call's weights as (k,b*windows,m,n,n')."""
    return relevance if axes.kind == "heads" else torch.stack([axes.headed(one) for one in relevance])


def _widely(relevance: Relevance, model: Model, x: Pixels, targets: Sequence[Pinned]) -> tuple[Any, list[str]]:
    """Relevance from a float64 copy, and what is said where that can't be: at sums it divides by small differences."""
    if model.dtype == torch.float64:
        return relevance(model, x, targets), []
    try:
        wide = replace(model.wide(), memo=None)
        with wide.frozen():
            found = relevance(wide, x.double(), targets)
    except (RuntimeError, TypeError, ModelFailed) as error:  # no float64 on the device, or none in the network
        return relevance(model, x, targets), [f"computed in float32, less exactly: {first_line(error)}"]
    return (found.to(x) if isinstance(found, Tensor) else [one.to(x) for one in found]), []


def _from(start: int, target: Pinned) -> Pinned:
    """The target of the images from the start-th on."""
    return replace(target, read=lambda scores, rows: target.read(scores, rows + start))


def _joined(maps: Sequence[Map]) -> Map:
    extras = {name: torch.cat([one.extras[name] for one in maps]) for name in maps[0].extras}
    return replace(maps[0], values=torch.cat([one.values for one in maps]), extras=extras)
