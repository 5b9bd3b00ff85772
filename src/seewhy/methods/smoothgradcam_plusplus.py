"""Smooth Grad-CAM++."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from seewhy.cams import CAM
from seewhy.model import Model
from seewhy.ops.maps import plusplus_weights
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels


@method(
    "smoothgradcam++",
    Need.MAPS | Need.GRADIENT,
    title="Smooth Grad-CAM++",
    family="cam",
    paper="arXiv:1908.01224",
    cost="1 forward, and 1 with a partial backward a sample",
    sign="positive",
    random=True,
    starts="layers",
)
class SmoothGradCAMPlusPlus(CAM):
    """Grad-CAM++ whose gradients and their powers are means over noisy copies of the picture."""

    n_samples: int = option(4, "noisy copies", low=1)
    stdev: float = option(0.3, "of the noise, in pixels that lie in 0 to 1", low=0)

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        maps = model.maps(x, layers)
        unshared = replace(model, memo=None)  # or every sample's graph would be kept
        sums = [[one.new_zeros(one.shape) for one in maps] for _power in range(3)]
        for _ in range(self.n_samples):
            noise = rng.normal(*x.shape[1:]).to(x)
            _, grads = unshared.map_and_gradient(x + self.stdev * noise, target, layers)
            for power, total in enumerate(sums, start=1):
                for one, grad in zip(total, grads, strict=True):
                    one += grad**power / self.n_samples
        weights = [plusplus_weights(*of_layer, eps=1e-8) for of_layer in zip(maps, *sums, strict=True)]
        return [self.summed(weight * one) for weight, one in zip(weights, maps, strict=True)]
