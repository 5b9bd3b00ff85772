"""Layer integrated gradients."""

from dataclasses import replace
from typing import Any

import torch

from seewhy.cams import Layers, only_layer, repeated
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import completeness_gap, incomplete
from seewhy.ops.paths import QUADRATURES, line_integral
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "layer_integrated_gradients",
    Need.GRADIENT | Need.MAPS,
    title="Layer integrated gradients",
    family="gradient",
    paper="arXiv:1703.01365",
    cost="n_steps forwards and partial backwards a baseline",
)
class LayerIntegratedGradients:
    """Integrated gradients on the straight line between a layer's maps of a baseline and of the picture.

    Values (b,d,r,q) are the layer's. They sum to the score's difference where all of the score passes through it.
    extras: completeness_gap (b,).
    """

    layer: Layers = option(None, "the layer; default the last maps")
    at: str = option("output", "what it returns or what it is given", choices=("output", "input"))
    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(0.0, "a number, 'mean', 'blur', 'noise', a picture, or a list of these")
    quadrature: str = option("gausslegendre", "how the points are placed and weighted", choices=QUADRATURES)

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        starts = baselines(self.baseline, x, model.mean, rng)
        tail = replace(model, memo=None).tail(x, only_layer(self), at=self.at)  # type: ignore[arg-type]
        end = tail.maps()
        values = torch.zeros_like(end)
        for start in starts:
            part = line_integral(
                tail.maps(start), end, lambda points: tail.gradients(points, target), self.quadrature, self.n_steps
            )
            values += part / len(starts)
        ends = model.scores([x, *starts], target)
        difference = ends[:, 0] - ends[:, 1:].mean(1)
        gap = completeness_gap(values, difference)
        notes = incomplete(gap, difference, "take more n_steps; or the score gets around the layer")
        return Map(values, {"completeness_gap": gap}, [*repeated(model, x, [only_layer(self)]), *notes])
