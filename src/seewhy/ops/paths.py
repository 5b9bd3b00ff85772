"""Points on a line and their weights, for integrals from 0 to 1."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from torch import Tensor

QUADRATURES = ("gausslegendre", "midpoint", "trapezoid", "left", "right")


def quadrature(name: str, n: int) -> tuple[list[float], list[float]]:
    """n places in [0,1] and weights that sum to 1."""
    if name == "gausslegendre":
        nodes, weights = np.polynomial.legendre.leggauss(n)
        return ((nodes + 1) / 2).tolist(), (weights / 2).tolist()
    even = [1 / n] * n
    if name == "midpoint":
        return ((np.arange(n) + 0.5) / n).tolist(), even
    if name == "left":
        return (np.arange(n) / n).tolist(), even
    if name == "right":
        return (np.arange(1, n + 1) / n).tolist(), even
    if n == 1:
        return [0.5], [1.0]  # one point has no ends to halve
    inner = np.ones(n)
    inner[[0, -1]] = 0.5
    return np.linspace(0, 1, n).tolist(), (inner / inner.sum()).tolist()


def line_integral(
    start: Tensor, end: Tensor, gradients: Callable[[Iterable[Tensor]], Iterator[Tensor]], name: str, n: int
) -> Tensor:
    """Each element's part of the scores' gains from start to end (b,...), by n points of a quadrature: (k,b,...).

    gradients: for each variant (b,...), the scores' gradients there (k,b,...), or one score's (b,...).
    """
    places, weights = quadrature(name, n)
    total: Any = 0.0
    points = (start + place * (end - start) for place in places)
    for weight, gradient in zip(weights, gradients(points), strict=True):
        total += weight * gradient
    whole: Tensor = (end - start) * total
    return whole
