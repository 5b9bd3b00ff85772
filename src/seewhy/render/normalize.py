"""From raw values to -1 ... 1: one sign at a time, the few largest values clipped."""

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import BadOption
from seewhy.types import Sign

Array = NDArray[np.float32]
SIGNS: tuple[Sign, ...] = ("all", "positive", "negative", "absolute")


def keep(values: Array, sign: Sign) -> Array:
    """The part of the values a sign shows, NaN kept: all, >= 0, <= 0, or the magnitudes."""
    if sign not in SIGNS:
        raise BadOption(f"no sign '{sign}'", f"signs are {', '.join(SIGNS)}")
    if sign == "positive":
        return np.maximum(values, 0)
    if sign == "negative":
        return np.minimum(values, 0)
    return np.abs(values) if sign == "absolute" else values


def limit(values: Array, sign: Sign, outlier_perc: float = 2.0) -> float:
    """The magnitude drawn in the strongest colour; 0 where there is nothing of that sign to show.

    It is the smallest of the largest values that together make up `outlier_perc` percent of the sum of magnitudes.
    """
    if not 0 <= outlier_perc < 100:
        raise BadOption(f"outlier_perc={outlier_perc}", "give a percentage from 0 up to, not including, 100")
    sizes = np.sort(np.abs(keep(values, sign)[~np.isnan(values)]).astype(np.float64))
    sums = np.cumsum(sizes)
    if not len(sums) or sums[-1] == 0:
        return 0.0
    return float(sizes[np.argmax(sums >= sums[-1] * 0.01 * (100.0 - outlier_perc))])


def peak(values: Array, sign: Sign) -> float:
    """The largest magnitude of a sign, outliers included."""
    kept = np.abs(keep(values, sign)[~np.isnan(values)])
    return float(kept.max()) if len(kept) else 0.0


def scale(values: Array, sign: Sign, top: float) -> Array:
    """Values over `top`, clipped: -1 ... 1 for "all", 0 ... 1 for the others; NaN kept. All 0 where `top` is 0."""
    kept = keep(values, sign).astype(np.float64)
    if top == 0:
        return np.where(np.isnan(kept), np.nan, 0).astype(np.float32)
    return np.clip(kept / (-top if sign == "negative" else top), -1, 1).astype(np.float32)


def normalize(values: Array, sign: Sign, outlier_perc: float = 2.0) -> Array:
    """Values of one map scaled by their own `limit`."""
    return scale(values, sign, limit(values, sign, outlier_perc))
