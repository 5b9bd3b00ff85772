"""A tree whose leaves are a network's classes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from seewhy.errors import BadInput

SHOWN = 5  # nodes an error lists


@dataclass(frozen=True)
class Hierarchy:
    """The nodes of a tree in an order in which each one's descendants follow it at once.

    ids: of the nodes, WordNet's ("n02084071") where they mean something there. names: "" where a node has none.
    parents: the parent of each node, -1 for the root, which is node 0. leaves: the node of each class, in the order
    of the network's scores.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    parents: tuple[int, ...]
    leaves: tuple[int, ...]

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        edges: Sequence[tuple[str, str]],
        classes: Sequence[str],
        names: Sequence[str] | None = None,
    ) -> "Hierarchy":
        """From edges (parent, child) in any order; children keep theirs. classes: the leaf of each class.

        Raises BadInput for ids that are there twice, a node with two parents, two roots, none, a cycle, a tree of
        one class, and for leaves that are not the classes, each once.
        """
        _once(ids, "the node {} is there twice", "give each node an id of its own")
        _once(classes, "the class {} is there twice", "a class is one leaf")
        numbers = {name: number for number, name in enumerate(ids)}
        unknown = [end for edge in edges for end in edge if end not in numbers]
        if unknown:
            raise BadInput(f"an edge to {_few(unknown)}, which is no node", "list every node")
        _once([child for _, child in edges], "the node {} has two parents", "a node of a tree has one")
        children: dict[str, list[str]] = {name: [] for name in ids}
        for parent, child in edges:
            children[parent].append(child)
        order = _walk(ids, children, {child for _, child in edges})
        _same([name for name in ids if not children[name]], classes)
        place = {name: at for at, name in enumerate(order)}
        above = {child: place[parent] for parent, child in edges}
        called = names or [""] * len(ids)
        return cls(
            tuple(order),
            tuple(called[numbers[name]] for name in order),
            tuple(above.get(name, -1) for name in order),
            tuple(place[name] for name in classes),
        )

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Of each node."""
        found: list[list[int]] = [[] for _ in self.ids]
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                found[parent].append(node)
        return tuple(map(tuple, found))

    @cached_property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """The classes below each node, in the order of the tree; of a leaf its own."""
        found: list[tuple[int, ...]] = [()] * len(self)
        for number, node in enumerate(self.leaves):
            found[node] = (number,)
        for node in reversed(range(len(self))):
            for child in self.children[node]:
                found[node] += found[child]
        return tuple(found)

    @cached_property
    def inner(self) -> tuple[int, ...]:
        """The nodes with children, from the root down."""
        return tuple(node for node, below in enumerate(self.children) if below)

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """How many steps each node is from the root."""
        found: list[int] = []
        for parent in self.parents:
            found.append(found[parent] + 1 if parent >= 0 else 0)
        return tuple(found)

    def path(self, node: int) -> tuple[int, ...]:
        """The nodes from the root to this one, both included."""
        found = [node]
        while self.parents[found[-1]] >= 0:
            found.append(self.parents[found[-1]])
        return tuple(reversed(found))

    def called(self, node: int) -> str:
        """A node's name, or its id where it has none."""
        return self.names[node] or self.ids[node]


def _walk(ids: Sequence[str], children: dict[str, list[str]], below: set[str]) -> list[str]:
    roots = [name for name in ids if name not in below]
    if len(roots) > 1:
        raise BadInput(f"a tree with {len(roots)} roots: {_few(roots)}", "join them below one node")
    if not roots:
        raise BadInput("a tree without a root" if ids else "a tree without nodes", "one node has no parent")
    order, waiting = [], roots
    while waiting:
        order.append(waiting.pop())
        waiting += reversed(children[order[-1]])
    if len(order) < len(ids):  # each has one parent, so those that the root does not reach go round
        lost = sorted(set(ids) - set(order))
        raise BadInput(f"a cycle among {_few(lost)}", "no node is its own descendant")
    if len(order) == 1:
        raise BadInput("a tree of one class", "there is nothing to decide: give two classes or more")
    return order


def _same(leaves: Sequence[str], classes: Sequence[str]) -> None:
    missing, extra = sorted(set(classes) - set(leaves)), sorted(set(leaves) - set(classes))
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(classes)} classes are no leaf: {_few(missing)}",
            "each class is one leaf of the tree",
        )
    if extra:
        raise BadInput(
            f"{len(extra)} leaves of {len(leaves)} are no class: {_few(extra)}",
            f"the network has {len(classes)} classes; leave the other leaves out",
        )


def _once(names: Sequence[str], problem: str, hint: str) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise BadInput(problem.format(_few(twice)), hint)


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more
