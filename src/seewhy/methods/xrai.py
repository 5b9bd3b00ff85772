"""XRAI."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import completeness_gap, incomplete
from seewhy.ops.paths import line_integral
from seewhy.ops.regions import ranked, segments
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "xrai",
    Need.GRADIENT,
    title="XRAI",
    family="gradient",
    paper="arXiv:1906.02825",
    cost="1 forward, n_steps forwards and backwards a baseline (two), segmentation and ranking",
)
class XRAI:
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

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        starts = baselines(self.baseline, x, model.mean, rng)
        gains = torch.stack([self._gains(model, x, start, target) for start in starts]).mean(0)
        heat = gains.sum(1) if self.channels == "sum" else gains.amax(1)
        maps, orders = zip(*(self._ranked(*pair) for pair in zip(x, heat, strict=True)), strict=True)
        values = torch.stack(maps).to(x)
        extras = {"order": torch.stack(orders)}
        if self.channels == "max":
            return Map(values, extras)
        ends = model.scores([x, *starts], target)
        difference = ends[:, 0] - ends[:, 1:].mean(1)
        gap = completeness_gap(values, difference)
        return Map(values, {**extras, "completeness_gap": gap}, incomplete(gap, difference, "take more n_steps"))

    def _gains(self, model: Model, x: Pixels, start: Tensor, target: Pinned) -> Tensor:
        gradients = partial(model.gradients, target=target)
        return line_integral(start, x, gradients, "gausslegendre", self.n_steps)

    def _ranked(self, image: Tensor, heat: Tensor) -> tuple[Tensor, Tensor]:
        masks = segments(image, self.scales, self.sigma, self.min_size, self.dilation)
        values, order = ranked(masks, heat.double().cpu().numpy(), self.min_pixels, self.fast)
        return torch.from_numpy(values)[None], torch.from_numpy(order)
