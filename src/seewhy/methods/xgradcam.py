"""XGrad-CAM."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.registry import method
from seewhy.types import Need


@method(
    "xgradcam",
    Need.MAPS | Need.GRADIENT,
    title="XGrad-CAM",
    family="cam",
    paper="arXiv:2008.02312",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class XGradCAM(CAM):
    """A layer's channels, each weighted by its gradient's mean over its own activations: keeps HiResCAM's total.

    A channel whose activations cancel out has no such mean: read a layer behind a ReLU.
    """

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        total = maps.sum((2, 3), keepdim=True)
        return (grads * maps).sum((2, 3), keepdim=True) / (total + 1e-7) * maps
