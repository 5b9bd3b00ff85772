"""A hierarchy is a tree whose leaves are the classes, or is refused."""

import pytest

from seewhy.errors import BadInput
from seewhy.trees import Hierarchy

IDS = ["cat", "thing", "dog", "animal", "car"]
EDGES = [("animal", "cat"), ("thing", "car"), ("thing", "animal"), ("animal", "dog")]
CLASSES = ["car", "dog", "cat"]


def test_a_tree_from_edges_in_any_order() -> None:
    tree = Hierarchy.of(IDS, EDGES, CLASSES, ["", "thing!", "", "", ""])
    assert tree.ids == ("thing", "car", "animal", "cat", "dog")
    assert tree.parents == (-1, 0, 0, 2, 2)
    assert tree.leaves == (1, 4, 3)
    assert tree.children == ((1, 2), (), (3, 4), (), ())
    assert tree.classes == ((0, 2, 1), (0,), (2, 1), (2,), (1,))
    assert tree.inner == (0, 2)
    assert tree.depths == (0, 1, 1, 2, 2)
    assert tree.path(4) == (0, 2, 4)
    assert [tree.called(node) for node in range(5)] == ["thing!", "car", "animal", "cat", "dog"]


@pytest.mark.parametrize(
    ("ids", "edges", "classes", "problem"),
    [
        ([*IDS, "bus"], EDGES, [*CLASSES, "bus"], "2 roots: 'thing', 'bus'"),
        ([*IDS, "cat"], EDGES, CLASSES, "the node 'cat' is there twice"),
        (IDS, EDGES, [*CLASSES, "cat"], "the class 'cat' is there twice"),
        (IDS, EDGES, [*CLASSES, "bus"], "1 of 4 classes are no leaf: 'bus'"),
        (IDS, EDGES, CLASSES[:2], "1 leaves of 3 are no class: 'cat'"),
        (IDS, [*EDGES, ("thing", "dog")], CLASSES, "the node 'dog' has two parents"),
        (IDS, [*EDGES, ("dog", "thing")], CLASSES, "without a root"),
        ([*IDS, "a", "b"], [*EDGES, ("a", "b"), ("b", "a")], CLASSES, "a cycle among 'a', 'b'"),
        (IDS, [*EDGES, ("thing", "bus")], CLASSES, "an edge to 'bus', which is no node"),
        ([], [], [], "without nodes"),
        (["cat"], [], ["cat"], "a tree of one class"),
    ],
)
def test_what_is_no_tree(ids: list[str], edges: list[tuple[str, str]], classes: list[str], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        Hierarchy.of(ids, edges, classes)
