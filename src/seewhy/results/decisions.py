"""What a tree decided on a photo: the way from the root to a class, step by step, and what was rejected."""

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.results.hierarchy import Hierarchy
from seewhy.types import Explanation, ModelCard, Passes, Photo, Prediction


@dataclass(frozen=True)
class Branch:
    """A node that a decision could go to. name: "" where it has none. share: its softmax among the siblings.

    leaf: whether it is a class. count: how many classes are below it. best: the one of them with the highest score.
    """

    node: int
    id: str
    name: str
    share: float
    leaf: bool
    count: int
    best: int


@dataclass(frozen=True)
class Step(Branch):
    """The node that was gone to. reached: the product of the shares so far. entropy: of the choice, in nats."""

    reached: float
    entropy: float
    rejected: tuple[Branch, ...]


@dataclass(frozen=True, eq=False)
class Decisions:
    """A photo's way through a tree.

    steps: from below the root to a class, unnamed nodes included. shares (n,): of every node among its siblings.
    index, label: the tree's class, and probability (soft) the one that the tree gives it. network: the class of the
    network itself. every: whether unnamed nodes are shown. maps: what spoke for each shown step, None where there was
    no choice; or nothing.
    """

    steps: tuple[Step, ...]
    index: int
    label: str
    probability: float
    network: Prediction
    rule: str
    tree: Hierarchy
    labels: tuple[str, ...]
    shares: NDArray[np.float32]
    photo: Photo
    model: ModelCard
    passes: Passes = Passes()
    notes: tuple[str, ...] = ()
    every: bool = False
    maps: tuple[Explanation | None, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the tree and the network say the same class."""
        return self.index == self.network.index

    @property
    def reached(self) -> NDArray[np.float32]:
        """(n,): the probability that the soft way passes each node."""
        found = self.shares.astype(np.float64)
        for node, parent in enumerate(self.tree.parents):
            found[node] *= found[parent] if parent >= 0 else 1
        return found.astype(np.float32)

    @property
    def shown(self) -> tuple[Step, ...]:
        """Those with a name, and the class: shares of unnamed ones are in that of the next. All of them with `every`,
        or where the tree has no names."""
        named = any(self.tree.names[node] for node in self.tree.inner[1:])
        return collapsed(self.steps) if named and not self.every else self.steps

    def as_data(self) -> dict[str, Any]:
        """All numbers as plain data, without the maps."""
        card = {"name": self.model.name, "weights": self.model.weights, "fingerprint": self.model.fingerprint}
        return {
            "photo": self.photo.name,
            "model": card,
            "rule": self.rule,
            "class": {"index": self.index, "label": self.label, "probability": self.probability},
            "network": {
                "index": self.network.index, "label": self.network.label, "probability": self.network.probability,
            },
            "agrees": self.agrees,
            "root": {"id": self.tree.ids[0], "name": self.tree.names[0]},
            "decisions": [self._as_data(one) for one in self.shown],
            "steps": [self._as_data(one) for one in self.steps],
            "method": next((one.method for one in self.maps if one), None),
            "passes": {"forward": self.passes.forward, "backward": self.passes.backward},
            "notes": list(self.notes),
        }  # fmt: skip

    def _as_data(self, one: Branch) -> dict[str, Any]:
        data = {**vars(one), "best": {"index": one.best, "label": self.labels[one.best]}}
        if isinstance(one, Step):
            data["rejected"] = [self._as_data(other) for other in one.rejected]
        return data

    def save(self, folder: "str | PathLike[str]", lang: str = "en") -> Path:
        """decisions.json, decisions.png, decisions.html, and decisions.npz with every node's share and probability
        and the raw maps of the steps shown, in a folder. Raises BadInput where the disk refuses."""
        from seewhy.render.decisions import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, folder, lang)
        return saved


def collapsed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Steps to nodes with names and to the class. What was rejected on the way to one is rejected there, with what it
    had of the last node shown: shares add up to one again, and the entropy is that of this choice among more."""
    found: list[Step] = []
    share, entropy, rejected = 1.0, 0.0, list[Branch]()
    for one in steps:
        rejected += [replace(other, share=other.share * share) for other in one.rejected]
        entropy += share * one.entropy
        share *= one.share
        if one.name or one is steps[-1]:
            most = tuple(sorted(rejected, key=lambda other: -other.share))
            found.append(replace(one, share=share, entropy=entropy, rejected=most))
            share, entropy, rejected = 1.0, 0.0, []
    return tuple(found)
