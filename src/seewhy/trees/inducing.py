"""A tree from what a network has learned: classes whose rows of the last layer are alike are joined first.

Wan et al., Neural-Backed Decision Trees, ICLR 2021, arXiv:2004.00221, section 3.1.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist

from seewhy.asked import one_of
from seewhy.errors import BadInput, BadOption
from seewhy.model import Model, names
from seewhy.model.last import last_linear
from seewhy.results.hierarchy import Hierarchy
from seewhy.sources import as_model
from seewhy.trees.asking import numbered
from seewhy.trees.naming import named
from seewhy.trees.synsets import meanings

LINKAGES = ("ward", "complete", "average", "single", "weighted", "centroid", "median")
GEOMETRIC = ("ward", "centroid", "median")  # they are means of Euclidean points
METRICS = ("euclidean", "cityblock", "cosine", "correlation", "chebyshev")


def induce(
    model: Model | str | Any,
    linkage: str = "ward",
    metric: str = "euclidean",
    *,
    classes: Sequence[str] | None = None,
    name: bool = True,
) -> Hierarchy:
    """The binary tree of agglomerative clustering of a classifier's last linear layer.

    model: a `seewhy.Model`, a name that `seewhy.load` takes, or the rows (classes, features) themselves, as a tensor
    or an array. linkage: one of LINKAGES. metric: one of METRICS. classes: their names, by default the model's. name:
    whether inner nodes are named by WordNet, as `named` says.
    Raises Unsupported for a model whose last layer is not linear, BadInput for rows that can't be compared, BadOption.
    """
    one_of(linkage, "linkage", LINKAGES)
    one_of(metric, "metric", METRICS)
    if linkage in GEOMETRIC and metric != "euclidean":
        raise BadOption(f"metric {metric!r} with linkage {linkage!r}", "its metric is euclidean")
    if isinstance(model, Model | str):
        model = as_model(model)
        rows, called = last_linear(model).weight, names(model.classes or None if classes is None else classes)
    elif hasattr(model, "shape"):
        rows, called = model, names(classes)
    else:
        rows, called = last_linear(as_model(model)).weight, ()
    points = _points(rows)
    if called and len(called) != len(points):
        raise BadInput(f"{len(called)} class names for {len(points)} rows", "give one name a row, or none")
    tree = joined(merges(points, linkage, metric), called or numbered(len(points)))
    return named(tree, meanings(called)) if called and name else tree


def merges(points: NDArray[np.float64], linkage: str, metric: str) -> list[tuple[int, int]]:
    """The two that each step joins, of points (k,d): below k a class, k + i what step i made."""
    apart = pdist(points, metric)
    if not np.isfinite(apart).all():
        raise BadInput(f"two rows have no {metric} distance", "a row of zeros has none: choose another metric")
    return [(int(one), int(other)) for one, other in hierarchy.linkage(apart, linkage)[:, :2]]


def joined(pairs: Sequence[tuple[int, int]], classes: Sequence[str]) -> Hierarchy:
    """The tree of these steps; inner nodes are numbered in the order in which they were made."""
    leaves = [f"c{number:08d}" for number in range(len(classes))]
    ids = leaves + [f"f{len(leaves) + step:08d}" for step in range(len(pairs))]
    edges = [(ids[len(leaves) + step], ids[child]) for step, pair in enumerate(pairs) for child in pair]
    return Hierarchy.of(ids, edges, leaves, [*classes, *[""] * len(pairs)])


def _points(rows: Any) -> NDArray[np.float64]:
    if hasattr(rows, "detach"):
        rows = rows.detach().cpu().double()
    try:
        points = np.asarray(rows, np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput("the weights are no numbers", "give an array (classes, features)") from error
    if points.ndim != 2 or 0 in points.shape:
        raise BadInput(f"weights of shape {points.shape}", "give an array (classes, features)")
    if len(points) < 2:
        raise BadInput("weights of one class", "there is nothing to decide: give two classes or more")
    if not np.isfinite(points).all():
        raise BadInput("the weights are not all finite", "a network whose weights are NaN has learned nothing")
    return points
