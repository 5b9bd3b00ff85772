"""Scores and gradients of many variants of a few images, for one target or for several that share the forwards."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import torch
from torch import Tensor

from seewhy.model.backward import gradients
from seewhy.model.recorded import Meter
from seewhy.model.rules import Rule
from seewhy.model.stream import Items, Run, Variant, stream
from seewhy.targets import Pinned, several

Asked = Pinned | Sequence[Pinned]  # of several targets, a result has one more axis k, its first


class Variants(ABC):
    """What a Network does for variants of pixels, and a Tail for variants of maps: in chunks that fit.

    A variant is a tensor (b,...), a row an image, or Items, with any rows of any images.
    """

    meter: Meter

    @abstractmethod
    def _outputs(self, values: Tensor, rows: Tensor) -> Tensor:
        """Model outputs (m,k) for values (m,...) of the images rows (m,), without a graph."""

    @abstractmethod
    def _differentiable(self, values: Tensor, rows: Tensor, rules: Mapping[str, Rule] | None = None) -> Tensor:
        """The same with a graph from the values on. rules: what changes the backward of functions."""

    @abstractmethod
    def _rows(self, values: Tensor, *, backward: bool = False, besides: int = 0) -> int:
        """Rows at a time that fit the memory granted. besides: bytes a row that are held beside the activations."""

    def scores(self, variants: Iterable[Tensor], target: Asked) -> Tensor:
        """Scores (b,n) of n variants (b,...) of each image; of several targets (k,b,n)."""
        return torch.stack(list(self.each_score(variants, target)), -1)

    def each_score(self, variants: Iterable[Variant], target: Asked, images: int = 0) -> Iterator[Tensor]:
        """For each variant, the scores of its rows (m,); of several targets (k,m).

        images: about how many rows are to be scored from here on, these and later ones, where there are many.
        """

        def run(values: Tensor, rows: Tensor) -> Tensor:
            with torch.no_grad():
                outputs = self._outputs(values, rows)
                return torch.stack([one(outputs, rows) for one in several(target)], 1)

        return by_target(self._stream(variants, run), target)

    def gradients(
        self, variants: Iterable[Variant], target: Asked, rules: Mapping[str, Rule] | None = None
    ) -> Iterator[Tensor]:
        """For each variant (m,...), the score's gradient with respect to it; of several targets (k,m,...).

        rules: what changes the backward of functions.
        """

        run = partial(self._gradients, targets=several(target), rules=rules)
        return by_target(self._stream(variants, lambda *rows: run(*rows)[1], targets=len(several(target))), target)

    def scores_and_gradients(self, items: Items, target: Pinned) -> tuple[Tensor, Tensor]:
        """The scores of some items (m,), and their gradients (m,...) from the same forwards."""

        def run(values: Tensor, rows: Tensor) -> Tensor:
            scores, grads = self._gradients(values, rows, [target])
            return torch.cat([scores.to(grads), grads.flatten(1)], 1)

        both = torch.cat(list(self._stream([items], run, targets=1)))
        return both[:, 0], both[:, 1:].view(items.values.shape)

    def _gradients(
        self, values: Tensor, rows: Tensor, targets: Sequence[Pinned], rules: Mapping[str, Rule] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Scores (m,k) and their gradients (m,k,...)."""
        values = values.detach().requires_grad_()
        with torch.enable_grad():
            outputs = self._differentiable(values, rows, rules)
            scores = [one(outputs, rows) for one in targets]
        self.meter.count(backward=len(values) * sum(one.requires_grad for one in scores))
        return torch.stack(scores, 1).detach(), gradients(scores, values)

    def _stream(self, variants: Iterable[Variant], run: Run, targets: int = 0) -> Iterator[Tensor]:
        """targets: how many gradients are computed."""
        variants = iter(variants)
        first = next(variants, None)
        if first is None:
            return
        values = first.values if isinstance(first, Items) else first
        besides = max(0, targets - 1) * values[:1].nbytes
        rows = self._rows(values, backward=targets > 0, besides=besides)
        yield from stream(chain([first], variants), run, rows)


def by_target(found: Iterator[Tensor], target: Asked) -> Iterator[Tensor]:
    """Results (m,k,...) as (k,m,...), or as (m,...) of one target."""
    for one in found:
        yield one[:, 0] if isinstance(target, Pinned) else one.movedim(1, 0)
