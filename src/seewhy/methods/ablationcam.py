"""Ablation-CAM."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from seewhy.cams import ChannelCAM, repeated
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.model.head import PooledHead
from seewhy.model.stream import Items
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels

AT_ONCE = 16  # channels that are left out together


@method(
    "ablationcam",
    Need.MAPS,
    title="Ablation-CAM",
    family="cam",
    paper="doi:10.1109/WACV45572.2020.9093360",
    cost="1 forward and 1 a live channel; 1 in all before a pooled linear head",
    sign="positive",
    starts="layers",
)
class AblationCAM(ChannelCAM):
    """A layer's channels, each weighted by the share of the score that goes when the channel is set to zero.

    The share is of the score's absolute value, so that a negative score does not turn the map over. Where the layer
    feeds a pooled linear head, what a channel adds to every class is known without a forward.
    """

    def said(self, model: Model, x: Pixels, layers: Sequence[str]) -> list[str]:
        open_ones = [layer for layer in layers if not model.recorded(x, (layer,)).pooled(layer)]
        return [f"each channel of {one!r} is ablated by {model.tail(x, one).how}" for one in open_ones]

    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        if repeated(model, x, (layer,)):
            raise Unsupported(
                f"layer {layer!r} runs several times in a forward, so ablating it is not one thing",
                "name another layer",
            )
        recorded = model.recorded(x, (layer,))
        outputs = recorded.outputs
        score = torch.stack([target(outputs.double()) for target in targets])[..., None]
        head = model.census(x).head
        if head is not None and recorded.pooled(layer):
            left = without_each(head, maps, outputs, targets)
        else:
            alive = maps.flatten(2).ne(0).any(2)
            left = score.expand(-1, *alive.shape).clone()
            if alive.any():
                scores = model.tail(x, layer).each_score(ablated(maps, alive), targets)
                left[:, alive] = torch.cat(list(scores), 1).double()
        return (score - left) / torch.where(score == 0, 1, score.abs())


def without_each(head: PooledHead, maps: Tensor, outputs: Tensor, targets: Sequence[Pinned]) -> Tensor:
    """Scores (k,b,d) without each channel, of outputs from which its part is taken away."""
    means, weight = maps.double().mean((2, 3)), head.weight.to(maps.device, torch.float64)
    images = torch.arange(len(maps), device=maps.device)
    found = []
    for mean, columns in zip(means.split(AT_ONCE, 1), weight.split(AT_ONCE, 1), strict=True):
        left = (outputs.double()[:, None] - mean[:, :, None] * columns.T).flatten(0, 1)
        rows = images.repeat_interleave(mean.shape[1])
        found.append(torch.stack([target(left, rows).view_as(mean) for target in targets]))
    return torch.cat(found, 2)


def ablated(maps: Tensor, alive: Tensor) -> Iterator[Items]:
    """Maps (b,d,r,q) with one channel zero, for each of those alive (b,d), image by image."""
    images, channels = alive.nonzero(as_tuple=True)
    for rows, own in zip(images.split(AT_ONCE), channels.split(AT_ONCE), strict=True):
        variants = maps[rows]
        variants[torch.arange(len(rows), device=maps.device), own] = 0
        yield Items(variants, rows)
