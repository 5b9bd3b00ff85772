"""RISE."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.grids import sides, through_cells
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.sampling import BLOCK, Sampled, Sums
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels

CELLS = 7  # on each side, as the paper has it


@method(
    "rise",
    Need.SCORES,
    title="RISE",
    family="perturbation",
    paper="arXiv:1806.07421",
    cost="n_samples forwards",
    sign="positive",
    random=True,
    score="probability",
    half=True,
)
class RISE(Sampled):
    """How much more the picture scores when a pixel is visible, over random masks of soft blobs.

    The paper's map is this plus the mean score of all masks, extras mean_score (b,).
    """

    window: Any = option(None, "pixels of a mask's cell: a number or height,width; default a seventh of the picture")
    stride: Any = option(1, "masks are shifted by multiples of this many pixels")
    keep: float = option(0.5, "chance that a cell is visible", low=0.01, high=0.99)
    antithetic: bool | None = option(None, "masks in pairs that show what the other hides; default where keep is 0.5")
    normalise: str = option(
        "pixel",
        "divide by how much of a pixel was really visible, or, as the paper, by how much is to be expected",
        choices=("pixel", "expected"),
    )
    baseline: Any = option(0.0, "what hidden pixels become: a number (0 is black), 'mean', 'blur', 'noise', a picture")

    def estimator(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> "Masks":
        size = x.shape[2], x.shape[3]
        default = -(-size[0] // CELLS), -(-size[1] // CELLS)
        window = default if self.window is None else sides(self.window, "rise.window", most=size)
        stride = sides(self.stride, "rise.stride", most=window)
        pairs = self.keep == 0.5 if self.antithetic is None else self.antithetic
        if pairs and self.keep != 0.5:
            raise BadOption(f"rise.antithetic with keep={self.keep}", "masks that show what others hide need keep=0.5")
        (hidden,) = baselines([self.baseline], x, model.mean, rng)
        return Masks(x, hidden, window, stride, self.keep, pairs, self.normalise == "pixel")


@dataclass(frozen=True, eq=False)
class Masks:
    """Draws are masks (b,n,h,w), 1 where the picture is visible."""

    x: Pixels
    hidden: Pixels
    window: tuple[int, int]
    stride: tuple[int, int]
    keep: float
    pairs: bool
    by_pixel: bool

    def draw(self, rng: Rng, block: int) -> Tensor:
        n = BLOCK // 2 if self.pairs else BLOCK
        size = self.x.shape[2], self.x.shape[3]
        cells = tuple(-(-side // own) for side, own in zip(size, self.window, strict=True))
        visible = (rng.uniform(n, *cells) < self.keep).to(self.x.dtype)
        shifts = [step * rng.integers(-(-own // step), n) for own, step in zip(self.window, self.stride, strict=True)]
        masks = through_cells(visible, size, self.window, torch.stack(shifts, -1))
        return torch.stack([masks, 1 - masks], 2).flatten(1, 2) if self.pairs else masks

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        own, hidden = self.x[images, None], self.hidden[images, None]
        return hidden + draws[:, :, None] * (own - hidden)

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        return {
            "seen": torch.einsum("kan,anhw->kahw", scores.to(draws), draws),
            "visible": draws.sum(1)[None],
            "scores": scores.sum(2),
            "masks": scores.new_full((1, len(draws)), draws.shape[1]),
        }

    def estimate(self, sums: Sums, image: int) -> Tensor:
        weight = sums["visible"].clamp_min(1e-12) if self.by_pixel else self.keep * sums["masks"]
        return (sums["seen"] / weight - sums["scores"] / sums["masks"])[None]

    def details(self, sums: Sums, image: int) -> Sums:
        return {"mean_score": sums["scores"] / sums["masks"]}
