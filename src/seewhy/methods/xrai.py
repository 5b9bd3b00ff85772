"""XRAI."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.ops.paths import line_integral
from seewhy.ops.regions import ranked, segments
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "xrai",
    Need.GRADIENT,
    title="XRAI",
    family="gradient",
    paper="arXiv:1906.02825",
    cost="1 forward, n_steps forwards and backwards a baseline (two), segmentation and ranking",
)
class XRAI(Together):
    """Which regions matter: integrated gradients from black and white, gathered by overlapping segments and ranked.

    A pixel's value is the mean attribution of the region it came with: of the largest of the pixel's channels, as in
    the authors' code, or with channels="sum" of their sum, so that the map adds up to what integrated gradients do.
    extras["order"] (b,h,w) is the region's place, 1 for the best; extras["completeness_gap"] (b,) of sums only.
    """

    n_steps: int = option(50, "points on the line from each baseline", low=1, high=10_000)
    baseline: Any = option((0.0, 1.0), "where the lines start: numbers, 'mean', 'blur', 'noise' or pictures")
    scales: tuple[float, ...] = option(
        (50, 100, 150, 250, 500, 1200), "Felzenszwalb's scales for pixels in [-1,1]: larger, larger segments", low=0
    )
    sigma: float = option(0.8, "blur before the segmentation, in pixels", low=0)
    min_size: int = option(150, "the smallest segment, in pixels", low=1)
    dilation: int = option(5, "how far each segment is grown, in pixels", low=0)
    min_pixels: int = option(50, "segments that would add fewer pixels are dropped", low=1)
    channels: str = option("max", "what of a pixel's channels is ranked; only sums add up", choices=("max", "sum"))
    fast: bool = option(False, "rank all segments once instead of anew after each: quicker")

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.usual, rng)
        gradients = partial(model.gradients, target=targets)
        gains = mean(line_integral(start, x, gradients, "gausslegendre", self.n_steps) for start in starts)
        heat = gains.sum(-3) if self.channels == "sum" else gains.amax(-3)
        maps, orders = zip(*map(self._ranked, x, heat.unbind(1)), strict=True)
        values, order = torch.stack(maps, 1).to(x), torch.stack(orders, 1)
        if self.channels == "max":
            return [Map(one, {"order": own}) for one, own in zip(values, order, strict=True)]
        gain = difference(model, x, starts, targets)
        return attributed(values, gain, "take more n_steps", extras={"order": order})

    def _ranked(self, image: Tensor, heat: Tensor) -> tuple[Tensor, Tensor]:
        """Of an image (c,h,w) and each target's heat (k,h,w): values (k,1,h,w) and places (k,h,w)."""
        masks = segments(image, self.scales, self.sigma, self.min_size, self.dilation)
        found = [ranked(masks, one.double().cpu().numpy(), self.min_pixels, self.fast) for one in heat]
        values, orders = (torch.stack([torch.from_numpy(one) for one in each]) for each in zip(*found, strict=True))
        return values[:, None], orders
