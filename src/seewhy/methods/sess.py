"""SESS: saliency enhancing with scaling and sliding."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.cams import CAM
from seewhy.model import Model
from seewhy.ops.maps import enlarged, min_max, resize
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.scores import transform
from seewhy.targets import Pinned
from seewhy.together import passing
from seewhy.types import Need, Pixels

Window = tuple[int, int, int, int]  # top, left, and height and width of the enlarged picture


@method(
    "sess",
    Need.MAPS | Need.GRADIENT,
    title="SESS",
    family="cam",
    paper="arXiv:2207.01769",
    cost="2 forwards and 1 partial backward a window",
    sign="positive",
)
class SESS(CAM):
    """Grad-CAM of windows of the picture at several sizes, weighted by the class's probability there and averaged.

    Windows are square, as wide as the input's shorter side, and lie side by side (the last one flush with the edge).
    The map (b,1,h,w) is the mean over the windows that say something of a pixel, then blurred.
    """

    scales: int = option(12, "how many sizes, from the input's own", low=1, high=100)
    growth: float = option(2 / 7, "from one size to the next, in windows", low=0.0)
    pre_filter: float = option(0.0, "share of windows left out, the least probable first", low=0.0, high=0.99)
    theta: float = option(0.0, "values of a window's weighted map at or below it don't count", low=0.0, high=1.0)
    pool: str = option("mean", "how windows meet at a pixel", choices=("mean", "max"))
    blur: bool = option(True, "Gaussian, 11 pixels wide, sigma 5")

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return grads.mean((2, 3), keepdim=True) * maps

    def of_targets(
        self, model: Model, x: Pixels, targets: Sequence[Pinned], layers: Sequence[str], rng: Rng
    ) -> list[list[Tensor]]:
        side, size = min(x.shape[2:]), (x.shape[2], x.shape[3])
        places = windows(size, side, self.scales, self.growth)
        probability = transform("probability", model.census(x).outputs)
        likely = [replace(target, transform=probability, key=None) for target in targets]
        scores = model.scores(cut(x, places, side), likely).clamp_min(0)
        weights = torch.stack([self._kept(one) for one in scores])
        totals, counts = (x.new_zeros(len(targets), len(x), 1, *size) for _ in range(2))
        for place, window, weight in zip(places, cut(x, places, side), weights.unbind(2), strict=True):
            if not weight.any():
                continue
            each = super().of_targets(passing(model, targets), window, targets, layers, rng)
            for i, maps in enumerate(each):
                found = min_max(torch.stack([enlarged(one, (side, side)) for one in maps]).mean(0))
                part = pasted(weight[i, :, None, None, None].to(found) * found, place, size)
                says = part > self.theta
                totals[i] = totals[i] + part * says if self.pool == "mean" else totals[i].maximum(part)
                counts[i] += says
        merged = totals / counts.clamp_min(1) if self.pool == "mean" else totals
        return [[blurred(one) if self.blur else one] for one in merged]

    def _kept(self, scores: Tensor) -> Tensor:
        """Weights (b,n) of the windows, 1 for an image's best and 0 for those left out."""
        best = scores.amax(1, keepdim=True)
        weights = torch.where(best > 0, scores / best.clamp_min(torch.finfo(scores.dtype).tiny), 1)
        worst = scores.argsort(1)[:, : int(scores.shape[1] * self.pre_filter)]
        return weights.scatter(1, worst, 0)


def windows(size: tuple[int, int], side: int, scales: int, growth: float) -> list[Window]:
    """Square windows over pictures whose shorter side is the window's, then longer by `growth` windows each time."""
    found: list[Window] = []
    for i in range(scales):
        shorter = side + round(side * growth) * i
        h, w = (shorter if length == min(size) else int(shorter * length / min(size)) for length in size)
        found += [(top, left, h, w) for top in starts(h, side) for left in starts(w, side)]
    return found


def starts(length: int, side: int) -> list[int]:
    """Where windows begin that lie side by side, the last one flush with the end."""
    return [*range(0, length - side, side), length - side]


def cut(x: Pixels, places: Sequence[Window], side: int) -> Iterator[Pixels]:
    """Each window's pixels (b,c,side,side)."""
    size, enlarged = (x.shape[2], x.shape[3]), x
    for top, left, h, w in places:
        if (h, w) != size:
            size, enlarged = (h, w), resize(x, (h, w))
        yield enlarged[:, :, top : top + side, left : left + side]


def pasted(maps: Tensor, place: Window, size: tuple[int, int]) -> Tensor:
    """Maps (b,1,side,side) where their window lies, on the picture of its own size."""
    top, left, h, w = place
    side = maps.shape[2]
    return resize(F.pad(maps, (left, w - left - side, top, h - top - side)), size)


def blurred(maps: Tensor) -> Tensor:
    """Gaussian over 11 x 11 pixels with sigma 5, the picture mirrored at its edges."""
    at = torch.arange(-5, 6, dtype=maps.dtype, device=maps.device)
    kernel = torch.exp(-0.5 * (at / 5) ** 2)
    kernel = kernel / kernel.sum()
    maps = F.conv2d(F.pad(maps, (5, 5, 5, 5), mode="reflect"), kernel.view(1, 1, 1, -1))
    return F.conv2d(maps, kernel.view(1, 1, -1, 1))
