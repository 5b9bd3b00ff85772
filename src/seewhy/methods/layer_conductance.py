"""Layer conductance."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor

from seewhy.cams import Layers, only_layer, repeated
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "layer_conductance",
    Need.GRADIENT | Need.MAPS,
    title="Conductance",
    family="gradient",
    paper="arXiv:1805.12233",
    cost="n_steps + 1 forwards and partial backwards a baseline",
)
class LayerConductance(Together):
    """What flows through each of a layer's units on the line of pictures that integrated gradients walks.

    The integral of df/dh * dh over the layer's output h: values (b,d,r,q). They sum to the score's difference where
    all of the score passes through the layer. extras: completeness_gap (b,).
    """

    layer: Layers = option(None, "the layer; default the last maps")
    n_steps: int = option(50, "steps on the line", low=1, high=10_000)
    baseline: Any = option(0.0, "a number, 'mean', 'blur', 'noise', a picture, or a list of these")
    quadrature: str = option(
        "trapezoid",
        "each step's gradient: its left end's, its right end's or their mean",
        choices=("trapezoid", "left", "right"),
    )

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.usual, rng)
        values = mean(self._along(model, x, start, targets) for start in starts)
        hint = "take more n_steps; or the score gets around the layer"
        notes = repeated(model, x, [only_layer(self)])
        return attributed(values, difference(model, x, starts, targets), hint, notes=notes)

    def _along(self, model: Model, x: Pixels, start: Pixels, targets: Sequence[Pinned]) -> Tensor:
        points = (start + k / self.n_steps * (x - start) for k in range(self.n_steps + 1))
        left, right = {"left": (1.0, 0.0), "right": (0.0, 1.0), "trapezoid": (0.5, 0.5)}[self.quadrature]
        total: Any = 0.0
        for (maps, grads), (next_maps, next_grads) in pairwise(
            model.maps_and_gradients(points, targets, only_layer(self))
        ):
            total = total + (left * grads + right * next_grads) * (next_maps - maps)
        whole: Tensor = total
        return whole
