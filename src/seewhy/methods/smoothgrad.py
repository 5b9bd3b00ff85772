"""SmoothGrad."""

from collections.abc import Iterable, Iterator, Sequence

from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.noisy import Noisy, with_errors
from seewhy.ops.moments import moments
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Need, Pixels


@method(
    "smoothgrad",
    Need.GRADIENT,
    title="SmoothGrad",
    family="gradient",
    paper="arXiv:1706.03825",
    cost="n_samples forwards and backwards",
    sign="absolute",
    random=True,
)
class SmoothGrad(Noisy):
    """The mean gradient of noisy copies: what the score reacts to around the picture, not just at it.

    extras: standard_error (b,c,h,w) of the mean.
    """

    of: str = option(
        "gradient",
        "mean of signed gradients, as the paper has it, or of absolute ones",
        choices=("gradient", "saliency"),
    )
    antithetic: bool = option(False, "noise in pairs of opposite sign, whose odd parts cancel; n_samples is then even")

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        if self.antithetic and (self.n_samples % 2 or self.n_samples < 4):
            raise BadOption(f"smoothgrad.n_samples is {self.n_samples} with antithetic", "give an even number from 4")
        gradients = self.gradients(model, x, targets, rng)
        if self.of == "saliency":
            gradients = (one.abs() for one in gradients)
        found = moments(_pair_means(gradients) if self.antithetic else gradients)
        return with_errors(found)

    def copies(self, x: Pixels, rng: Rng) -> Iterator[Pixels]:
        if not self.antithetic:
            yield from super().copies(x, rng)
            return
        for _ in range(self.n_samples // 2):
            noise = self.stdev * rng.normal(*x.shape[1:]).to(x)
            yield x + noise
            yield x - noise


def _pair_means(values: Iterable[Tensor]) -> Iterator[Tensor]:
    """The mean of each two: these are independent, while the two are not."""
    ones = iter(values)
    for one, other in zip(ones, ones, strict=True):
        yield (one + other) / 2
