"""SS-CAM: smoothed Score-CAM."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from seewhy.cams import ChannelCAM
from seewhy.model import Model
from seewhy.ops.channels import each_min_max
from seewhy.ops.maps import resize
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "sscam",
    Need.MAPS,
    title="SS-CAM",
    family="cam",
    paper="arXiv:2006.14255",
    cost="1 forward and n_samples a channel",
    sign="positive",
    random=True,
    starts="layers",
    half=True,
)
class SSCAM(ChannelCAM):
    """Score-CAM with the mean score over masks with Gaussian noise on them.

    A channel is scaled to [0,1] on its own grid, then resized; each mask gets noise of its own on every pixel.
    """

    n_samples: int = option(35, "noisy copies of each channel's mask", low=1, high=10_000)
    stdev: float = option(2.0, "standard deviation of the noise on masks that lie in [0,1]", low=0.0)

    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        scaled = each_min_max(maps)
        size = (x.shape[2], x.shape[3])

        def seen_through() -> Iterator[Pixels]:
            for _ in range(self.n_samples):
                for channel in scaled.split(1, 1):
                    noise = self.stdev * rng.normal(1, *size).to(x)
                    yield x * (resize(channel.to(x), size) + noise)

        scores = model.scores(seen_through(), targets)
        weights: Tensor = scores.unflatten(2, (self.n_samples, -1)).mean(2).softmax(-1)
        return weights
