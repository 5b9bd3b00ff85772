"""How well a tree keeps together what people hold for one kind: dogs, animals, birds, vehicles, food."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.synsets import Meaning
from seewhy.trees.wordnet import kinds

# Synsets, with all that WordNet has below them; food is what nourishes, and what is solid and eaten.
GROUPS = {
    "dogs": ("n02084071",),
    "animals": ("n00015388",),
    "birds": ("n01503061",),
    "vehicles": ("n04524313",),
    "food": ("n00021265", "n07555863"),
}
FEWEST = 2  # classes of a group


@dataclass(frozen=True)
class Holding:
    """One group of classes in a tree.

    size: its classes. node: the smallest node above all of them, which holds `held` classes. best: the node that is
    nearest to the group, by what both have over what either has: it holds `best_held`, `best_own` of them the group's.
    """

    group: str
    size: int
    node: int
    held: int
    best: int
    best_held: int
    best_own: int

    @property
    def others(self) -> float:
        """The share of classes below `node` that are none of the group."""
        return 1 - self.size / self.held

    @property
    def best_others(self) -> float:
        return 1 - self.best_own / self.best_held

    def as_data(self) -> dict[str, Any]:
        return {**self.__dict__, "others": self.others, "best_others": self.best_others}


def holdings(
    tree: Hierarchy, meanings: Sequence[Meaning], groups: Mapping[str, Sequence[str]] = GROUPS
) -> tuple[Holding, ...]:
    """Each group with two classes or more, and not all of them. groups: ids of synsets by what they are called."""
    found = []
    for name, above in groups.items():
        own = {number for number, one in enumerate(meanings) if one.synset and not kinds(one.synset).isdisjoint(above)}
        if FEWEST <= len(own) < len(meanings):
            found.append(_holding(tree, name, own))
    return tuple(found)


def _holding(tree: Hierarchy, name: str, own: set[int]) -> Holding:
    inside = [len(own.intersection(below)) for below in tree.classes]
    held = [len(below) for below in tree.classes]
    node = min((one for one in range(len(tree)) if inside[one] == len(own)), key=lambda one: held[one])
    best = max(range(len(tree)), key=lambda one: inside[one] / (held[one] + len(own) - inside[one]))
    return Holding(name, len(own), node, held[node], best, held[best], inside[best])
