"""How a class's score moves as a picture is taken away, or given back, pixel by pixel in a map's order."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seewhy.types import Passes

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """shares (n+1,): of the picture's pixels that are gone (deletion) or back (insertion), from 0 to 1.

    values (b,n+1): the score at each, of b images. random (m,b,n+1): the same in the order of m maps that are this one
    moved by chance. score: "probability", or "answer" of a function. fill: what hidden pixels were replaced by.
    """

    kind: Literal["deletion", "insertion"]
    shares: Array
    values: Array
    random: Array
    score: str
    fill: str
    passes: Passes

    @property
    def area(self) -> Array:
        """(b,) Under the curve, by trapezoids."""
        return area(self.shares, self.values)

    @property
    def random_area(self) -> Array:
        """(b,) The mean area of the maps moved by chance; NaN where there is none."""
        return self._over_maps(area(self.shares, self.random))

    @property
    def random_values(self) -> Array:
        """(b,n+1) The mean curve of the maps moved by chance; NaN where there is none."""
        return self._over_maps(self.random)

    def _over_maps(self, values: Array) -> Array:
        return np.asarray(values.mean(0) if len(self.random) else np.full(values.shape[1:], np.nan))


def area(shares: Array, values: Array) -> Array:
    """Under values (...,n+1) at shares (n+1,), by trapezoids."""
    return np.asarray((np.diff(shares) * (values[..., 1:] + values[..., :-1]) / 2).sum(-1))
