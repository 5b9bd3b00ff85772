"""How a network and its tree do on photos with labels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.results.hierarchy import Hierarchy
from seewhy.types import ModelCard, Passes

RULES = ("network", "soft", "hard")
DOUBTFUL, SURE = 10, 10  # nodes and photos that are named


class Judged(NamedTuple):
    """What was said of one photo. label: as it was given. right: the classes that are.

    said: the class of each of RULES. probability: of the soft rule's. entropy: of the soft rule's classes, bits.
    spread: the largest less the smallest entropy of a decision on the hard way, bits. ahead: the soft rule's likeliest
    class less the second. steps: how many of the hard way's first steps lead to the label.
    """

    name: str
    label: str
    right: frozenset[int]
    said: tuple[int, int, int]
    probability: float
    entropy: float
    spread: float
    ahead: float
    steps: int


@dataclass(frozen=True)
class NodeScore:
    """An inner node. doubt: the entropy of its decision times the probability of coming there, a mean over all photos,
    bits; over all nodes they sum to the entropy of the classes. entropy: of its decision alone, a mean over the photos
    whose hard way comes there, `reached` of them. seen: photos whose class is below it; right: of these, those that it
    sends to the right child. mistaken: (right child, child it sends to, photos). images: numbers of the photos that
    most surely come there, and their probability.
    """

    node: int
    doubt: float
    entropy: float
    reached: int
    seen: int
    right: int
    mistaken: tuple[tuple[int, int, int], ...] = ()
    images: tuple[tuple[int, float], ...] = ()


class Superclass(NamedTuple):
    """A label that is a kind of several classes: its photos, and the shares of them said to be one of these classes."""

    name: str
    classes: int
    photos: int
    accuracy: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class TreeScores:
    """photos: in the order they were given, those whose label is a class and those whose label is a kind of classes.
    nodes: the inner ones, from the root down. failed: (name, problem) of photos that could not be read."""

    tree: Hierarchy
    classes: tuple[str, ...]
    photos: tuple[Judged, ...]
    nodes: tuple[NodeScore, ...]
    model: ModelCard
    passes: Passes
    failed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.photos)

    @cached_property
    def of_classes(self) -> tuple[Judged, ...]:
        """The photos whose label is a class."""
        return tuple(one for one in self.photos if len(one.right) == 1)

    @cached_property
    def accuracy(self) -> dict[str, float]:
        """The share of these that each of RULES says right; nan without any."""
        return dict(zip(RULES, _right(self.of_classes), strict=True))

    @cached_property
    def depths(self) -> tuple[float, ...]:
        """The share whose hard way is right up to each depth, from the first step on; one that has arrived stays."""
        ways = [(one.steps, self._length(one)) for one in self.of_classes]
        longest = max(self.tree.depths)
        found = [[steps >= min(depth, length) for steps, length in ways] for depth in range(1, longest + 1)]
        return tuple(float(np.mean(one)) if one else float("nan") for one in found)

    @cached_property
    def superclasses(self) -> tuple[Superclass, ...]:
        """Zero-shot: labels that are no class, by name."""
        kinds = [one for one in self.photos if len(one.right) > 1]
        found = []
        for name in sorted({one.label for one in kinds}):
            own = [one for one in kinds if one.label == name]
            found.append(Superclass(name, len(own[0].right), len(own), _right(own)))
        return tuple(found)

    @cached_property
    def files(self) -> Counter[str]:
        """How many photos have each file name."""
        return Counter(Path(one.name).name for one in self.photos)

    @property
    def entropy(self) -> float:
        """Of the soft rule's classes, a mean over all photos, bits."""
        return float(np.mean([one.entropy for one in self.photos]))

    @property
    def doubtful(self) -> tuple[NodeScore, ...]:
        """The nodes with the largest share of the entropy, at most ten."""
        ranked = sorted(self.nodes, key=lambda one: -one.doubt)
        return tuple(one for one in ranked[:DOUBTFUL] if one.doubt > 0)

    @property
    def most_sure(self) -> tuple[Judged, ...]:
        return tuple(sorted(self.photos, key=lambda one: one.entropy)[:SURE])

    @property
    def least_sure(self) -> tuple[Judged, ...]:
        return tuple(sorted(self.photos, key=lambda one: -one.entropy)[:SURE])

    def confusion(self, rule: str = "hard") -> NDArray[np.int64]:
        """(k,k): photos of each class, a row, that are said to be each, a column."""
        found = np.zeros((len(self.classes), len(self.classes)), np.int64)
        for one in self.of_classes:
            found[next(iter(one.right)), one.said[RULES.index(rule)]] += 1
        return found

    def mistakes(self, rule: str = "hard") -> list[tuple[int, int, int]]:
        """(class, what it was taken for, photos), the most frequent first."""
        at = RULES.index(rule)
        counts = Counter((next(iter(one.right)), one.said[at]) for one in self.of_classes)
        wrong = [(label, said, count) for (label, said), count in counts.items() if label != said]
        return sorted(wrong, key=lambda one: (-one[2], one[0], one[1]))

    def called(self, node: int) -> str:
        """An inner node by its name or id and by what it parts: the first class below each of its children."""
        if not self.tree.children[node]:
            return self.tree.called(node)
        firsts = [self.classes[self.tree.classes[child][0]].split(",")[0] for child in self.tree.children[node]]
        return f"{self.tree.called(node)} ({' / '.join(firsts[:3])}{' …' if len(firsts) > 3 else ''})"

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "model": {"name": self.model.name, "weights": self.model.weights, "fingerprint": self.model.fingerprint},
            "photos": len(self),
            "of_classes": len(self.of_classes),
            "accuracy": _known(self.accuracy),
            "depths": [None if np.isnan(one) else one for one in self.depths],
            "entropy_bits": self.entropy,
            "superclasses": [
                {**one._asdict(), "accuracy": dict(zip(RULES, one.accuracy, strict=True))} for one in self.superclasses
            ],
            "mistakes": {
                rule: [
                    {"class": self.classes[label], "said": self.classes[said], "photos": count}
                    for label, said, count in self.mistakes(rule)
                ]
                for rule in RULES
            },
            "doubtful": [self.tree.ids[one.node] for one in self.doubtful],
            "nodes": [self._node(one) for one in self.nodes],
            "most_sure": [one.name for one in self.most_sure],
            "least_sure": [one.name for one in self.least_sure],
            "each": [self._photo(one) for one in self.photos],
            "failed": [{"name": name, "problem": problem} for name, problem in self.failed],
            "passes": {"forward": self.passes.forward, "backward": self.passes.backward},
            "notes": list(self.notes),
        }

    def save(self, folder: str | PathLike[str], lang: str = "en") -> Path:
        """tree.json, tree.txt and tree.png."""
        from seewhy.render.tree_scores import save

        return save(self, folder, lang)

    def _length(self, one: Judged) -> int:
        return self.tree.depths[self.tree.leaves[next(iter(one.right))]]

    def _node(self, one: NodeScore) -> dict[str, Any]:
        names = [(self.called(right), self.called(said), count) for right, said, count in one.mistaken]
        return {
            "id": self.tree.ids[one.node],
            "name": self.tree.names[one.node],
            "depth": self.tree.depths[one.node],
            **{key: getattr(one, key) for key in ("doubt", "entropy", "reached", "seen", "right")},
            "mistaken": [dict(zip(("right", "said", "photos"), names, strict=True)) for names in names],
            "images": [{"photo": self.photos[number].name, "probability": share} for number, share in one.images],
        }

    def _photo(self, one: Judged) -> dict[str, Any]:
        said = dict(zip(RULES, (self.classes[number] for number in one.said), strict=True))
        keys = ("name", "label", "probability", "entropy", "spread", "ahead", "steps")
        return {**{key: getattr(one, key) for key in keys}, "said": said}


def _right(photos: Sequence[Judged]) -> tuple[float, float, float]:
    shares = np.array([[said in one.right for said in one.said] for one in photos], float).reshape(-1, len(RULES))
    network, soft, hard = shares.mean(0) if len(shares) else [float("nan")] * len(RULES)
    return float(network), float(soft), float(hard)


def _known(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in values.items()}
