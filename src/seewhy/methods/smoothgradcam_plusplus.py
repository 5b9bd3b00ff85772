"""Smooth Grad-CAM++."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.cams import CAM
from seewhy.model import Model
from seewhy.ops.maps import plusplus_weights
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import passing
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

    def of_targets(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[list[Tensor]]:
        maps = model.maps(x, layers)
        sums = [[torch.zeros_like(one).expand(3, *one.shape).clone() for one in maps] for _target in targets]
        for _ in range(self.n_samples):
            noise = rng.normal(*x.shape[1:]).to(x)
            recorded = passing(model, targets).recorded(x + self.stdev * noise, layers)
            for totals, target in zip(sums, targets, strict=True):
                for total, grad in zip(totals, recorded.gradients(target, layers), strict=True):
                    total += torch.stack([grad, grad**2, grad**3]) / self.n_samples
        return [[self._weighted(*of_layer) for of_layer in zip(maps, totals, strict=True)] for totals in sums]

    def _weighted(self, maps: Tensor, powers: Tensor) -> Tensor:
        return self.summed(plusplus_weights(maps, *powers, eps=1e-8) * maps)
