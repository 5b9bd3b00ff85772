"""Linear models from scikit-learn, fitted to what vectors have in common: their inner products.

A linear model with an L2 penalty (ridge, logistic regression, a linear SVM by stochastic gradient descent) ends in the
span of its training vectors and does not notice when these are turned. So it is fitted to their coordinates in that
span, as few as there are vectors, and w = sum of a_i x_i is never written out: fits of one layer share one matrix of
inner products, however long the vectors are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier

from seewhy.errors import BadOption

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Classifier = Literal["ridge", "logistic", "sgd"]
KINDS = ("ridge", "logistic", "sgd")
RIDGE = 0.1  # of the mean squared distance of training vectors from their middle
SGD = {"alpha": 0.01, "max_iter": 1000, "tol": 1e-3}
LOGISTIC = {"tol": 1e-6, "max_iter": 1000}
FLAT = 1e-12  # of the largest eigenvalue: directions in which the vectors do not differ
COLUMNS = 2**14  # of long vectors at a time in double precision


@dataclass(frozen=True, eq=False)
class Fit:
    """The boundary sum_i a_i <x_i, x> + b = 0, of training vectors `rows` (n,). norm: of w."""

    rows: Index
    a: Array
    b: float
    norm: float

    def decide(self, gram: Array, others: Index) -> Array:
        return np.asarray(gram[np.ix_(others, self.rows)] @ self.a + self.b)

    def along(self, products: Array) -> Array:
        """<g, w> / |w| for products (m,n_all) of vectors g with all x; NaN where there is no direction."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(products[:, self.rows] @ self.a / self.norm)


def products(left: NDArray[Any], right: NDArray[Any]) -> Array:
    """Inner products (m,n) of vectors (m,d) and (n,d), in double precision."""
    found = np.zeros((len(left), len(right)))
    for start in range(0, left.shape[1], COLUMNS):
        part = np.s_[:, start : start + COLUMNS]
        found += left[part].astype(np.float64) @ right[part].astype(np.float64).T
    return found


def fit_all(gram: Array, pairs: Sequence[tuple[Index, Index]], classifier: Any, seed: int) -> list[Fit]:
    """A fit a pair of vectors for (+1) and against (-1)."""
    rows = [np.concatenate(pair) for pair in pairs]
    signs = [np.repeat([1.0, -1.0], [len(pair[0]), len(pair[1])]) for pair in pairs]
    if isinstance(classifier, str) and classifier == "ridge":
        found = _alike(gram, rows, signs)
    else:
        model = estimator(classifier, seed)
        found = [_by_sklearn(gram[np.ix_(own, own)], y, model) for own, y in zip(rows, signs, strict=True)]
    return [Fit(own, a, b, _norm(gram[np.ix_(own, own)], a)) for own, (a, b) in zip(rows, found, strict=True)]


def _alike(gram: Array, rows: Sequence[Index], signs: Sequence[Array]) -> list[tuple[Array, float]]:
    """Ridge, all fits of one size at once."""
    found: dict[int, tuple[Array, float]] = {}
    for size in {len(own) for own in rows}:
        some = [i for i, own in enumerate(rows) if len(own) == size]
        own = np.stack([rows[i] for i in some])
        a, b = _ridge(gram[own[:, :, None], own[:, None, :]], np.stack([signs[i] for i in some]))
        found |= {i: (a[at], float(b[at])) for at, i in enumerate(some)}
    return [found[i] for i in range(len(rows))]


def estimator(classifier: Any, seed: int) -> Any:
    """A scikit-learn classifier by name, or the user's own. Raises BadOption."""
    if isinstance(classifier, str):
        if classifier not in KINDS:
            raise BadOption(f"classifier is {classifier!r}", f"one of {', '.join(KINDS)}, or scikit-learn's own")
        return SGDClassifier(random_state=seed, **SGD) if classifier == "sgd" else LogisticRegression(**LOGISTIC)
    if not hasattr(classifier, "fit") or not hasattr(classifier, "get_params"):
        raise BadOption(f"classifier is {classifier!r}", f"one of {', '.join(KINDS)}, or a scikit-learn linear model")
    return classifier


def _ridge(gram: Array, y: Array) -> tuple[Array, Array]:
    """scikit-learn's RidgeClassifier in its dual, with alpha = RIDGE times the mean squared distance from the middle.

    Of products (r,n,n) and signs (r,n): a (r,n) and b (r,).
    """
    n = y.shape[1]
    middle, mean = gram.mean(1), y.mean(1)
    centred = gram - middle[:, None] - middle[:, :, None] + middle.mean(1)[:, None, None]
    own = np.trace(centred, axis1=1, axis2=2) / n
    flat = own <= FLAT * np.trace(gram, axis1=1, axis2=2) / n
    centred[:, np.arange(n), np.arange(n)] += np.where(flat, 1.0, RIDGE * own)[:, None]
    a = np.linalg.solve(centred, (y - mean[:, None])[..., None])[..., 0]
    a = np.where(flat[:, None], 0.0, a - a.mean(1, keepdims=True))
    return a, mean - (a * middle).sum(1)


def _by_sklearn(gram: Array, y: Array, model: Any) -> tuple[Array, float]:
    values, turned = np.linalg.eigh(gram)
    some = values > FLAT * values[-1]
    if not some.any():
        return np.zeros(len(y)), 0.0
    lengths = np.sqrt(values[some])
    fitted = clone(model).fit(turned[:, some] * lengths, y)
    coefficients = getattr(fitted, "coef_", None)
    if coefficients is None:
        raise BadOption(f"{type(model).__name__} is no linear model", "give one that has coef_ and intercept_")
    return turned[:, some] @ (np.ravel(coefficients) / lengths), float(np.ravel(fitted.intercept_)[0])


def _norm(gram: Array, a: Array) -> float:
    return float(np.sqrt(max(0.0, a @ gram @ a)))
