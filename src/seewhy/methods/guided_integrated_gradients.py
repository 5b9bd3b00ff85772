"""Guided integrated gradients."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import completeness_gap, incomplete
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import difference
from seewhy.types import Map, Need, Pixels


@method(
    "guided_integrated_gradients",
    Need.GRADIENT,
    title="Guided integrated gradients",
    family="gradient",
    paper="arXiv:2106.09788",
    cost="n_steps forwards and backwards a baseline, one after the other, 2 forwards for the gap",
)
class GuidedIntegratedGradients:
    """Integrated gradients on a path that moves the pixels with the smallest gradients first, past noisy regions.

    At each step the straight line's share of the way is walked, by those values whose gradients are smallest, none
    further than `max_dist` of the whole way ahead of the line or behind it. Anchors are points of the line through
    which the path must go.
    """

    n_steps: int = option(200, "steps from the baseline to the image, shared among the anchors", low=1, high=10_000)
    fraction: float = option(0.25, "of all values, the share that may move at a time", low=0.001, high=1)
    max_dist: float = option(0.02, "how far a value may be off the straight line; 1 leaves it free", low=0, high=1)
    anchors: int = option(0, "points of the straight line the path must go through", low=0)
    baseline: Any = option(
        0.0, "where the path starts: a number, 'mean', 'blur', 'noise', a picture, or a list of these"
    )

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        if self.n_steps <= self.anchors:
            raise BadOption(f"{self.n_steps} steps through {self.anchors} anchors", "give more steps than anchors")
        starts = baselines(self.baseline, x, model.usual, rng)
        model = replace(model, fast=False)  # gradients that are ranked: the last digit would choose another path
        values = torch.zeros_like(x)
        for start in starts:
            values += self._along(model, x, start, target) / len(starts)
        gain = difference(model, x, starts, [target])[0]
        gap = completeness_gap(values, gain)
        notes = incomplete(gap, gain, "a smaller max_dist or more anchors keep closer")
        return Map(values, {"completeness_gap": gap}, notes)

    def _along(self, model: Model, x: Pixels, start: Tensor, target: Pinned) -> Tensor:
        legs = self.anchors + 1
        steps = [self.n_steps * (leg + 1) // legs - self.n_steps * leg // legs for leg in range(legs)]
        total = torch.zeros_like(x).flatten(1).double()
        posts = [start + (x - start) * leg / legs for leg in range(legs)] + [x]
        for (begin, end), n in zip(pairwise(posts), steps, strict=True):
            total += self._leg(model, begin.flatten(1).double(), end.flatten(1).double(), n, target, x)
        return total.to(x).view_as(x)

    def _leg(self, model: Model, begin: Tensor, end: Tensor, n: int, target: Pinned, like: Tensor) -> Tensor:
        """From one post to the next (b,c*h*w), in double precision so that a path does not hang on rounding."""
        at, total = begin, torch.zeros_like(begin)
        for step in range(1, n + 1):
            grad = next(model.gradients([at.to(like).view_as(like)], target)).flatten(1).double()
            behind = begin + max(step / n - self.max_dist, 0.0) * (end - begin)
            ahead = end if step / n + self.max_dist >= 1 else begin + (step / n + self.max_dist) * (end - begin)
            left = (end - begin).abs().sum(1) * (1 - step / n)
            moved = _advance(at, grad.abs().nan_to_num(torch.inf), behind, ahead, end, left, self.fraction)
            total += (moved - at) * grad
            at = moved
        return total


def _advance(
    at: Tensor, rank: Tensor, behind: Tensor, ahead: Tensor, end: Tensor, left: Tensor, fraction: float
) -> Tensor:
    """Move each row's values of lowest rank towards `ahead`, a share at a time, until `left` (b,) lies before it."""
    lags = (end - at).abs() > (end - behind).abs()
    at = torch.where(lags, behind, at)
    whole = 1 + int(fraction * (at.shape[1] - 1))
    slack = 1e-9 * (end - behind).abs().sum(1)
    while True:
        excess = (end - at).abs().sum(1) - left
        free = (at != ahead) & (excess > slack)[:, None]
        if not free.any():
            return at
        rank = rank.masked_fill(at == ahead, torch.inf)
        chosen = free & (rank <= rank.kthvalue(whole, 1, keepdim=True).values)
        room = ((ahead - at).abs() * chosen).sum(1)
        share = (excess / room).clamp(0, 1)[:, None].nan_to_num()  # rows that are done have neither
        at = torch.where(chosen, torch.where(share < 1, at + share * (ahead - at), ahead), at)
