"""Ablation-CAM."""

from collections.abc import Iterator

import torch
from torch import Tensor

from seewhy.cams import ChannelCAM, repeated
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.model.head import PooledHead
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


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

    def weights(self, model: Model, x: Pixels, target: Pinned, layer: str, maps: Tensor, rng: Rng) -> Tensor:
        if repeated(model, x, (layer,)):
            raise Unsupported(
                f"layer {layer!r} runs several times in a forward, so ablating it is not one thing",
                "name another layer",
            )
        outputs = model.recorded(x, (layer,)).outputs
        score = target(outputs.double())[:, None]
        alive = maps.flatten(2).ne(0).any(2)
        head = model.census(x).head
        if head is not None and feeds(head, maps, outputs):
            left = without_each(head, maps, outputs, target)
        else:
            left = score.expand(alive.shape).clone()
            channels = first_true(alive)
            if channels.shape[1]:
                left.scatter_(1, channels, model.tail(x, layer).scores(ablated(maps, channels), target).double())
        return (score - left) / torch.where(score == 0, 1, score.abs())


def feeds(head: PooledHead, maps: Tensor, outputs: Tensor) -> bool:
    """Whether these maps are what the head pools: their means give the outputs, for every class and image."""
    weight, bias = head.weight.to(maps), head.bias.to(maps)
    if outputs.ndim != 2 or weight.shape != (outputs.shape[1], maps.shape[1]):
        return False
    found = maps.mean((2, 3)) @ weight.T + bias
    return torch.allclose(found.to(outputs), outputs, rtol=0, atol=1e-4 * float(outputs.abs().max()))


def without_each(head: PooledHead, maps: Tensor, outputs: Tensor, target: Pinned) -> Tensor:
    """Scores (b,d) without each channel, of outputs from which its part is taken away."""
    means, weight = maps.double().mean((2, 3)), head.weight.to(maps.device, torch.float64)
    columns = zip(means.unbind(1), weight.unbind(1), strict=True)
    return torch.stack([target(outputs.double() - mean[:, None] * column) for mean, column in columns], 1)


def first_true(mask: Tensor) -> Tensor:
    """The numbers (b,n) of the true entries of (b,d), n the most of any row; false ones fill shorter rows."""
    order = mask.int().argsort(dim=1, descending=True, stable=True)
    return order[:, : int(mask.sum(1).max())]


def ablated(maps: Tensor, channels: Tensor) -> Iterator[Tensor]:
    """Maps (b,d,r,q) with one channel of each image zero, for each column of channels (b,n)."""
    images = torch.arange(len(maps), device=maps.device)
    for index in channels.unbind(1):
        variant = maps.clone()
        variant[images, index] = 0
        yield variant
