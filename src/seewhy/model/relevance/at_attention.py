"""Positive relevance of pixels, and of the weights of each call of attention."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.relevance.mode import Relevance
from seewhy.model.relevance.positive import SCHEME
from seewhy.model.relevance.presets import PRESETS
from seewhy.model.relevance.run import MixedImages, Run, Twin
from seewhy.targets import Pinned
from seewhy.types import Pixels

if TYPE_CHECKING:
    from seewhy.model.network import Network


@dataclass(frozen=True, eq=False)
class Positive:
    """A forward whose gradients are positive relevance. pixels (b,c,h,w); weights: of each call, in their order."""

    pixels: Tensor
    weights: Sequence[Tensor]
    outputs: Tensor

    def relevance(self, targets: Sequence[Pinned], rows: Tensor, places: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        """For each target the relevance of each place, from one at the class's output: the score's gradient there."""
        found = []
        for at, target in enumerate(targets):
            leaf = self.outputs.detach().requires_grad_()
            with torch.enable_grad():
                (start,) = torch.autograd.grad(target(leaf, rows).sum(), leaf)
            keep: dict[str, bool] = {"retain_graph": at < len(targets) - 1, "allow_unused": True}
            found.append(torch.autograd.grad(self.outputs, list(places), start, materialize_grads=True, **keep))
        return found


def relevance_at_attention(
    network: "Network", x: Pixels, targets: Sequence[Pinned], images: Tensor | None = None
) -> list[Tensor]:
    """For each call of attention, in the order in which they run, the relevance (k,b*windows,m,n,n') of its weights.

    Of k targets, m heads, n queries and n' keys. images (b,): the image each row belongs to, for targets that differ
    from image to image. Raises Unsupported where a function has no rule, or nothing attends.
    """
    return _relevance(network, x, targets, images, lambda made: made.weights)


def positive_relevance(
    network: "Network", x: Pixels, targets: Sequence[Pinned], images: Tensor | None = None
) -> Tensor:
    """Relevance (k,b,c,h,w) of what the network is given for pixels, by the box rule at its first layer."""
    return _relevance(network, x, targets, images, lambda made: [made.pixels])[0]


def fitting(network: "Network", x: Pixels) -> int:
    """How many images' forward with the weights of all calls fits the memory."""
    census = network.census(x)
    calls = [(one, one.keys.count if one.keys else 1) for one in census.attention]
    weights = sum(one.heads * one.counts[0] * one.counts[1] * windows for one, windows in calls)
    return network._rows(x, backward=True, besides=HELD * (census.bytes_per_image + weights * x.element_size()))


HELD = 4  # times what a graph of layers holds, and the weights of attention: shares of each, and their own graphs


def _relevance(
    network: "Network",
    x: Pixels,
    targets: Sequence[Pinned],
    images: Tensor | None,
    places: Callable[[Positive], Sequence[Tensor]],
) -> list[Tensor]:
    rows = torch.arange(len(x), device=x.device) if images is None else images
    try:
        made = traced(network, x)
        at = places(made)
        if not at:
            raise Unsupported("no weights of attention are multiplied with values in it", "use lrp")
        found = made.relevance(targets, rows, at)
    except MixedImages:  # which of a sum's axes is that of images can't be told: one by one
        each = [_relevance(network, x[i : i + 1], targets, rows[i : i + 1], places) for i in range(len(x))]
        return [torch.cat(parts, 1) for parts in zip(*each, strict=True)]
    network.meter.count(forward=len(x), backward=len(x) * len(targets))
    return [torch.stack(one) for one in zip(*found, strict=True)]


def traced(network: "Network", x: Pixels) -> Positive:
    given = network.normalised(x)
    low, high = (network.normalised(torch.full_like(x[:1, :, :1, :1], value)) for value in (0.0, 1.0))
    run = Run.of(len(x), PRESETS["epsilon_plus"], x.device)
    mode = Relevance(run, SCHEME)
    leaf = given.detach().clone().requires_grad_()
    with torch.enable_grad():
        start = leaf.clone()
        run.twins[start] = Twin(start.detach(), low.expand_as(x), high.expand_as(x), torch.ones_like(start))
        with mode:
            outputs = network.through(start)
        outputs = mode.settled(outputs)
    return Positive(leaf, run.attention, outputs)
