"""What a photo's label means to a tree: a class, an inner node, or a kind that WordNet knows classes of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seewhy.errors import BadInput
from seewhy.labels import hint
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.synsets import meanings
from seewhy.trees.wordnet import kinds, known, plain, senses, synset


@dataclass(frozen=True)
class Truth:
    """classes: those that are right. leaf: whether the label is a class, and not a kind of which they are."""

    name: str
    classes: frozenset[int]
    leaf: bool


def truths(labels: Iterable[str | int], tree: Hierarchy, classes: Sequence[str]) -> dict[str | int, Truth]:
    """What each label means.

    classes: the network's names, if any. A label is a class's number, a class's or a node's id or name, a synonym of a
    class, which commas part, or a kind or id of WordNet that classes are of. Of a node and a kind of one name it is
    that with more classes.
    Raises BadInput for a label that means nothing, or several classes.
    """
    known = _Names(tree, classes or [tree.called(leaf) for leaf in tree.leaves])
    return {label: known.truth(label) for label in dict.fromkeys(labels)}


class _Names:
    def __init__(self, tree: Hierarchy, classes: Sequence[str]) -> None:
        self.tree, self.classes = tree, classes
        self.whole: dict[str, set[int]] = defaultdict(set)
        self.parts: dict[str, set[int]] = defaultdict(set)
        for number, leaf in enumerate(tree.leaves):
            for name in {tree.ids[leaf], tree.names[leaf], classes[number]} - {""}:
                self.whole[plain(name)].add(number)
                for part in name.split(","):
                    self.parts[plain(part)].add(number)
        self.inner: dict[str, set[int]] = defaultdict(set)
        for node in tree.inner:
            for name in {tree.ids[node], tree.names[node]} - {""}:
                self.inner[plain(name)].add(node)
        self._kinds: list[frozenset[str]] = []
        self._ids: list[str] = []

    def truth(self, label: str | int) -> Truth:
        if isinstance(label, int):
            return self._numbered(label)
        found = self.whole.get(plain(label)) or {
            number for part in label.split(",") for number in self.parts.get(plain(part), ())
        }
        if len(found) > 1:
            several = " or ".join(f"class {number}" for number in sorted(found)[:4])
            raise BadInput(f"the label {label!r} could be {several}", "use the class's whole name or its number")
        if found:
            return Truth(label, frozenset(found), True)
        return self._kind(label)

    def _numbered(self, number: int) -> Truth:
        if not 0 <= number < len(self.tree.leaves):
            raise BadInput(f"the label {number}", f"classes are numbered from 0 to {len(self.tree.leaves) - 1}")
        return Truth(self.tree.called(self.tree.leaves[number]), frozenset({number}), True)

    def _kind(self, label: str) -> Truth:
        """A node of the tree or a kind in WordNet: the "animal" of an induced tree may be the animals left over."""
        self._look_up()
        if label in self._ids:
            return Truth(label, frozenset({self._ids.index(label)}), True)
        asked = (label,) if known(label) else senses(label)
        below = [frozenset(i for i, above in enumerate(self._kinds) if one in above) for one in asked]
        below += [frozenset(self.tree.classes[node]) for node in self.inner.get(plain(label), ())]
        best = max(below, key=len, default=frozenset[int]())
        if not best:
            near = hint(plain(label), [*self.whole, *self.inner])
            raise BadInput(f"the label {label!r} is no class and no kind of one", near or "name photos as classes are")
        return Truth(synset(label).name if known(label) else label, best, False)

    def _look_up(self) -> None:
        if not self._ids:
            found = meanings(self.classes)
            self._ids = [one.id for one in found]
            self._kinds = [kinds(one.synset) if one.synset else frozenset() for one in found]
