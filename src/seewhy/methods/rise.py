"""RISE."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.agreement import how_far_apart, spread
from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.grids import covariance_of_cells, sides, through_cells
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.sampling import BLOCK, Sampled, Sums
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels

CELLS = 7  # on each side, as the paper has it
COARSE = 10  # parts of each side, whose visibility the score is regressed on
RIDGE = 30  # masks that say that no part matters
ROUNDED = 16  # units in the last place of the mean score: a map of no more is one of scores that never moved


@method(
    "rise",
    Need.SCORES,
    title="RISE",
    family="perturbation",
    paper="arXiv:1806.07421",
    cost="n_samples forwards a baseline",
    sign="positive",
    random=True,
    score="probability",
    half=True,
)
class RISE(Sampled):
    """How much more the picture scores when a pixel is visible, over random masks of soft blobs.

    The paper's map is this plus the mean score of all masks, extras mean_score (b,). Of several baselines, each mask is
    scored with all of them and the map is the mean of theirs, which are extras baseline_maps (b,f,h,w);
    baseline_spread (b,1,h,w) is the largest of them minus the smallest.
    """

    window: Any = option(None, "pixels of a mask's cell: a number or height,width; default a seventh of the picture")
    stride: Any = option(1, "masks are shifted by multiples of this many pixels")
    keep: float = option(0.5, "chance that a cell is visible", low=0.01, high=0.99)
    antithetic: bool | None = option(None, "masks in pairs that show what the other hides; default where keep is 0.5")
    normalise: str = option(
        "adjusted",
        "visible: divide by how much of a pixel the masks showed; expected: by how much is to be expected, as the "
        "paper; adjusted: as visible, less what chance brought together, as a regression on the masks tells",
        choices=("adjusted", "visible", "expected"),
    )
    baseline: Any = option(
        0.0, "what hidden pixels become, one or a list: a number (0 is black), 'mean', 'blur', 'noise', a picture"
    )

    def estimator(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> "Masks":
        size = x.shape[2], x.shape[3]
        default = -(-size[0] // CELLS), -(-size[1] // CELLS)
        window = default if self.window is None else sides(self.window, "rise.window", most=size)
        stride = sides(self.stride, "rise.stride", most=window)
        pairs = self.keep == 0.5 if self.antithetic is None else self.antithetic
        if pairs and self.keep != 0.5:
            raise BadOption(f"rise.antithetic with keep={self.keep}", "masks that show what others hide need keep=0.5")
        hidden = torch.stack(baselines(self.baseline, x, model.usual, rng), 1)
        return Masks(x, hidden, window, stride, self.keep, pairs, self.normalise)

    def told(self, model: Model, maps: Sequence[Map]) -> list[Map]:
        return [replace(one, notes=(*one.notes, *_whether_apart(one))) for one in maps]


def _whether_apart(made: Map) -> list[str]:
    """What is said of several baselines."""
    if "baseline_spread" not in made.extras:
        return []
    cells = F.adaptive_avg_pool2d(made.extras["baseline_maps"], COARSE).flatten(2)
    return [how_far_apart(made.values, made.extras["baseline_spread"], cells)]


@dataclass(frozen=True, eq=False)
class Masks:
    """Draws are masks (b,n,h,w), 1 where the picture is visible.

    hidden: the pictures (b,f,c,h,w) that take the place of what is not; a mask has f variants, one behind the other.
    """

    x: Pixels
    hidden: Tensor
    window: tuple[int, int]
    stride: tuple[int, int]
    keep: float
    pairs: bool
    normalise: str

    @property
    def size(self) -> tuple[int, int]:
        return self.x.shape[2], self.x.shape[3]

    @property
    def cells(self) -> tuple[int, int]:
        return -(-self.size[0] // self.window[0]), -(-self.size[1] // self.window[1])

    @property
    def coarse(self) -> tuple[int, int]:
        return min(COARSE, self.size[0]), min(COARSE, self.size[1])

    def draw(self, rng: Rng, block: int) -> Tensor:
        n = BLOCK // 2 if self.pairs else BLOCK
        visible = (rng.uniform(n, *self.cells) < self.keep).to(self.x.dtype)
        steps = [-(-own // step) for own, step in zip(self.window, self.stride, strict=True)]
        shifts = [step * rng.integers(most, n) for most, step in zip(steps, self.stride, strict=True)]
        masks = through_cells(visible, self.size, self.window, torch.stack(shifts, -1))
        return torch.stack([masks, 1 - masks], 2).flatten(1, 2) if self.pairs else masks

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        own, hidden = self.x[images, None, None], self.hidden[images, None]
        return (hidden + draws[:, :, None, None] * (own - hidden)).flatten(1, 2)

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        scores = scores.unflatten(2, (draws.shape[1], -1))  # (k,a,n,f)
        narrow = scores.to(draws)
        found = {
            "seen": torch.einsum("kanf,anhw->kafhw", narrow, draws),
            "visible": draws.sum(1)[None],
            "scores": scores.sum(2),
            "masks": scores.new_full((1, len(draws)), draws.shape[1]),
        }
        if self.normalise != "adjusted":
            return found
        parts = F.adaptive_avg_pool2d(draws, self.coarse).flatten(2)
        return found | {
            "parts": parts.sum(1)[None],
            "parts_together": torch.einsum("anp,anq->apq", parts, parts)[None],
            "parts_scored": torch.einsum("kanf,anp->kafp", narrow, parts),
        }

    def estimate(self, sums: Sums, image: int) -> Tensor:
        return self.of_each(sums).mean(0, keepdim=True)

    def of_each(self, sums: Sums) -> Tensor:
        """Each baseline's map (f,h,w)."""
        masks, mean = sums["masks"], (sums["scores"] / sums["masks"])[:, None, None]
        if self.normalise == "expected":
            return sums["seen"] / (self.keep * masks) - mean
        found = sums["seen"] / sums["visible"].clamp_min(1e-12) - mean
        if self.normalise == "adjusted":
            chance = self._by_chance(sums).unflatten(1, self.coarse)[:, None]
            found = found - F.interpolate(chance, self.size, mode="bilinear")[:, 0] / self.keep
        rounding = ROUNDED * torch.finfo(self.x.dtype).eps * mean.abs()
        return torch.where(found.abs().amax((1, 2), keepdim=True) > rounding, found, 0)

    def _by_chance(self, sums: Sums) -> Tensor:
        """What the maps hold because parts were shown with others more often than they are on average: (f,parts).

        The score is regressed on the parts' visibility; the map of what that explains is known without sampling, so its
        deviation in this sample is (control variates). Its expectation is zero but for terms of one over the masks.
        """
        n, mean = sums["masks"], sums["parts"] / sums["masks"]
        own = sums["parts_together"] / n - torch.outer(mean, mean)
        moved = sums["parts_scored"] / n - torch.outer(sums["scores"], mean) / n
        ridge = RIDGE / n * self.keep * (1 - self.keep) * torch.eye(len(own), dtype=own.dtype, device=own.device)
        weights: Tensor = torch.linalg.solve(own + ridge, moved.T)
        return ((own - self.covariance.to(own)) @ weights).T

    @cached_property
    def covariance(self) -> Tensor:
        """Of two parts' visibility, on the average over all masks."""
        spread = self.keep * (1 - self.keep)
        found = covariance_of_cells(self.size, self.cells, self.window, self.stride, self.coarse)
        return found * spread

    def details(self, sums: Sums, image: int) -> Sums:
        found = {"mean_score": sums["scores"].mean() / sums["masks"]}
        if self.hidden.shape[1] == 1:
            return found
        maps = self.of_each(sums)
        return found | {"baseline_maps": maps, "baseline_spread": spread(maps[None])[0]}
