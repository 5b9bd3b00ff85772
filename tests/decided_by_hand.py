"""The rules of the paper as loops over nodes and samples, in float64."""

import numpy as np
from numpy.typing import NDArray

from seewhy.trees import Hierarchy

Array = NDArray[np.float64]


def means(tree: Hierarchy, scores: Array) -> list[float]:
    return [float(np.mean([scores[number] for number in below])) for below in tree.classes]


def shares(tree: Hierarchy, scores: Array) -> list[float]:
    """Of one sample (k,): each node's softmax among its siblings."""
    own = means(tree, scores)
    found = [1.0] * len(tree)
    for below in tree.children:
        if below:
            powers = np.exp([own[child] - max(own[one] for one in below) for child in below])
            for child, power in zip(below, powers, strict=True):
                found[child] = float(power / powers.sum())
    return found


def soft(tree: Hierarchy, scores: Array) -> list[float]:
    found = shares(tree, scores)
    return [float(np.prod([found[node] for node in tree.path(leaf)])) for leaf in tree.leaves]


def hard(tree: Hierarchy, scores: Array) -> list[int]:
    """The nodes that are gone to, from below the root to a leaf."""
    own, way = means(tree, scores), [0]
    while tree.children[way[-1]]:
        below = tree.children[way[-1]]
        way.append(below[int(np.argmax([own[child] for child in below]))])
    return way[1:]
