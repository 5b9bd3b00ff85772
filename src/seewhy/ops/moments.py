"""Mean and variance of a stream of tensors, of which only sums are held."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass
class Moments:
    """Running mean and squared deviations, on the device of what is added (Welford, doi:10.2307/1266577).

    The mean of squares less the square of the mean would lose the digits that the two share.
    """

    count: int = 0
    mean: Any = 0.0
    _deviations: Any = 0.0

    def add(self, value: Tensor) -> None:
        self.count += 1
        step = value - self.mean
        self.mean = self.mean + step / self.count
        self._deviations = self._deviations + step * (value - self.mean)

    @property
    def variance(self) -> Tensor:
        """Unbiased: divided by count - 1."""
        found: Tensor = self._deviations / (self.count - 1)
        return found

    @property
    def standard_error(self) -> Tensor:
        """Of the mean, where the values were drawn independently."""
        return (self.variance / self.count).sqrt()


def moments(values: Iterable[Tensor]) -> Moments:
    found = Moments()
    for value in values:
        found.add(value)
    return found


def mean(values: Iterable[Tensor]) -> Tensor:
    """The mean of a stream of which one is held at a time."""
    total, count = None, 0
    for value in values:
        total, count = value if total is None else total + value, count + 1
    if total is None:
        raise ValueError("the mean of nothing")
    return total / count
