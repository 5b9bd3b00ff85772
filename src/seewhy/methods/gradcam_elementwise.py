"""Grad-CAM element-wise."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.registry import method
from seewhy.types import Need


@method(
    "gradcam_elementwise",
    Need.MAPS | Need.GRADIENT,
    title="Grad-CAM element-wise",
    family="cam",
    paper="https://github.com/jacobgil/pytorch-grad-cam",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class GradCAMElementWise(CAM):
    """A layer's activations times their own gradients, only where that is positive."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return (grads * maps).relu()
