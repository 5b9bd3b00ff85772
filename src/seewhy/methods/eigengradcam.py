"""Eigen-Grad-CAM."""

from collections.abc import Sequence

from torch import Tensor

from seewhy.cams import Augmented, Layered
from seewhy.model import Model
from seewhy.ops.maps import first_component
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "eigengradcam",
    Need.MAPS | Need.GRADIENT,
    title="Eigen-Grad-CAM",
    family="cam",
    paper="https://github.com/jacobgil/pytorch-grad-cam",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class EigenGradCAM(Augmented, Layered):
    """First principal component of a layer's activations times their gradients; it grows where HiResCAM does."""

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        pairs = zip(*model.map_and_gradient(x, target, layers), strict=True)
        return [first_component(grads * maps) for maps, grads in pairs]
