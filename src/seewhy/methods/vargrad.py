"""VarGrad."""

from collections.abc import Sequence

from seewhy.model import Model
from seewhy.noisy import Noisy
from seewhy.ops.moments import moments
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "vargrad",
    Need.GRADIENT,
    title="VarGrad",
    family="gradient",
    paper="arXiv:1810.03307",
    cost="n_samples forwards and backwards",
    sign="absolute",
    random=True,
)
class VarGrad(Noisy):
    """The variance of the gradient over noisy copies: where the network's reaction itself is unsteady.

    The unbiased variance, divided by n_samples - 1. Where the score is linear in the pixels the map is blank.
    """

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        return [Map(one) for one in moments(self.gradients(model, x, targets, rng)).variance]
