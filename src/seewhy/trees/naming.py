"""Names of a tree's inner nodes: what all classes below one are, by WordNet."""

from collections.abc import Sequence
from dataclasses import replace

from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.synsets import Meaning
from seewhy.trees.wordnet import kinds, synset


def named(tree: Hierarchy, meanings: Sequence[Meaning]) -> Hierarchy:
    """The tree with the ids of its classes' synsets, and its inner nodes named.

    From the root down, a node is called by the deepest hypernym of all classes below it that is not used above it, nor
    more general than one that is: each name on a way says more than those before. In two branches a name may stand
    twice; the id is then that of the node with more classes. A node without such a hypernym, or above a class that
    WordNet does not know, keeps its number. (nbdt names from the leaves up, each node by what its two children's names
    have in common, and no name twice: its lowest nodes have the names that fit larger ones.)
    """
    ids, names = list(tree.ids), list(tree.names)
    for one, leaf in zip(meanings, tree.leaves, strict=True):
        ids[leaf] = one.id
    own = {one.id for one in meanings}
    shared = _shared(tree, meanings)
    said: list[frozenset[str]] = [frozenset()] * len(tree)
    holder: dict[str, int] = {}
    for node in tree.inner:
        above = said[tree.parents[node]] if node else frozenset()
        free = shared[node] - above - own
        said[node] = above
        if free:
            found = min(free, key=lambda one: (-synset(one).depth, one))
            names[node], said[node] = synset(found).name, above | kinds(found)
            held = holder.setdefault(found, node)
            if len(tree.classes[node]) > len(tree.classes[held]):
                holder[found] = node
    for found, node in holder.items():
        ids[node] = found
    return replace(tree, ids=tuple(ids), names=tuple(names))


def _shared(tree: Hierarchy, meanings: Sequence[Meaning]) -> list[frozenset[str]]:
    """What all classes below each node are."""
    found: list[frozenset[str] | None] = [None] * len(tree)
    for one, leaf in zip(meanings, tree.leaves, strict=True):
        found[leaf] = kinds(one.synset) if one.synset else frozenset()
    for node in reversed(range(1, len(tree))):
        mine, others = found[node] or frozenset(), found[tree.parents[node]]
        found[tree.parents[node]] = mine if others is None else others & mine
    return [one or frozenset() for one in found]
