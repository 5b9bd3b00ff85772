"""One forward with relevance's graph, and relevance of scores from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.relevance.mode import Relevance
from seewhy.model.relevance.presets import Preset
from seewhy.model.relevance.rules import SCHEME
from seewhy.model.relevance.run import SINKS, Run, Twin
from seewhy.targets import Pinned


@dataclass(frozen=True, eq=False)
class Traced:
    """inputs: what the network was given (b,c,h,w), and where the first layer has a rule its twin. outputs (b,k)."""

    run: Run
    inputs: Sequence[Tensor]
    outputs: Tensor
    mode: Relevance

    def relevance(self, target: Pinned, rows: Tensor, *, keep: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Relevance of what the network was given (b,c,h,w), what each sink absorbed (b,n), and the scores (b,).

        rows: the image each row belongs to. keep: the graph, for another target.
        """
        with torch.enable_grad():
            with self.mode:
                scores = target(self.outputs, rows)
            scores = self.mode.settled(scores)
        leaves = [*self.inputs, *(self.run.sinks[name] for name in SINKS)]
        if not scores.requires_grad:  # a constant, whatever the picture
            kept = [scores, *[torch.zeros_like(scores)] * (len(SINKS) - 1)]
            return torch.zeros_like(self.inputs[0]), torch.stack(kept, 1).double(), scores
        found = torch.autograd.grad(scores.sum(), leaves, retain_graph=keep, allow_unused=True, materialize_grads=True)
        values = found[0] * self.inputs[0].detach()
        values = values + found[1] if len(self.inputs) > 1 else values
        return values, torch.stack(found[-len(SINKS) :], 1), scores.detach()


def traced(forward: Callable[[Tensor], Tensor], x: Tensor, low: Tensor, high: Tensor, preset: Preset) -> Traced:
    """The forward of x (b,c,h,w), which is what the network itself is given. low, high: what its values can be."""
    run = Run.of(len(x), preset, x.device)
    mode = Relevance(run, SCHEME)
    inputs = [x.detach().clone().requires_grad_() for _ in range(2 if preset.first else 1)]
    with torch.enable_grad():
        start, *twin = [one.clone() for one in inputs]  # the network may work in place
        if twin:
            run.twins[start] = Twin(twin[0], low.expand_as(x), high.expand_as(x), torch.ones_like(x))
        with mode:
            outputs = forward(start)
        outputs = mode.settled(outputs)
    if preset.first and not run.first:
        raise NoFirstLayer(
            f"rule {preset.name!r} has a rule of its own for the first layer, and none is given pixels as they are",
            "choose rule='gamma' or 'epsilon_plus'",
        )
    return Traced(run, inputs, outputs, mode)


class NoFirstLayer(Unsupported):
    """No convolution and no linear layer is given the pixels as they are."""
