"""A tree that knows nothing of its classes, to measure others by."""

from collections.abc import Sequence

import numpy as np

from seewhy.asked import whole
from seewhy.model import Model
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.asking import classes_of
from seewhy.trees.naming import named
from seewhy.trees.synsets import meanings


def at_random(
    classes: Model | str | Sequence[str], seed: int = 0, branching: int = 2, *, name: bool = True
) -> Hierarchy:
    """Classes in random order, so many at a time below a node, and so on up to the root.

    classes: a model or the name of one, whose classes have names, or a list of names. seed: -1 leaves them in their
    order. name: whether inner nodes are named by WordNet, as `named` says.
    Raises BadInput for less than two classes, BadOption.
    """
    called = classes_of(classes)
    seed, branching = whole(seed, "seed", -1), whole(branching, "branching", 2)
    order = np.arange(len(called)) if seed < 0 else np.random.default_rng(seed).permutation(len(called))
    leaves = [f"c{number:08d}" for number in range(len(called))]
    ids, edges = list(leaves), list[tuple[str, str]]()
    row = [leaves[number] for number in order]
    while len(row) > 1:
        groups = [row[start : start + branching] for start in range(0, len(row), branching)]
        row = []
        for group in groups:
            if len(group) == 1:  # a node of one child is none
                row += group
                continue
            row.append(f"f{len(ids):08d}")
            ids.append(row[-1])
            edges += [(row[-1], child) for child in group]
    tree = Hierarchy.of(ids, edges, leaves, [*called, *[""] * (len(ids) - len(leaves))])
    return named(tree, meanings(called)) if name else tree
