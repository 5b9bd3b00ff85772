"""Layer integrated gradients."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from seewhy.cams import Layers, only_layer, repeated
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.completeness import attributed
from seewhy.ops.moments import mean
from seewhy.ops.paths import QUADRATURES, line_integral
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, difference
from seewhy.types import Map, Need, Pixels


@method(
    "layer_integrated_gradients",
    Need.GRADIENT | Need.MAPS,
    title="Layer integrated gradients",
    family="gradient",
    paper="arXiv:1703.01365",
    cost="n_steps forwards and partial backwards a baseline",
)
class LayerIntegratedGradients(Together):
    """Integrated gradients on the straight line between a layer's maps of a baseline and of the picture.

    Values (b,d,r,q) are the layer's. They sum to the score's difference where all of the score passes through it.
    extras: completeness_gap (b,).
    """

    layer: Layers = option(None, "the layer; default the last maps")
    at: str = option("output", "what it returns or what it is given", choices=("output", "input"))
    n_steps: int = option(50, "points on the line", low=1, high=10_000)
    baseline: Any = option(0.0, "a number, 'mean', 'blur', 'noise', a picture, or a list of these")
    quadrature: str = option("gausslegendre", "how the points are placed and weighted", choices=QUADRATURES)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        starts = baselines(self.baseline, x, model.usual, rng)
        tail = replace(model, memo=None).tail(x, only_layer(self), at=self.at)  # type: ignore[arg-type]  # one of its choices
        end, gradients = tail.maps(), partial(tail.gradients, target=targets)
        lines = (line_integral(tail.maps(start), end, gradients, self.quadrature, self.n_steps) for start in starts)
        hint = "take more n_steps; or the score gets around the layer"
        notes = repeated(model, x, [only_layer(self)])
        return attributed(mean(lines), difference(model, x, starts, targets), hint, notes=notes)
