"""A tree from what people have written down: each class below its hypernyms in WordNet."""

from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

from seewhy.asked import one_of
from seewhy.model import Model
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees.asking import classes_of
from seewhy.trees.synsets import Meaning, meanings
from seewhy.trees.wordnet import First, line, synset

ENTITY = "n00001740"  # what every noun is


def from_wordnet(classes: Model | str | Sequence[str], *, first: First = "wordnet") -> Hierarchy:
    """The tree of each class's first hypernym, that one's first and so on; nodes of one child are left out.

    classes: a model or the name of one, whose classes have names, or a list of names or ids of synsets; `meanings`
    says how they are understood. A class that is above another one is a leaf beside it, below a node of the same name.
    What WordNet does not know hangs from the root. first: of several hypernyms the one that WordNet lists first, or
    "name", the first in the alphabet: the choice of nbdt, whose cars are containers by it.
    Raises BadInput for less than two classes, BadOption.
    """
    one_of(first, "first", get_args(First))
    found = meanings(classes_of(classes))
    leaves = {one.id for one in found}
    above: dict[str, str] = {}
    for one in found:
        way = [one.id, *(_inner(kind, leaves) for kind in _kinds(one, first))]
        for child, parent in pairwise(way):
            above.setdefault(child, parent)
    inner = set(above.values())
    above |= {one.id: own for one in found if (own := _inner(one.id, leaves)) in inner}  # another class is below it
    ids, edges = pruned(above, leaves)
    called = {one.id: one.name for one in found}
    return Hierarchy.of(ids, edges, [one.id for one in found], [called.get(own) or _name(own) for own in ids])


def pruned(above: dict[str, str], leaves: set[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The nodes and edges (parent, child) that are left when each node of one child has made way for it."""
    children: dict[str, list[str]] = {}
    for child, parent in above.items():
        children.setdefault(parent, []).append(child)

    def kept(node: str) -> str:
        while len(children.get(node, ())) == 1:
            (node,) = children[node]
        return node

    root = next(parent for parent in children if parent not in above)
    ids, edges = [], []
    waiting = [kept(root)]
    while waiting:
        ids.append(waiting.pop())
        below = [kept(child) for child in children.get(ids[-1], ())]
        edges += [(ids[-1], child) for child in below]
        waiting += reversed(below)
    return ids, edges


def _kinds(one: Meaning, first: First) -> tuple[str, ...]:
    """The synsets above a class, up to "entity"."""
    if not one.synset:
        return (ENTITY,)
    way = line(one.synset, first)
    return way[1:] if one.id == one.synset else way


def _inner(id: str, leaves: set[str]) -> str:
    """The id of a synset's node above others: a number where a class has the synset's own."""
    return f"f{id[1:]}" if id in leaves else id


def _name(own: str) -> str:
    return synset(f"n{own[1:]}").name
