"""IS-CAM: integrated Score-CAM."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from seewhy.cams import ChannelCAM
from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.ops.channels import distinct, each_min_max
from seewhy.ops.maps import resize
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "iscam",
    Need.MAPS,
    title="IS-CAM",
    family="cam",
    paper="arXiv:2010.03023",
    cost="1 forward and n_steps a distinct channel",
    sign="positive",
    starts="layers",
    half=True,
)
class ISCAM(ChannelCAM):
    """Score-CAM with the mean score over masks of growing strength.

    Step i multiplies the mask by the sum of 1/n ... i/n, as torchcam reads the paper: from 1/n to (n+1)/2, so the
    last steps show the network pictures brighter than white.
    """

    n_steps: int = option(10, "strengths of each channel's mask", low=1, high=10_000)

    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        scaled = each_min_max(maps)
        images, channels, of_channel = distinct(scaled)
        strengths = list(accumulate((i + 1) / self.n_steps for i in range(self.n_steps)))

        def seen_through() -> Iterator[Items]:
            for rows, own in zip(images.split(1), channels.split(1), strict=True):
                masked = x[rows] * resize(scaled[rows, own][:, None].to(x), (x.shape[2], x.shape[3]))
                yield from (Items(strength * masked, rows) for strength in strengths)

        scores = torch.cat(list(model.each_score(seen_through(), targets)), 1)
        means: Tensor = scores.unflatten(1, (-1, self.n_steps)).mean(2)
        return means[:, of_channel].softmax(-1)
