"""One forward, kept with its graph: every method and every class asked for together reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from seewhy.model.head import PooledHead, feeds
from seewhy.model.trace import INPUT
from seewhy.targets import Pinned

_ONE = Lock()  # one thread at a time counts; no meter's own, which could not be copied with its model


@dataclass
class Meter:
    """Counts images through the network; `tell` hears of each step, for a progress bar or to cancel by raising.

    folded: whether batch norms were folded where gradients were taken.
    """

    forward: int = 0
    backward: int = 0
    tell: Any = None
    folded: bool = False

    def count(self, *, forward: int = 0, backward: int = 0) -> None:
        with _ONE:
            self.forward += forward
            self.backward += backward
        if self.tell is not None:
            self.tell(self.forward, self.backward)


@dataclass
class Recorded:
    """The outputs of some layers for pixels x, in chunks (b split), each with its graph."""

    x: Tensor
    layers: tuple[str, ...]
    chunks: list[tuple[dict[str, Tensor], Tensor]]  # (layer -> output, model outputs)
    meter: Meter
    rules: Any = None  # what changed the backward of functions in it
    keep: bool = False  # the graph, for more targets
    head: PooledHead | None = None
    _gradients: dict[Any, Tensor] = field(default_factory=dict)
    _pooled: dict[str, bool] = field(default_factory=dict)  # whether the head pools what a layer returns

    @property
    def outputs(self) -> Tensor:
        return _joined([out.detach() for _, out in self.chunks])

    def maps(self, layer: str) -> Tensor:
        return _joined([layers[layer].detach() for layers, _ in self.chunks])

    def covers(self, x: Tensor, layers: Sequence[str], rules: Any = None) -> bool:
        return self.x is x and self.rules is rules and set(layers) <= set(self.layers)

    def gradients(self, target: Pinned, layers: Sequence[str]) -> list[Tensor]:
        """The score's gradient with respect to each layer's output; computed once a target."""
        missing = [name for name in layers if (target.key, name) not in self._gradients]
        if missing:
            for name, grad in zip(missing, self._backward(target, missing), strict=True):
                self._gradients[target.key, name] = grad
        found = [self._gradients[target.key, name] for name in layers]
        if not self.keep:
            self._gradients.clear()
        return found

    def pooled(self, layer: str) -> bool:
        """Whether the scores are linear in the mean of this layer's output, so that gradients need no backward."""
        if layer not in self._pooled:
            self._pooled[layer] = self.head is not None and feeds(self.head, self.maps(layer), self.outputs)
        return self._pooled[layer]

    def _backward(self, target: Pinned, layers: Sequence[str]) -> list[Tensor]:
        if self.head is not None and INPUT not in layers and all(map(self.pooled, layers)):
            return [self.head.gradient(target, self.outputs, self.maps(layer)) for layer in layers]
        parts: list[tuple[Tensor, ...]] = []
        start = 0
        for recorded, outputs in self.chunks:
            rows = torch.arange(start, start + len(outputs), device=outputs.device)
            start += len(outputs)
            at = [recorded[name] for name in layers]
            with torch.enable_grad():
                score = target(outputs, rows).sum()
            if score.requires_grad:
                grads: Sequence[Tensor | None]
                grads = torch.autograd.grad(score, at, retain_graph=self.keep, allow_unused=True)
                self.meter.count(backward=len(outputs))
            else:  # the score does not depend on the layers at all
                grads = (None,) * len(at)
            parts.append(tuple(torch.zeros_like(a) if g is None else g for a, g in zip(at, grads, strict=True)))
        return [torch.cat(one) for one in zip(*parts, strict=True)]


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(parts)) if len(parts) > 1 else parts[0]
