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
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, SGDClassifier

from seewhy.concepts.products import SHORT
from seewhy.errors import BadOption

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Classifier = Literal["ridge", "logistic", "sgd"]
KINDS = ("ridge", "logistic", "sgd")
RIDGE = 0.1  # of the mean squared distance of training vectors from their middle
SGD = {"alpha": 0.01, "max_iter": 1000, "tol": 1e-3}
LOGISTIC = {"tol": 1e-6, "max_iter": 1000}
FLAT = 1e-10  # of the largest eigenvalue: directions in which the vectors do not differ


@dataclass(frozen=True, eq=False)
class Fits:
    """Boundaries sum_i a_i <x_i, x> + b = 0: a (r,n) of all n vectors, 0 for those it was not fitted to, b (r,).

    norms (r,): of w = sum_i a_i x_i; 0 where there is no direction.
    """

    a: Array
    b: Array
    norms: Array

    def __len__(self) -> int:
        return len(self.a)

    def decide(self, gram: Array, rows: Sequence[Index]) -> list[Array]:
        """On which side of each boundary, and how far, some of the vectors lie, others for each."""
        used = [one.nonzero()[0] for one in self.a]
        found = [np.zeros(0)] * len(rows)
        shapes = [(len(some), len(own)) for some, own in zip(rows, used, strict=True)]
        for shape in set(shapes):  # fits of one shape at once
            alike = [i for i, one in enumerate(shapes) if one == shape]
            some, own = np.stack([rows[i] for i in alike]), np.stack([used[i] for i in alike])
            inner = gram[some[:, :, None], own[:, None, :]]
            sums = (inner @ np.take_along_axis(self.a[alike], own, 1)[..., None])[..., 0] + self.b[alike, None]
            for i, one in zip(alike, sums, strict=True):
                found[i] = one
        return found

    def along(self, products: Array) -> Array:
        """<g, w> / |w| for products (m,n) of vectors g with all x: (r,m); NaN where there is no direction."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.a @ products.T / self.norms[:, None])


def directions(fits: Sequence[Fits], vectors: NDArray[Any]) -> list[NDArray[np.float32]]:
    """Of each (r,d), of length 1; zeros where there is none. The vectors are read once for all."""
    kind = np.float32 if vectors.shape[1] > SHORT else np.float64
    scaled = np.concatenate([one.a / np.where(one.norms > 0, one.norms, 1.0)[:, None] for one in fits]).astype(kind)
    product = torch.from_numpy(scaled) @ torch.from_numpy(vectors.astype(kind, copy=False))
    found = np.asarray(product.numpy(), np.float32)
    return np.split(found, np.cumsum([len(one) for one in fits])[:-1])


def fit_all(gram: Array, pairs: Sequence[tuple[Index, Index]], classifier: Any, seed: int) -> Fits:
    """A fit a pair of vectors for (+1) and against (-1)."""
    rows = [np.concatenate(pair) for pair in pairs]
    signs = [np.repeat([1.0, -1.0], [len(pair[0]), len(pair[1])]) for pair in pairs]
    found = Fits(np.zeros((len(rows), len(gram))), np.zeros(len(rows)), np.zeros(len(rows)))
    model = None if isinstance(classifier, str) and classifier == "ridge" else estimator(classifier, seed)
    for size in sorted({len(own) for own in rows}):
        some = np.array([i for i, own in enumerate(rows) if len(own) == size])
        own, y = np.stack([rows[i] for i in some]), np.stack([signs[i] for i in some])
        inner = gram[own[:, :, None], own[:, None, :]]
        a, b = _ridge(inner, y) if model is None else _by_sklearn(inner, y, model)
        found.a[some[:, None], own], found.b[some] = a, b
        found.norms[some] = np.sqrt(np.maximum(0, (a[:, None] @ inner @ a[..., None])[:, 0, 0]))
    return found


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


def _by_sklearn(gram: Array, y: Array, model: Any) -> tuple[Array, Array]:
    """The same by a classifier of scikit-learn's, on coordinates in the span of the vectors."""
    each = [_one_by_sklearn(*one, model) for one in zip(gram, y, strict=True)]
    return np.stack([a for a, _ in each]), np.array([b for _, b in each])


def _one_by_sklearn(gram: Array, y: Array, model: Any) -> tuple[Array, float]:
    values, turned = np.linalg.eigh(gram)
    some = values > FLAT * values.max()
    if not some.any():
        return np.zeros(len(y)), 0.0
    lengths = np.sqrt(values[some])
    fitted = clone(model).fit(turned[:, some] * lengths, y)
    coefficients = getattr(fitted, "coef_", None)
    if coefficients is None:
        raise BadOption(f"{type(model).__name__} is no linear model", "give one that has coef_ and intercept_")
    return turned[:, some] @ (np.ravel(coefficients) / lengths), float(np.ravel(fitted.intercept_)[0])
