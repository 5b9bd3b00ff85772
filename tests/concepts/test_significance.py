"""The tests are scipy's, corrections hold, and noise against noise does not pass."""

import numpy as np
import pytest
from scipy.stats import ttest_ind

from seewhy.concepts.significance import corrected, scores_differ, told_apart, verdict
from seewhy.concepts.trials import Halves, Null, Space, fitted, measured, needed, parts_of

SETS, SIZE, D, SEEDS = 10, 30, 24, 400


def test_the_t_test_is_scipys_two_sided_one() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(10), rng.random(12)
    assert scores_differ(a, b) == pytest.approx(ttest_ind(a, b).pvalue)
    assert scores_differ(b, a) == pytest.approx(scores_differ(a, b))
    assert scores_differ(np.ones(10), np.ones(10)) == 1.0 and scores_differ(np.ones(10), np.zeros(10)) == 0
    assert 0 < scores_differ(np.ones(10), np.r_[np.zeros(5), np.ones(5)]) < 0.05
    assert np.isnan(scores_differ(np.r_[1.0, np.nan], b))


def test_told_apart_is_one_sided() -> None:
    low, high = np.arange(10.0), np.arange(10.0) + 20
    assert told_apart(high, low) < 1e-4 and told_apart(low, high) > 0.99 and told_apart(low, low) > 0.4
    assert told_apart(np.zeros(4), np.zeros(9)) == 1.0 and np.isnan(told_apart(np.full(3, np.nan), low))


def test_corrections_are_those_of_their_authors() -> None:
    p = [0.01, 0.04, 0.03, float("nan"), 0.005]
    np.testing.assert_allclose(corrected(p, "bonferroni"), [0.05, 0.2, 0.15, np.nan, 0.025])
    np.testing.assert_allclose(corrected(p, "holm"), [0.04, 0.09, 0.09, np.nan, 0.025])
    np.testing.assert_allclose(corrected(p, "none"), p)
    assert corrected([0.9, 0.8], "bonferroni") == [1, 1] and corrected([0.9, 0.8], "holm") == [1, 1]
    assert [verdict(one, 0.05) for one in (0.04, 0.05, float("nan"))] == ["significant", "not significant", "undefined"]


def of_noise(seed: int, shift: float = 0.0, matters: bool = True) -> tuple[float, float, float, float]:
    """The p-values of a concept whose pictures are drawn as random ones are, but for a shift along one axis.

    matters: whether the score depends on that axis.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=((SETS + 1) * SIZE, D))
    vectors[:SIZE, 0] += shift
    axis = np.eye(D)[0]
    grads = rng.normal(size=D) + axis * 8 * bool(shift) + 0.5 * rng.normal(size=(20, D))
    if not matters:
        grads[:, 0] = 0
    own, *others = (Halves.of(np.arange(SIZE) + i * SIZE, (seed, i)) for i in range(SETS + 1))
    size = len(parts_of(own.train)[0])
    blocks = needed([own], others, size)
    space = Space.of("layer", vectors.astype(np.float32), grads.astype(np.float32), blocks)
    null = Null.of(space, others, size, "ridge", 0)
    trials = fitted(space, [(own, one) for one in others], "ridge", 0)
    one = measured(space, "noise", trials, own, null, others)
    return one.p_scores, one.p_parts, one.p_told, one.p


def test_noise_against_noise_does_not_pass_and_the_papers_test_alone_would() -> None:
    """Of 400 concepts that are nothing but more random pictures, at a level of 5 % for each."""
    found = np.array([of_noise(seed) for seed in range(SEEDS)]) < 0.05
    scores, parts, told, passed = found.mean(0)
    print(f"below .05: t-test {scores:.3f}, of parts {parts:.3f}, held out {told:.3f}, all three {passed:.4f}")
    assert scores > 0.15, "the runs share the concept's pictures: if that does no harm, two of three tests can go"
    assert parts < 0.05 + 3 * (0.05 * 0.95 / SEEDS) ** 0.5
    assert told < 0.05 + 3 * (0.05 * 0.95 / SEEDS) ** 0.5
    assert passed < 0.02


def test_a_concept_that_is_there_passes() -> None:
    found = np.array([of_noise(seed, shift=3.0)[3] for seed in range(40)])
    assert (found < 0.05).mean() > 0.95


def test_a_concept_that_is_told_apart_and_does_not_matter_does_not_pass() -> None:
    """What its CAVs have besides the shift is the chance of its own pictures, which all runs share."""
    found = np.array([of_noise(seed, shift=2.0, matters=False) for seed in range(SEEDS // 2)]) < 0.05
    scores, parts, told, passed = found.mean(0)
    print(f"below .05: t-test {scores:.3f}, of parts {parts:.3f}, held out {told:.3f}, all three {passed:.3f}")
    assert told > 0.95 and scores > 0.15
    assert passed < 0.05 + 3 * (0.05 * 0.95 / (SEEDS // 2)) ** 0.5
