"""RefineCAM."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor

from seewhy.cams import CAM
from seewhy.errors import SeewhyError, first_line
from seewhy.model import Model
from seewhy.ops.maps import enlarged, min_max, plusplus_weights
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import passing
from seewhy.types import Map, Need, Pixels


@method(
    "refinecam",
    Need.MAPS | Need.GRADIENT,
    title="RefineCAM",
    family="cam",
    paper="arXiv:2605.14641",
    cost="2 forwards, 1 partial backward; that and a forward in float64, on a copy of the network",
    sign="positive",
)
class RefineCAM(CAM):
    """The product of the Grad-CAM++ maps of several layers: what coarse and fine layers agree on.

    Each map is rectified, scaled to [0,1] and resized to the input's size (b,1,h,w). Without `layer`, the last layer
    of each grid whose cells are 4 pixels or wider. Early maps hold both signs, so that Grad-CAM++ divides by small
    differences of large sums: it is computed in float64, and a note says where that can't be done.
    """

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        if model.dtype == torch.float64:
            return super().for_targets(model, x, targets, rng)
        try:
            wide = passing(model.wide(), targets)
            with wide.frozen():
                return super().for_targets(wide, x.double(), targets, rng)
        except (SeewhyError, RuntimeError, TypeError) as error:  # no float64 on the device, or none in the network
            said = f"computed in float32, less exactly: {first_line(error)}"
            return [replace(one, notes=(*one.notes, said)) for one in super().for_targets(model, x, targets, rng)]

    def weigh(self, maps: Tensor, grads: Tensor) -> Tensor:
        return plusplus_weights(maps, grads, grads**2, grads**3, eps=1e-6) * maps

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        size = (x.shape[2], x.shape[3])
        found = super().one(model, x, target, layers, rng)
        return [reduce(torch.mul, (min_max(enlarged(one, size)) for one in found))]

    def own_layers(self, model: Model, x: Pixels) -> Sequence[str]:
        """The last of the outermost layers of each grid, and the last maps."""
        last = model.layer(None, x)
        chosen: dict[tuple[int, int] | None, str] = {}
        for one in model.census(x).layers:
            grid = one.grid
            if grid is None or one.disproved or grid[0] * 4 > x.shape[2] or grid[1] * 4 > x.shape[3]:
                continue
            if min(grid) > 1 and (grid not in chosen or one.name.count(".") <= chosen[grid].count(".")):
                chosen[grid] = one.name
        grids = {one.name: one.grid for one in model.census(x).layers}
        return tuple({**chosen, grids[last]: last}.values())
