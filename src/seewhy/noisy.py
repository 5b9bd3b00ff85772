"""The one way to the gradients of noisy copies; a method only says what becomes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from seewhy.model import Model
from seewhy.ops.moments import Moments
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together
from seewhy.types import Map, Pixels


@dataclass(frozen=True, kw_only=True)
class Noisy(Together):
    """Options and steps that all methods on noisy copies share."""

    n_samples: int = option(50, "noisy copies", low=2, high=100_000)
    stdev: float = option(0.15, "standard deviation of the noise, in pixels from 0 to 1, which is not clipped", low=0)

    def gradients(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> Iterator[Tensor]:
        """The scores' gradients at each noisy copy of x, (k,b,c,h,w)."""
        return model.gradients(self.copies(x, rng), targets)

    def copies(self, x: Pixels, rng: Rng) -> Iterator[Pixels]:
        for _ in range(self.n_samples):
            yield x + self.stdev * rng.normal(*x.shape[1:]).to(x)


def with_errors(found: Moments) -> list[Map]:
    """For each target the mean of what was made of its gradients, and that mean's standard error, (b,c,h,w) each."""
    return [
        Map(mean, extras={"standard_error": error})
        for mean, error in zip(found.mean, found.standard_error, strict=True)
    ]
