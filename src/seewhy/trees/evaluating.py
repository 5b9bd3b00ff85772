"""How often a network and its tree are right on photos with labels, where they go wrong and where they doubt."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.asked import whole
from seewhy.errors import BadInput, Unsupported
from seewhy.images import Decoded, decoded
from seewhy.model import Model, names
from seewhy.results.hierarchy import Hierarchy
from seewhy.results.tree_scores import Judged, NodeScore, TreeScores
from seewhy.sources import as_model
from seewhy.trees.inducing import induce
from seewhy.trees.labelled import Labelled, labelled
from seewhy.trees.rules import HardRules, SoftRules
from seewhy.trees.truths import Truth, truths
from seewhy.types import Passes

BATCH = 16
KEPT = 3  # photos a node
Tell = Callable[[int, int], None]


def evaluate(
    model: Model | str | Any,
    photos: str | os.PathLike[str] | Sequence[tuple[Any, str | int]],
    tree: Hierarchy | None = None,
    *,
    batch: int = BATCH,
    tell: Tell | None = None,
) -> TreeScores:
    """One forward a photo, a few photos in memory at a time.

    photos: a folder, as `labelled` reads it, or pairs (photo, label). A label is a class, or, for zero-shot accuracy, a
    node of the tree or any kind in WordNet that classes are of. tree: by default `induce(model)`. tell: called with the
    photos decoded so far, and all. Photos that can't be read are left out and listed in `failed`.
    Raises BadInput for labels that mean nothing, a tree of other classes, and where no photo is left.
    """
    size = whole(batch, "batch", low=1)
    model = as_model(model).shared()
    listed = labelled(photos) if isinstance(photos, str | os.PathLike) else [Labelled(*one) for one in photos]
    if not listed:
        raise BadInput("there is no photo: the list is empty", "pass a folder, or pairs (photo, label)")
    tree = induce(model) if tree is None else tree
    classes = names(model.classes)
    if classes and len(classes) != len(tree.leaves):
        raise BadInput(f"a tree of {len(tree.leaves)} classes for a network of {len(classes)}", "build one of its own")
    known = truths([one.label for one in listed], tree, classes)
    judging = _Judging(tree)
    failed: list[tuple[int, str, str]] = []
    with torch.inference_mode(False), torch.no_grad(), model.frozen():
        for group in _groups(model, [one.photo for one in listed], size, tell):
            if group[0].error is not None:
                failed.append((group[0].number, group[0].name, group[0].error.problem))
                continue
            x = model.checked(torch.cat([one.pixels for one in group if one.pixels is not None]))
            scores = model.outputs(x).float().cpu()
            if scores.ndim != 2:
                said = f"{model.name} answers {tuple(scores.shape[1:])} numbers a photo"
                raise Unsupported(said, "where each place has a class, `seewhy.trees.accuracies` counts places")
            judging.add(scores, [(one, known[listed[one.number].label]) for one in group], failed)
    if not judging.photos:
        raise BadInput(f"none of {len(listed)} photos could be used", failed[0][2] if failed else "")
    return TreeScores(
        tree=tree,
        classes=tuple(classes) or tuple(tree.called(leaf) for leaf in tree.leaves),
        photos=tuple(judging.photos),
        nodes=judging.nodes(),
        model=model.card,
        passes=Passes(model.meter.forward, model.meter.backward),
        failed=tuple((name, problem) for _, name, problem in sorted(failed)),
    )


def _groups(model: Model, photos: Sequence[Any], size: int, tell: Tell | None) -> Iterator[list[Decoded]]:
    """In their order, as many at a time as are of one size; those that can't be read alone."""
    waiting: list[Decoded] = []
    for done, one in enumerate(decoded(photos, model.preprocess, ahead=2 * size), 1):
        if tell is not None:
            tell(done, len(photos))
        if waiting and (len(waiting) == size or one.pixels is None or one.pixels.shape != waiting[0].pixels.shape):  # type: ignore[union-attr]  # those that wait have pixels
            yield waiting
            waiting = []
        if one.pixels is None:
            yield [one]
        else:
            waiting.append(one)
    if waiting:
        yield waiting


class _Judging:
    """What adds up over the batches: a row a photo, and a few numbers a node."""

    def __init__(self, tree: Hierarchy) -> None:
        self.tree, self.soft, self.hard = tree, SoftRules(tree), HardRules(tree)
        self.photos: list[Judged] = []
        count = len(tree)
        self.parents = torch.tensor([max(parent, 0) for parent in tree.parents])
        self.doubt, self.entropy = np.zeros(count), np.zeros(count)
        self.reached, self.seen, self.right = (np.zeros(count, np.int64) for _ in range(3))
        self.mistaken: dict[int, Counter[tuple[int, int]]] = {}
        self.best = np.zeros((KEPT, count))
        self.best_of = np.full((KEPT, count), -1)

    def add(self, scores: Tensor, photos: Sequence[tuple[Decoded, Truth]], failed: list[tuple[int, str, str]]) -> None:
        """scores (b,k): those that are not all finite are left out."""
        fine = torch.isfinite(scores).all(1)
        failed += [
            (p.number, p.name, "the scores are not finite") for (p, _), ok in zip(photos, fine, strict=True) if not ok
        ]
        rows, kept = scores[fine], [one for one, ok in zip(photos, fine.tolist(), strict=True) if ok]
        if not kept:
            return
        shares = self.soft.log_shares(rows)
        reach = self.soft.log_reached(rows).exp()
        entropies = self._entropies(shares)
        probabilities = self.soft(rows)
        taken = self.hard.taken(rows)
        self.doubt += (reach * entropies).sum(0).double().numpy()
        said = torch.stack([rows.argmax(1), probabilities.argmax(1), taken.classes], 1).tolist()
        top = probabilities.topk(2, 1).values
        bits = -(torch.special.xlogy(probabilities, probabilities)).sum(1) / np.log(2)
        for i, (photo, truth) in enumerate(kept):
            way = [0, *(node for node in taken.nodes[i].tolist() if node >= 0)]
            own = entropies[i, way[:-1]]
            self.reached[way[:-1]] += 1
            self.entropy[way[:-1]] += own.numpy()
            steps = self._steps(way, truth)
            if truth.leaf:
                self._at_nodes(shares[i], self.tree.path(self.tree.leaves[min(truth.classes)]))
            self._keep(reach[i].double().numpy(), len(self.photos))
            spread, ahead = float(own.max() - own.min()), float(top[i, 0] - top[i, 1])
            self.photos.append(
                Judged(photo.name, truth.name, truth.classes, (said[i][0], said[i][1], said[i][2]),
                       float(top[i, 0]), float(bits[i]), spread, ahead, steps)
            )  # fmt: skip

    def nodes(self) -> tuple[NodeScore, ...]:
        found = []
        for node in self.tree.inner:
            mistakes = self.mistaken.get(node, Counter()).most_common()
            images = [(int(self.best_of[at, node]), float(self.best[at, node])) for at in range(KEPT)]
            found.append(
                NodeScore(
                    node,
                    float(self.doubt[node] / len(self.photos)),
                    float(self.entropy[node] / max(self.reached[node], 1)),
                    int(self.reached[node]),
                    int(self.seen[node]),
                    int(self.right[node]),
                    tuple((right, said, count) for (right, said), count in mistakes),
                    tuple(one for one in images if one[0] >= 0),
                )
            )
        return tuple(found)

    def _entropies(self, shares: Tensor) -> Tensor:
        """(b,n): of each node's decision, bits; 0 of a leaf."""
        parts = -torch.special.xlogy(shares.exp(), shares.exp()) / np.log(2)
        return torch.zeros_like(shares).index_add(1, self.parents[1:], parts[:, 1:])

    def _steps(self, way: Sequence[int], truth: Truth) -> int:
        """How many first steps lead where a right class is."""
        wrong = (at for at, node in enumerate(way[1:]) if truth.classes.isdisjoint(self.tree.classes[node]))
        return next(wrong, len(way) - 1)

    def _at_nodes(self, shares: Tensor, path: Sequence[int]) -> None:
        """Which child each node on the class's path sends the photo to."""
        for node, right in pairwise(path):
            children = self.tree.children[node]
            said = children[int(shares[list(children)].argmax())]
            self.seen[node] += 1
            self.right[node] += said == right
            if said != right:
                self.mistaken.setdefault(node, Counter())[right, said] += 1

    def _keep(self, reach: NDArray[np.float64], number: int) -> None:
        """Of each node the photos that most surely come there."""
        own, of = np.vstack([self.best, reach]), np.vstack([self.best_of, np.full(len(reach), number)])
        order = np.argsort(-own, 0, kind="stable")[:KEPT]
        self.best, self.best_of = np.take_along_axis(own, order, 0), np.take_along_axis(of, order, 0)
