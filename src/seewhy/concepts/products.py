"""Inner products of vectors, of those that are asked for alone."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]
SHORT = 2**12  # numbers: longer vectors are multiplied in single precision, less their mean
COLUMNS = 2**13  # of long vectors at a time
SOME = 50  # vectors whose mean stands for all


def gram(vectors: NDArray[Any], blocks: Iterable[tuple[Index, Index]]) -> Array:
    """Inner products (n,n) of vectors (n,d), in the blocks of some rows with others; NaN elsewhere."""
    found = np.full((len(vectors), len(vectors)), np.nan)
    long = vectors.shape[1] > SHORT
    middle = vectors[:: max(1, len(vectors) // SOME)].mean(0)  # about it: any vector near it serves
    own = vectors - middle if long else vectors
    for some, others in blocks:
        part = cross(own[some], own[others])
        found[np.ix_(some, others)] = part
        found[np.ix_(others, some)] = part.T
    return found + _of_middle(vectors, middle.astype(np.float64)) if long else found


def cross(left: NDArray[Any], right: NDArray[Any]) -> Array:
    """Inner products (m,n) of vectors (m,d) and (n,d); of long ones in single precision, added up in double."""
    if left.shape[1] <= SHORT:
        return np.asarray(left.astype(np.float64) @ right.astype(np.float64).T)
    found = np.zeros((len(left), len(right)))
    for start in range(0, left.shape[1], COLUMNS):
        part = np.s_[:, start : start + COLUMNS]
        found += left[part] @ right[part].T
    return found


def _of_middle(vectors: NDArray[Any], middle: Array) -> Array:
    """By what the products of vectors are larger than those of vectors less the middle."""
    along = np.array([one.astype(np.float64) @ middle for one in vectors])
    return np.asarray(along[:, None] + along - middle @ middle)
