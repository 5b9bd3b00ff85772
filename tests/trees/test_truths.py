"""What labels mean to a tree: classes, nodes, kinds of WordNet."""

import pytest

from seewhy.errors import BadInput
from seewhy.trees import Hierarchy
from seewhy.trees.truths import truths

CLASSES = ("tabby, tabby cat", "crane", "sports car, sport car", "crane")
TREE = Hierarchy.of(
    ["r", "n00015388", "f1", "a", "b", "c", "d"],
    [("r", "n00015388"), ("r", "f1"), ("n00015388", "a"), ("f1", "b"), ("f1", "c"), ("f1", "d")],
    ["a", "b", "c", "d"],
    ["", "animal", "things", *CLASSES],
)


@pytest.mark.parametrize(
    ("label", "classes", "leaf"),
    [
        (2, {2}, True),
        ("Sports_Car, sport car", {2}, True),
        ("tabby cat", {0}, True),
        ("domestic tiger, Tabby_Cat", {0}, True),
        ("d", {3}, True),
        ("things", {1, 2, 3}, False),
        ("f1", {1, 2, 3}, False),
        ("feline", {0}, False),
        ("vehicle", {2}, False),
        ("n02121808", {0}, False),  # domestic cat
    ],
)
def test_what_a_label_means(label: str | int, classes: set[int], leaf: bool) -> None:
    found = truths([label], TREE, CLASSES)[label]
    assert (found.classes, found.leaf) == (frozenset(classes), leaf)


def test_of_a_node_and_a_kind_of_one_name_it_is_the_one_with_more_classes() -> None:
    names = ("tabby", "beagle", "sports car")
    tree = Hierarchy.of(
        ["r", "x", "a", "b", "c"], [("r", "x"), ("r", "b"), ("x", "a"), ("x", "c")], "abc", ["", "carnivore", *names]
    )
    assert truths(["carnivore"], tree, names)["carnivore"].classes == {0, 1}  # and not the cat and the car of x
    few = Hierarchy.of(
        ["r", "x", "a", "b", "c"], [("r", "x"), ("x", "a"), ("x", "b"), ("x", "c")], "abc", ["", "carnivore", *names]
    )
    assert truths(["carnivore"], few, names)["carnivore"].classes == {0, 1, 2}


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("crane", "could be class 1 or class 3"),
        ("xyzzy", "no class and no kind"),
        ("bird", "no class"),
        (4, "label 4"),
        (-1, "label -1"),
    ],
)
def test_what_means_nothing(label: str | int, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        truths([label], TREE, CLASSES if label == "crane" else ("tabby", "sports car", "bus", "truck"))
