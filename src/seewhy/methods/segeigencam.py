"""Seg-Eigen-CAM."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.cams import Augmented, Layered
from seewhy.model import Model
from seewhy.ops.maps import first_component
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "segeigencam",
    Need.MAPS | Need.GRADIENT,
    title="Seg-Eigen-CAM",
    family="cam",
    paper="DOI:10.3390/app15137562",
    cost="1 forward, 1 partial backward",
    sign="positive",
    starts="layers",
)
class SegEigenCAM(Augmented, Layered):
    """First principal component of a layer's activations times the size of their gradients; its peak is positive."""

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        pairs = zip(*model.map_and_gradient(x, target, layers), strict=True)
        found = [first_component(grads.abs() * maps) for maps, grads in pairs]
        deeper = [one.amax((1, 2, 3), keepdim=True) < -one.amin((1, 2, 3), keepdim=True) for one in found]
        return [torch.where(turn, -one, one) for turn, one in zip(deeper, found, strict=True)]
