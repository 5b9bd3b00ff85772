"""LayerCAM."""

from torch import Tensor

from seewhy.cams import CAM
from seewhy.registry import method
from seewhy.types import Need


@method(
    "layercam",
    Need.MAPS | Need.GRADIENT,
    title="LayerCAM",
    family="cam",
    paper="DOI:10.1109/TIP.2021.3089943",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class LayerCAM(CAM):
    """A layer's activations times their own positive gradients: sharp on early layers too."""

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return grads.relu() * maps
