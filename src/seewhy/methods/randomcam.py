"""Random-CAM: the null."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.cams import ChannelCAM
from seewhy.model import Model
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "randomcam",
    Need.MAPS,
    title="Random-CAM",
    family="cam",
    paper="https://github.com/jacobgil/pytorch-grad-cam",
    cost="1 forward",
    sign="positive",
    random=True,
    starts="layers",
)
class RandomCAM(ChannelCAM):
    """A layer's channels with weights drawn from -1 to 1: what a map looks like that explains nothing."""

    def weights(self, model: Model, x: Pixels, targets: Sequence[Pinned], layer: str, maps: Tensor, rng: Rng) -> Tensor:
        return (2 * rng.uniform(maps.shape[1]) - 1).expand(len(targets), -1, -1)
