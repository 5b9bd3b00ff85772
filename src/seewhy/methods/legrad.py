"""LeGrad: how much more attention to each place would raise the score of each layer's own tokens."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.attentions import OfAttention, as_map, counted, in_a_row, unproved, usable
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.model.flow import at, few_heads
from seewhy.model.fused import Attention
from seewhy.model.layouts import Layout
from seewhy.model.tail import Tail
from seewhy.model.tokens import Attended
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "legrad",
    Need.ATTENTION | Need.GRADIENT,
    title="LeGrad",
    family="attention",
    paper="arXiv:2404.03214",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="attention",
)
class LeGrad(OfAttention):
    """The gradient of each layer's own score with respect to its attention: positive parts, their mean over layers.

    A layer's score is what the head, its final norm included, makes of the mean of all tokens that the layer returns.
    Positive gradients are averaged over heads and queries; keys that are no cells are in extras: others (b,o). Values
    are raw, where the paper scales the smallest to 0 and the largest to 1 in the end.
    """

    start_layer: int = option(0, "the first call of attention that takes part, counted from 0, or from the end: -1")

    def cut(self, model: Model, x: Pixels) -> int:
        self.reads(model, x)
        return counted(self.start_layer, len(usable(model, x)), "start_layer")

    def reads(self, model: Model, x: Pixels) -> Sequence[str]:
        return [one.block for one in of_blocks(model, x, self.start_layer)]

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        calls, first = of_blocks(model, x, self.start_layer), self.cut(model, x)
        tail = model.tail(x, calls[-1].block, whole=True)
        followed = model.followed(x, first, self.reads(model, x))
        found, start = [], 0
        for seen, outputs, returned in followed.chunks:
            rows = torch.arange(start, start + len(outputs), device=outputs.device)
            tokens = [returned[one.block] for one in calls]
            found.append(layered(seen[first:], tokens, tail, rows, targets))
            model.meter.count(backward=len(outputs) * len(targets))
            start += len(outputs)
        place = calls[-1].keys
        assert place is not None  # looked at before anything ran
        rows = at(place, torch.cat(found, 1).unsqueeze(2)).tokens()
        return [as_map(one, place.others, place.cells, unproved(calls)) for one in rows]


def of_blocks(model: Model, x: Pixels, start_layer: int) -> Sequence[Attended]:
    """The calls that take part. Raises Unsupported where they are not those of blocks that return the same tokens."""
    every = usable(model, x)
    calls = in_a_row(every[counted(start_layer, len(every), "start_layer") :])
    same = calls[-1]
    for one in calls:
        plain = isinstance(one.keys, Layout) and one.keys.frames == 1 and one.counts[0] == one.counts[1]
        if not one.block or not plain or one.keys != same.keys:
            raise Unsupported(
                f"what attends in {one.layer!r} is in no block of a plain transformer, whose tokens a head could read",
                "LeGrad scores each block's tokens by the head; attention_relevance needs no blocks",
            )
    return calls


def layered(
    seen: Sequence[Attention], tokens: Sequence[Tensor], tail: Tail, rows: Tensor, targets: Sequence[Pinned]
) -> Tensor:
    """For each target, the mean over layers of what each key would gain (k,b,n). tokens: of each layer (b,n,d)."""
    found = []
    means = torch.stack([one.mean(1) for one in tokens])  # (l,b,d)
    for grads in of_means(means.detach(), tokens[-1].shape[1], tail, rows, targets):
        total = torch.zeros_like(tokens[-1][..., 0])
        for call, mean, grad in zip(seen, means, grads, strict=True):
            (of_out,) = torch.autograd.grad(mean, call.out, grad, retain_graph=True)
            of_out, headed = call.axes.headed(of_out), call.headed()
            for some in few_heads(headed):
                total += headed.of_heads(some).weights_gradient(of_out[:, some]).relu_().sum((1, 2))
        heads, queries = seen[-1].headed().out.shape[1:3]
        found.append(total / (len(seen) * heads * queries))
    return torch.stack(found)


def of_means(means: Tensor, count: int, tail: Tail, rows: Tensor, targets: Sequence[Pinned]) -> list[Tensor]:
    """For each target the gradient (l,b,d) of each layer's score with respect to its tokens' mean.

    The network behind the last block is given the mean in the place of each of its tokens: whichever of them its head
    reads, it reads the mean.
    """
    rows = rows.repeat(len(means))
    with torch.enable_grad():
        means = means.clone().requires_grad_()
        outputs = tail(means.flatten(0, 1).unsqueeze(1).expand(-1, count, -1), rows)
        scores = [one(outputs, rows).sum() for one in targets]
    return [
        torch.autograd.grad(score, means, retain_graph=True)[0] if score.requires_grad else torch.zeros_like(means)
        for score in scores
    ]
