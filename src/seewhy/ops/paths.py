"""Points on a line and their weights, for integrals from 0 to 1."""

import numpy as np

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
