"""SmoothGrad squared."""

from collections.abc import Sequence

from seewhy.model import Model
from seewhy.noisy import Noisy, with_errors
from seewhy.ops.moments import moments
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "smoothgrad_squared",
    Need.GRADIENT,
    title="SmoothGrad squared",
    family="gradient",
    paper="arXiv:1806.10758",
    cost="n_samples forwards and backwards",
    sign="absolute",
    random=True,
)
class SmoothGradSquared(Noisy):
    """The mean squared gradient of noisy copies: never negative, and large gradients outweigh small ones.

    extras: standard_error (b,c,h,w) of the mean.
    """

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        return with_errors(moments(one.square() for one in self.gradients(model, x, targets, rng)))
