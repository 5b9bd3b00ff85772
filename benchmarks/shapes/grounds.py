"""Textured grounds: noise at three scales, stripes and a gradient, mixed anew in each picture, of two colours."""

import numpy as np
from numpy.typing import NDArray

NOISES = (4, 12, 37)  # cells a side


def grounds(n: int, side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n,side,side,3) in [0,1]. Colours are of any hue, but paler than a shape's, and neither black nor white."""
    field = np.zeros((n, side, side), np.float32)
    weights = rng.dirichlet((0.5,) * (len(NOISES) + 2), n).astype(np.float32)  # few parts outweigh the others
    for cells, weight in zip(NOISES, weights.T, strict=False):
        rows = _linear(cells, side)
        noise = rng.uniform(-1, 1, (n, cells, cells)).astype(np.float32)
        field += weight[:, None, None] * (rows @ noise @ rows.T)
    field += weights[:, -2, None, None] * _stripes(n, side, rng)
    field += weights[:, -1, None, None] * _gradient(n, side, rng)
    first, second = (_pale(n, rng)[:, None, None] for _ in range(2))
    mixed = np.clip(0.5 + 0.7 * field, 0, 1)[..., None] * (second - first)
    mixed += first
    return mixed


def _linear(cells: int, side: int) -> NDArray[np.float32]:
    """(side,cells): what reads `cells` values at `side` places, linearly between them."""
    at = np.linspace(0, cells - 1, side)
    return np.maximum(0, 1 - abs(at[:, None] - np.arange(cells))).astype(np.float32)


def _stripes(n: int, side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    turn = rng.uniform(0, np.pi, n)
    pace = 2 * np.pi / rng.uniform(0.06, 0.3, n)
    return np.sin(_slope(np.cos(turn) * pace, np.sin(turn) * pace, side) + _column(rng.uniform(0, 7, n)))


def _gradient(n: int, side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    turn = rng.uniform(0, 2 * np.pi, n)
    return _slope(np.cos(turn), np.sin(turn), side)


def _slope(across: NDArray[np.float64], down: NDArray[np.float64], side: int) -> NDArray[np.float32]:
    at = np.linspace(-1, 1, side, dtype=np.float32)
    return _column(across) * at + _column(down) * at[:, None]


def _column(values: NDArray[np.float64]) -> NDArray[np.float32]:
    return values.astype(np.float32)[:, None, None]


def _pale(n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """(n,3): a grey between a quarter and three quarters, tinted."""
    return (rng.uniform(0.3, 0.7, (n, 1)) + rng.uniform(-0.14, 0.14, (n, 3))).astype(np.float32)
