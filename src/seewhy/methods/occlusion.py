"""Occlusion."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seewhy.agreement import how_far_apart, spread
from seewhy.model import Model, pair
from seewhy.model.occluding import How, Occluded, Whole
from seewhy.ops.baselines import baselines
from seewhy.ops.windows import Windows, by
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, own_scores
from seewhy.types import Map, Need, Pixels

OF_SIDE = 7  # windows of the usual size, side by side, on the input's shorter side: 32 pixels of 224


@method(
    "occlusion",
    Need.SCORES,
    title="Occlusion",
    family="perturbation",
    paper="arXiv:1311.2901",
    cost="1 forward a window and baseline, of what the window reaches",
)
class Occlusion(Together):
    """What the score loses when a window of the picture is covered, slid over all of it.

    A pixel's value is the mean over the windows that cover it. extras: window_scores (b,f,rows,columns), what the score
    loses for each of the f baselines and each window; baseline_spread (b,1,h,w), where there are several: the largest
    of their maps minus the smallest; multiplications_skipped (b,), the share of those that whole passes make.
    """

    window: Any = option(
        None, "height and width in pixels, one number for both; default a seventh of the shorter side, 32 of 224"
    )
    stride: Any = option(None, "pixels from one window to the next, down and across; default half of the window")
    baseline: Any = option(0.0, "one or a list: a number (0 is black), 'mean', 'blur', 'noise', a picture")
    incremental: How = option(
        "auto",
        "compute only what a window reaches: where that is quicker, always or never; the map is the same",
        choices=("auto", "always", "never"),
    )

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        windows = self.windows(x)
        fills = baselines(self.baseline, x, model.usual, rng)
        found = model.occluded(x, windows.boxes, fills, targets, self.incremental)
        own = own_scores(model, x, targets).to(found.scores)
        losses = (own[:, None, :, None] - found.scores).unflatten(-1, windows.grid)  # (k,f,b,rows,columns)
        return [self._map(windows, one.transpose(0, 1), found) for one in losses]

    def windows(self, x: Pixels) -> Windows:
        size = (x.shape[2], x.shape[3])
        window = pair(max(1, min(size) // OF_SIDE) if self.window is None else self.window, "occlusion.window")
        assert window is not None
        halves = (max(1, window[0] // 2), max(1, window[1] // 2))
        stride = pair(halves if self.stride is None else self.stride, "occlusion.stride")
        assert stride is not None
        return Windows(window, stride, size)

    def _map(self, windows: Windows, losses: Tensor, found: Occluded) -> Map:
        """losses (b,f,rows,columns)"""
        maps = windows.means(losses)
        values = maps.mean(1, keepdim=True)
        extras = {"window_scores": losses, "multiplications_skipped": torch.full((len(losses),), found.skipped)}
        notes = [f"{losses[0, 0].numel()} windows of {by(windows.window)} pixels every {by(windows.stride)}"]
        if losses.shape[1] > 1:
            extras["baseline_spread"] = spread(maps)
            notes.append(how_far_apart(values, extras["baseline_spread"], losses.flatten(2)))
        if not found.whole:
            notes.append(
                f"{found.skipped:.0%} of the multiplications were skipped: only what a window reaches was computed"
            )
        elif found.whole != "asked":
            notes.append(f"every window was scored by the whole network: {_because(found.whole)}")
        return Map(values, extras, notes)


def _because(whole: Whole) -> str:
    if whole == "unwritten":
        return "its forward can't be written down"
    if whole == "reach":
        return "almost all that is computed depends on what a window covers"
    if whole == "memory":
        return "the maps to be kept would take too much of the memory"
    return "that was quicker, when both were tried" if whole == "slower" else "its parts don't give what the whole does"
