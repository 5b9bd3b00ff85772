"""One forward, kept with its graph: every method and every class asked for together reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from seewhy.targets import Pinned


@dataclass
class Meter:
    """Counts images through the network; `tell` hears of each step, for a progress bar or to cancel by raising."""

    forward: int = 0
    backward: int = 0
    tell: Any = None

    def count(self, *, forward: int = 0, backward: int = 0) -> None:
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
    keep: bool = False  # the graph, for more targets
    calls: dict[str, int] = field(default_factory=dict)
    _gradients: dict[Any, Tensor] = field(default_factory=dict)

    @property
    def outputs(self) -> Tensor:
        return torch.cat([out.detach() for _, out in self.chunks])

    def maps(self, layer: str) -> Tensor:
        return torch.cat([layers[layer].detach() for layers, _ in self.chunks])

    def covers(self, x: Tensor, layers: Sequence[str]) -> bool:
        return self.x is x and set(layers) <= set(self.layers)

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

    def _backward(self, target: Pinned, layers: Sequence[str]) -> list[Tensor]:
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
