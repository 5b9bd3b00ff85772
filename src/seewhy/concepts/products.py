"""Inner products of vectors, of those that are asked for alone."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
SHORT = 2**10  # numbers: longer vectors are multiplied in single precision, less their mean
COLUMNS = 2**13  # of long vectors at a time
SOME = 50  # vectors whose mean stands for all
NEAR = 10  # times the mean squared distance from the middle


def gram(vectors: NDArray[Any], blocks: Iterable[tuple[Index, Index]]) -> Array:
    """Inner products (n,n) of vectors (n,d), in the blocks of some rows with others; NaN elsewhere."""
    found = np.full((len(vectors), len(vectors)), np.nan)
    middle = _far(vectors) if vectors.shape[1] > SHORT else None
    own = vectors if middle is None else vectors - middle
    own = own if own.shape[1] > SHORT else own.astype(np.float64)
    for some, others in blocks:
        part = cross(_rows(own, some), _rows(own, others))
        found[np.ix_(some, others)] = part
        found[np.ix_(others, some)] = part.T
    return found if middle is None else found + _of_middle(vectors, middle.astype(np.float64))


def cross(left: NDArray[Any], right: NDArray[Any]) -> Array:
    """Inner products (m,n) of vectors (m,d) and (n,d); of long ones in single precision, added up in double."""
    if left.shape[1] <= SHORT:
        return np.asarray(left.astype(np.float64, copy=False) @ right.astype(np.float64, copy=False).T)
    found = np.zeros((len(left), len(right)))
    for start in range(0, left.shape[1], COLUMNS):
        part = np.s_[:, start : start + COLUMNS]
        found += (torch.from_numpy(left[part]) @ torch.from_numpy(right[part]).T).numpy()
    return found


def _rows(vectors: NDArray[Any], some: Index) -> NDArray[Any]:
    """Some rows; without a copy where they stand in a row."""
    first, last = int(some[0]), int(some[-1])
    in_a_row = last - first + 1 == len(some) and bool((np.diff(some) == 1).all())
    return vectors[first : last + 1] if in_a_row else vectors[some]


def _far(vectors: NDArray[Any]) -> NDArray[Any] | None:
    """About the middle of vectors that lie so far from zero that their differences would be lost in products."""
    some = vectors[:: max(1, len(vectors) // SOME)].astype(np.float64)
    middle = some.mean(0)
    near = float(middle @ middle) < NEAR * float(((some - middle) ** 2).sum(1).mean())
    return None if near else middle.astype(np.float32)


def _of_middle(vectors: NDArray[Any], middle: Array) -> Array:
    """By what the products of vectors are larger than those of vectors less the middle."""
    along = np.array([one.astype(np.float64) @ middle for one in vectors])
    return np.asarray(along[:, None] + along - middle @ middle)
