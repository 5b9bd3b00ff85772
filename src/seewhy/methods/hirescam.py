"""HiResCAM."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.registry import method
from seewhy.types import Need


@method(
    "hirescam",
    Need.MAPS | Need.GRADIENT,
    title="HiResCAM",
    family="cam",
    paper="arXiv:2011.08891",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class HiResCAM(CAM):
    """A layer's activations times their own gradients, cell by cell: for the class, not on average."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return grads * maps
