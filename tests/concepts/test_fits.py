"""Fits by inner products are scikit-learn's own on the vectors themselves."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from seewhy.concepts.fits import LOGISTIC, RIDGE, SGD, fit_all, products
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
    gram = products(x, x)
    for fit, (ours, other) in zip(fit_all(gram, pairs, name, 3), pairs, strict=True):
        rows = np.concatenate([ours, other])
        y = np.repeat([1, -1], [len(ours), len(other)])
        if theirs is None:
            spread = ((x[rows] - x[rows].mean(0)) ** 2).sum(1).mean()
            peer = RidgeClassifier(alpha=RIDGE * spread).fit(x[rows], y)
        else:
            peer = theirs.fit(x[rows], y)
        w, tight = np.ravel(peer.coef_), {"rtol": 2e-3, "atol": 2e-3 * abs(peer.decision_function(x)).max()}
        tight = {"rtol": 1e-7, "atol": 1e-7} if theirs is None or name == "sgd" else tight
        np.testing.assert_allclose(fit.decide(gram, OTHERS), peer.decision_function(x[OTHERS]), **tight)
        np.testing.assert_allclose(fit.along(products(g, x)), g @ w / np.linalg.norm(w), **tight)
        np.testing.assert_allclose(fit.norm, np.linalg.norm(w), rtol=1e-7 if theirs is None else 5e-3)


def test_vectors_that_are_all_the_same_have_no_direction() -> None:
    for name in ("ridge", "sgd"):
        (fit,) = fit_all(products(np.zeros((8, 3)), np.zeros((8, 3))), [(np.arange(4), np.arange(4, 8))], name, 0)
        assert fit.norm == 0 and np.isnan(fit.along(np.zeros((2, 8)))).all()
    same = np.full((8, 3), 5.0)
    (fit,) = fit_all(products(same, same), [(np.arange(4), np.arange(4, 8))], "ridge", 0)
    assert fit.norm == 0


def test_products_of_long_vectors_are_taken_in_double_precision() -> None:
    x = np.random.default_rng(0).normal(size=(3, 40_000)).astype(np.float32) + np.float32(100)
    wanted = x.astype(np.float64) @ x.astype(np.float64).T
    np.testing.assert_allclose(products(x, x), wanted, rtol=1e-12)


@pytest.mark.parametrize("bad", ["svm", 3, DecisionTreeClassifier()])
def test_what_is_no_linear_model_is_refused(bad: Any) -> None:
    x, _, _ = drawn(6)
    with pytest.raises(BadOption):
        fit_all(products(x, x), [(np.arange(5), np.arange(10, 15))], bad, 0)
