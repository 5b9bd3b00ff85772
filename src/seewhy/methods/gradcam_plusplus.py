"""Grad-CAM++."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.ops.maps import plusplus_weights
from seewhy.registry import method
from seewhy.types import Need


@method(
    "gradcam++",
    Need.MAPS | Need.GRADIENT,
    title="Grad-CAM++",
    family="cam",
    paper="arXiv:1710.11063",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class GradCAMPlusPlus(CAM):
    """Grad-CAM whose gradients count by how much each cell would matter alone: for several small objects."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return plusplus_weights(maps, grads, grads**2, grads**3, eps=1e-6) * maps
