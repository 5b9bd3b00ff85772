"""FEM."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.cams import Layered, Summed
from seewhy.model import Model
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "fem",
    Need.MAPS,
    title="Feature Explanation Method",
    family="cam",
    paper="HAL:hal-02963298",
    cost="1 forward",
    sign="positive",
    starts="layers",
)
class FEM(Summed, Layered):
    """A layer's channels, each weighted by the share of its cells that stand out, whatever the class."""

    k: float = option(2.0, "standard deviations above its channel's mean from which a cell stands out")

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        return [self.summed(outstanding(maps, self.k) * maps) for maps in model.maps(x, layers)]


def outstanding(maps: Tensor, k: float) -> Tensor:
    """The share of each channel's cells above its mean plus k standard deviations: (b,d,r,q) -> (b,d,1,1)."""
    threshold = maps.mean((2, 3), keepdim=True) + k * maps.std((2, 3), correction=0, keepdim=True)
    return (maps > threshold).to(maps.dtype).mean((2, 3), keepdim=True)
