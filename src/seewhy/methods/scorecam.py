"""Score-CAM."""

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.cams import ChannelCAM
from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.ops.channels import distinct, each_min_max
from seewhy.ops.maps import min_max
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels

AT_ONCE = 16  # masks that are made together


@method(
    "scorecam",
    Need.MAPS,
    title="Score-CAM",
    family="cam",
    paper="arXiv:1910.01279",
    cost="1 forward and 1 a distinct channel",
    sign="positive",
    starts="layers",
    half=True,
)
class ScoreCAM(ChannelCAM):
    """A layer's channels, each weighted by the score of the picture seen through it.

    A channel, resized to the picture and scaled to [0,1], multiplies the pixels; the weights are the softmax, over
    channels, of the scores. Channels that give the same mask (dead ones, those alive in the same single cell) are
    scored once, which changes nothing.
    """

    align_corners: bool = option(True, "resize masks corner to corner; else cell centres stay where they are")

    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        scaled = each_min_max(maps)
        images, channels, of_channel = distinct(scaled)

        def seen_through() -> Iterator[Items]:
            for rows, own in zip(images.split(AT_ONCE), channels.split(AT_ONCE), strict=True):
                mask = scaled[rows, own][:, None].to(x)
                mask = F.interpolate(mask, x.shape[2:], mode="bilinear", align_corners=self.align_corners)
                yield Items(x[rows] * min_max(mask), rows)

        scores = torch.cat(list(model.each_score(seen_through(), targets)), 1)
        return scores[:, of_channel].softmax(-1)
