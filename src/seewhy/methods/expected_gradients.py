"""Expected gradients."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from seewhy.background import background, mean_scores
from seewhy.cams import Layers, only_layer, repeated
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.ops.completeness import sampled
from seewhy.ops.lines import mean_gain, random_lines
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together, own_scores
from seewhy.types import Map, Need, Pixels


@method(
    "expected_gradients",
    Need.GRADIENT,
    title="Expected gradients",
    family="gradient",
    paper="arXiv:1906.10670",
    cost="n_samples forwards and backwards, 1 forward a background picture",
    random=True,
)
class ExpectedGradients(Together):
    """Integrated gradients averaged over a background of pictures: the parts of what sets this one apart from them.

    (x - x') * gradient at x' + a(x - x'), averaged over pictures x' and places a in [0,1]. With a layer, x and x' are
    what the layer is given, and the values (b,d,r,q). They sum to f(x) - mean f(background), at a layer where all of
    the score passes through it. With local_smoothing, x is a noisy copy in each draw, and f(x) the mean over them.
    extras: standard_error (b,d,r,q) of the values; completeness_gap (b,) and completeness_standard_error (b,) of
    their sum; these take the draws for independent, which is too much where they are stratified.
    """

    n_samples: int = option(200, "draws of a picture and a place", low=2, high=1_000_000)
    background: Any = option(
        None, "photos to compare with: a folder, a list, a tensor (m,c,h,w) in [0,1]; default 5 plain greys"
    )
    layer: Layers = option(None, "explain what this layer is given; default the pixels")
    local_smoothing: float = option(0.0, "standard deviation of noise on x, in pixels or the layer's units", low=0)
    stratified: bool = option(True, "pictures take turns and places are spread evenly; else drawn independently")

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        pictures, notes = background(self.background, model, x)
        where: Any = model
        end, starts = x, pictures
        if self.layer is not None:
            name = only_layer(self)
            notes = [*notes, *repeated(model, x, [name])]
            where = replace(model, memo=None).tail(x, name, at="input")
            end, starts = where.maps(), where.maps(pictures)
            if end.ndim != 4:
                raise Unsupported(f"layer {name!r} is given {tuple(end.shape[1:])}, not maps", "name a layer before it")
        lines = random_lines(
            end,
            starts[:, None].expand(-1, len(x), *end.shape[1:]),
            rng,
            self.n_samples,
            stdev=self.local_smoothing,
            stratified=self.stratified,
        )
        values, totals = mean_gain(lines, partial(where.gradients, target=targets))
        difference = own_scores(model, x, targets) - mean_scores(model, pictures, targets, len(x))
        hint = "draw more n_samples" + ("; or the score gets around the layer" if self.layer else "")
        return sampled(values, totals, difference, hint, notes=notes)
