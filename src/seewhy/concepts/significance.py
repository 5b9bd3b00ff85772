"""Whether what a concept does is more than chance.

Three things have to hold, each at the level that is asked for. The scores of the concept's CAVs differ from those of
CAVs between random sets (the t-test of arXiv:1711.11279). All of these runs share the concept's pictures, so the scores
of a set that is nothing special lie together as well, and that test alone calls it significant far more often than its
level says: so the same has to be true of scores from parts of the concept's pictures, no two of which share one. And
pictures of the concept that were held out are told from random ones at all.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr
from scipy.stats import mannwhitneyu

from seewhy.results.tcav import Verdict

Array = NDArray[np.float64]
Correction = Literal["bonferroni", "holm", "none"]
CORRECTIONS = ("bonferroni", "holm", "none")


def scores_differ(scores: Array, random: Array) -> float:
    """p of the two-sided t-test with equal variances; 1 where all of both are one number, NaN where one is NaN."""
    if not (np.isfinite(scores).all() and np.isfinite(random).all()):
        return float("nan")
    n, m = len(scores), len(random)
    pooled = ((n - 1) * scores.var(ddof=1) + (m - 1) * random.var(ddof=1)) / (n + m - 2)
    apart = abs(float(scores.mean() - random.mean()))
    if pooled <= 1e-24:  # scores that are all 1 have no variance, but for rounding
        return 0.0 if apart > 1e-12 else 1.0
    return float(2 * stdtr(n + m - 2, -apart / (pooled * (1 / n + 1 / m)) ** 0.5))


def attainable(n: int, random: Array) -> float:
    """The smallest p that n scores can have against these: all of them 0, or all 1. NaN where one of these is NaN."""
    return min(scores_differ(np.full(n, end), random) for end in (0.0, 1.0))


def told_apart(concept: Array, random: Array) -> float:
    """p of the one-sided rank test that held-out pictures of the concept lie further along its CAVs."""
    if not (np.isfinite(concept).all() and np.isfinite(random).all()):
        return float("nan")
    if np.ptp(np.concatenate([concept, random])) == 0:
        return 1.0
    return float(mannwhitneyu(concept, random, alternative="greater").pvalue)


def corrected(p: Sequence[float], how: str) -> list[float]:
    """p-values for as many tests as there are; NaN stays, and counts as a test."""
    values = np.asarray(p, float)
    n = len(values)
    if how == "none":
        return [float(one) for one in values]
    if how == "bonferroni":
        return [float(one) for one in np.minimum(1, n * values)]
    order = np.argsort(values)  # NaN last
    found = np.full(n, np.nan)
    found[order] = np.maximum.accumulate(np.minimum(1, (n - np.arange(n)) * values[order]))
    return [float(one) for one in found]


def verdict(p: float, level: float) -> Verdict:
    return "undefined" if np.isnan(p) else "significant" if p < level else "not significant"
