"""One forward, kept with its calls of attention: every method and every target asked for together reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.model.backward import backwards
from seewhy.model.fused import Attention
from seewhy.model.recorded import Meter
from seewhy.targets import Pinned

Read = Callable[[list[Attention], list[list[Tensor]]], Tensor]


@dataclass
class Followed:
    """Calls of attention, outputs, and what the named layers return for pixels x, in chunks (b split).

    cut: the call at whose result the graph starts; None where there is no graph. keep: it, for more targets.
    """

    x: Tensor
    cut: int | None
    chunks: list[tuple[list[Attention], Tensor, dict[str, Tensor]]]
    meter: Meter
    keep: bool = False
    layers: tuple[str, ...] = ()

    @property
    def outputs(self) -> Tensor:
        return torch.cat([out.detach() for _, out, _ in self.chunks])

    def covers(self, x: Tensor, layers: Sequence[str], rules: Any = None) -> bool:
        """Whether it holds these layers of pixels x, as Recorded does: none but the outputs."""
        return self.x is x and not layers and rules is None

    def serves(self, x: Tensor, cut: int | None, layers: Sequence[str] = ()) -> bool:
        known = cut is None or (self.cut is not None and self.cut <= cut)
        return self.x is x and known and set(layers) <= set(self.layers)

    def read(self, targets: Sequence[Pinned], first: int, what: Read) -> Tensor:
        """What `what` makes (m,...) of each chunk's m images: of the calls and, for each target, of the score's
        gradients with respect to what the calls from the first-th on return."""
        found, start = [], 0
        for calls, outputs, _ in self.chunks:
            rows = torch.arange(start, start + len(outputs), device=outputs.device)
            start += len(outputs)
            with torch.enable_grad():
                scores = [one(outputs, rows).sum() for one in targets]
            places = [one.out for one in calls[first:]]
            grads = backwards(scores, places, len(outputs), keep=self.keep)
            self.meter.count(backward=len(outputs) * sum(score.requires_grad for score in scores))
            by_head = [[call.axes.headed(one) for call, one in zip(calls[first:], own, strict=True)] for own in grads]
            found.append(what([one.headed() for one in calls[first:]], by_head))
        return torch.cat(found)
