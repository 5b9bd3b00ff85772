"""Grad-CAM."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.registry import method
from seewhy.types import Need


@method(
    "gradcam",
    Need.MAPS | Need.GRADIENT,
    title="Grad-CAM",
    family="cam",
    paper="arXiv:1610.02391",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class GradCAM(CAM):
    """A layer's channels, each weighted by the mean of its gradient."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return grads.mean((2, 3), keepdim=True) * maps
