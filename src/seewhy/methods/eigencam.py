"""Eigen-CAM."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.cams import Augmented, Layered
from seewhy.model import Model
from seewhy.ops.maps import first_component, strength
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "eigencam",
    Need.MAPS,
    title="Eigen-CAM",
    family="cam",
    paper="arXiv:2008.00299",
    cost="1 forward",
    sign="positive",
    starts="layers",
)
class EigenCAM(Augmented, Layered):
    """First principal component of a layer's maps, whatever the class; it grows where they are strong."""

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        return [first_component(maps, toward=strength(maps)) for maps in model.maps(x, layers)]
