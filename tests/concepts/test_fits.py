"""Fits by inner products are scikit-learn's own on the vectors themselves."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from seewhy.concepts.fits import LOGISTIC, RIDGE, SGD, directions, fit_all
from seewhy.concepts.products import cross, gram
from seewhy.errors import BadOption

OTHERS = np.arange(40, 60)


def drawn(d: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors (60,d) away from zero, of which some lean one way, and two overlapping pairs of rows."""
    rng = np.random.default_rng(d)
    x = rng.normal(size=(60, d)) + 2
    x[:15, : d // 2] += 0.7
    return x, np.arange(40), rng.normal(size=(5, d))


@pytest.mark.parametrize("d", [6, 300])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("ridge", None),
        ("logistic", LogisticRegression(**LOGISTIC)),
        ("sgd", SGDClassifier(random_state=3, **SGD)),
        (LogisticRegression(C=0.2, tol=1e-8, max_iter=9999), LogisticRegression(C=0.2, tol=1e-8, max_iter=9999)),
        (LinearSVC(tol=1e-9, max_iter=99999), LinearSVC(tol=1e-9, max_iter=99999)),
    ],
    ids=["ridge", "logistic", "sgd", "own logistic", "own svm"],
)
def test_boundaries_are_those_of_scikit_learn(d: int, name: Any, theirs: Any) -> None:
    x, _, g = drawn(d)
    pairs = [(np.arange(15), np.arange(20, 35)), (np.arange(15), np.arange(25, 40)), (np.arange(9), np.arange(22, 31))]
    inner = of_all(x)
    fits = fit_all(inner, pairs, name, 3)
    decided = fits.decide(inner, [OTHERS, OTHERS[1:], OTHERS])
    for i, (ours, other) in enumerate(pairs):
        rows = np.concatenate([ours, other])
        y = np.repeat([1, -1], [len(ours), len(other)])
        if theirs is None:
            spread = ((x[rows] - x[rows].mean(0)) ** 2).sum(1).mean()
            peer = RidgeClassifier(alpha=RIDGE * spread).fit(x[rows], y)
        else:
            peer = theirs.fit(x[rows], y)
        w, tight = np.ravel(peer.coef_), {"rtol": 2e-3, "atol": 2e-3 * abs(peer.decision_function(x)).max()}
        tight = {"rtol": 1e-7, "atol": 1e-7} if theirs is None or name == "sgd" else tight
        np.testing.assert_allclose(decided[i], peer.decision_function(x[OTHERS])[i == 1 :], **tight)
        np.testing.assert_allclose(fits.along(g @ x.T)[i], g @ w / np.linalg.norm(w), **tight)
        np.testing.assert_allclose(fits.norms[i], np.linalg.norm(w), rtol=1e-7 if theirs is None else 5e-3)
        np.testing.assert_allclose(
            directions([fits], x)[0][i], w / np.linalg.norm(w), atol=1e-6 if theirs is None else 5e-3
        )


def of_all(x: np.ndarray) -> np.ndarray:
    return gram(x, [(np.arange(len(x)), np.arange(len(x)))])


def test_vectors_that_are_all_the_same_have_no_direction() -> None:
    pair = [(np.arange(4), np.arange(4, 8))]
    for name, x in (("ridge", np.zeros((8, 3))), ("sgd", np.zeros((8, 3))), ("ridge", np.full((8, 3), 5.0))):
        fits = fit_all(of_all(x), pair, name, 0)
        assert fits.norms == 0 and np.isnan(fits.along(np.zeros((2, 8)))).all() and not directions([fits], x)[0].any()


def test_products_of_long_vectors_lose_nothing_to_their_mean() -> None:
    x = np.random.default_rng(0).normal(size=(6, 40_000)).astype(np.float32) + np.float32(100)
    wanted = x.astype(np.float64) @ x.astype(np.float64).T
    scale = float(((x - x.mean(0)) ** 2).sum(1).mean())
    assert abs(of_all(x) - wanted).max() < 1e-5 * scale < 1e-7 * wanted.max()
    np.testing.assert_allclose(cross(x[:2], x), wanted[:2], rtol=1e-6)
    x -= np.float32(99)
    wanted = x.astype(np.float64) @ x.astype(np.float64).T
    assert abs(of_all(x) - wanted).max() < 1e-5 * scale


def test_products_are_of_the_blocks_asked_for_alone() -> None:
    x = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    found = gram(x, [(np.array([0, 1]), np.array([0, 1, 4]))])
    np.testing.assert_allclose(found[:2, [0, 1, 4]], (x @ x.T)[:2, [0, 1, 4]], rtol=1e-5)
    np.testing.assert_allclose(found[4, :2], found[:2, 4])
    assert np.isnan(found[2:4]).all() and np.isnan(found[5]).all() and np.isnan(found[4, 4])


@pytest.mark.parametrize("bad", ["svm", 3, DecisionTreeClassifier()])
def test_what_is_no_linear_model_is_refused(bad: Any) -> None:
    x, _, _ = drawn(6)
    with pytest.raises(BadOption):
        fit_all(of_all(x), [(np.arange(5), np.arange(10, 15))], bad, 0)
