"""Trees from WordNet and at random equal those that nbdt builds and ships; inner nodes are named by what is below."""

import random

import numpy as np
import pytest

import seewhy
from nbdt_files import folder, wnids
from random_trees import anyhow
from seewhy.errors import BadInput, BadOption
from seewhy.lang.classes import table
from seewhy.trees import Hierarchy, at_random, from_wordnet, induce, load, meanings, named
from seewhy.trees.wordnet import common, kinds, synset

IMAGENET = [english for english, _ in table()]


def splits(tree: Hierarchy, without: str = "") -> set[frozenset[str]]:
    """The sets of leaves below the inner nodes, those of one leaf left out."""
    own = [tree.ids[leaf] for leaf in tree.leaves]
    found = {frozenset(own[number] for number in tree.classes[node]) - {without} for node in tree.inner}
    return {one for one in found if len(one) > 1}


@pytest.mark.parametrize(
    ("dataset", "file"),
    [("CIFAR10", "wordnet"), ("CIFAR100", "wordnet-single"), ("TinyImagenet200", "wordnet-single")],
)
def test_the_tree_of_wordnet_is_the_one_that_nbdt_ships(dataset: str, file: str) -> None:
    theirs = load(folder() / "hierarchies" / dataset / f"graph-{file}.json")
    tree = from_wordnet(wnids(dataset), first="name")  # as NLTK sorts hypernyms
    assert [tree.ids[leaf] for leaf in tree.leaves] == wnids(dataset)
    girl = "n10129825" if dataset == "CIFAR100" else ""  # a kind of woman, which nbdt makes a child of male, beside boy
    assert splits(tree, girl) == splits(theirs, girl)
    inner = {tree.ids[node]: tree.names[node] for node in tree.inner}
    shipped = {theirs.ids[node]: theirs.names[node] for node in theirs.inner}
    if girl:
        assert set(inner) - set(shipped) == {"f10787470"} and inner["f10787470"] == "woman"
        assert {"n10787470", girl} in splits(tree)
    else:
        assert set(inner) == set(shipped)
    off = {key: (inner[key], shipped[key]) for key in inner if key in shipped and inner[key] != shipped[key].lower()}
    assert all(ours.lower() == other.lower() for ours, other in off.values())


def test_the_tree_of_wordnet_of_imagenet() -> None:
    tree = from_wordnet(IMAGENET)
    assert [tree.called(leaf) for leaf in tree.leaves] == IMAGENET
    assert min(len(below) for below in tree.children if below) == 2
    for node in tree.inner:
        assert all(tree.ids[node] in kinds(tree.ids[tree.leaves[number]]) for number in tree.classes[node])
    names = [tree.called(node) for node in tree.path(tree.leaves[817])]
    assert names[-3:] == ["motor vehicle", "car", "sports car"] and "vehicle" in names and "container" not in names
    dogs = next(node for node in tree.inner if tree.names[node] == "dog")
    assert set(tree.classes[dogs]) == set(range(151, 269)) and tree.ids[dogs] == "n02084071"
    names = [tree.called(node) for node in tree.path(tree.leaves[282])]
    assert names[-5:] == ["carnivore", "feline", "cat", "domestic cat", "tiger cat"]


def test_a_class_above_another_is_a_leaf_beside_it() -> None:
    tree = from_wordnet(["dog", "n02092339", "cat", "red dog", "blorb"])  # a dog, and a Weimaraner
    node = next(node for node in tree.inner if tree.names[node] == "dog")
    assert {tree.called(child) for child in tree.children[node]} == {"dog", "n02092339", "red dog"}
    assert tree.ids[node] == "f02084071" and tree.ids[tree.leaves[0]] == "n02084071"
    assert tree.called(0) == "entity" and tree.parents[tree.leaves[4]] == 0


@pytest.mark.parametrize("classes", [["blorb", "blarb"], ["entity", "dog"], ["entity", "blorb", "dog"]])
def test_classes_of_which_little_is_known_make_a_tree_too(classes: list[str]) -> None:
    tree = from_wordnet(classes)
    assert [tree.called(leaf) for leaf in tree.leaves] == classes and len(tree) <= len(classes) + 2


def nbdts_random(leaves: list[str], seed: int, branching: int) -> set[frozenset[str]]:
    """Its grouping from the leaves up, as its build_random_graph documents it."""
    rows: list[frozenset[str]] = [frozenset([one]) for one in leaves]
    found: set[frozenset[str]] = set()
    while len(rows) > 1:
        rows = [frozenset().union(*rows[start : start + branching]) for start in range(0, len(rows), branching)]
        found |= set(rows)
    return {one for one in found if len(one) > 1}


@pytest.mark.parametrize("classes", [2, 3, 10, 17, 100])
@pytest.mark.parametrize("branching", [2, 3, 5])
def test_a_random_tree_has_nbdts_shape(classes: int, branching: int) -> None:
    names = [f"blorb {number}" for number in range(classes)]
    tree = at_random(names, -1, branching)
    own = [tree.ids[leaf] for leaf in tree.leaves]
    assert splits(tree) == nbdts_random(own, -1, branching)
    mixed = at_random(names, 3, branching)
    assert sorted(map(len, splits(mixed))) == sorted(map(len, splits(tree)))
    assert mixed == at_random(names, 3, branching)
    assert classes < 10 or splits(mixed) != splits(tree) != splits(at_random(names, 4, branching))


def test_nothing_global_is_drawn_from() -> None:
    random.seed(0)
    np.random.seed(0)
    before = random.getstate(), np.random.get_state()[1].tolist()
    at_random(["a cat", "a dog", "a cow"])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.parametrize("seed", range(4))
def test_a_name_is_the_deepest_that_says_more_than_those_above(seed: int) -> None:
    draw = random.Random(seed)
    classes = draw.sample(IMAGENET, 60)
    found = meanings(classes)
    bare = anyhow(60, 3, seed)
    tree = named(bare, found)
    assert tree.parents == bare.parents and tree.leaves == bare.leaves
    assert len(set(tree.ids)) == len(tree)
    own = {one.id for one in found}
    for node in tree.inner:
        shared = set(common([found[number].synset for number in tree.classes[node]])) - own
        above = [tree.names[one] for one in tree.path(node)[:-1] if tree.names[one]]
        used = {one for one in shared if any(one in kinds(other) for other in _ids(tree, node, above, shared))}
        free = shared - used
        if not tree.names[node]:
            assert not free and tree.ids[node].startswith("f")
        else:
            assert max(synset(one).depth for one in free) == max(
                synset(one).depth for one in free if synset(one).name == tree.names[node]
            )
        if tree.ids[node].startswith("n"):
            assert tree.ids[node] in shared and synset(tree.ids[node]).name == tree.names[node]


def _ids(tree: Hierarchy, node: int, names: list[str], shared: set[str]) -> list[str]:
    """The synsets of the names above a node: all of them are shared by what is below it."""
    return [one for one in shared if synset(one).name in names]


def test_names_of_a_tree_that_is_easy_to_see() -> None:
    classes = ["beagle", "collie", "tabby", "Persian cat", "sports car", "minivan"]
    edges = [
        ("r", "a"), ("r", "v"), ("a", "d"), ("a", "c"), ("v", "4"), ("v", "5"), ("d", "0"), ("d", "1"), ("c", "2"),
        ("c", "3"),
    ]  # fmt: skip
    ids = [*"racdv", *map(str, range(6))]
    tree = named(Hierarchy.of(ids, edges, [*map(str, range(6))], ["", "", "", "", "", *classes]), meanings(classes))
    assert [tree.called(node) for node in tree.inner] == ["whole", "carnivore", "dog", "domestic cat", "car"]
    assert [tree.ids[node] for node in tree.inner] == ["n00003553", "n02075296", "n02084071", "n02121808", "n02958343"]


def test_nodes_above_what_is_not_known_are_numbered() -> None:
    rows = np.array([[0.0], [0.1], [5.0], [5.3]])
    tree = induce(rows, classes=["beagle", "blorb", "tabby", "Persian cat"])
    assert [tree.called(node) for node in tree.inner] == ["f00000006", "f00000004", "domestic cat"]
    bare = induce(rows, classes=["beagle", "collie", "tabby", "Persian cat"], name=False)
    assert [tree for tree in bare.names if tree] == ["beagle", "collie", "tabby", "Persian cat"]
    assert bare.ids[0] == "f00000006"


@pytest.mark.parametrize(
    ("call", "error", "problem"),
    [
        (lambda: from_wordnet(["dog"]), BadInput, "a tree of 1 classes"),
        (lambda: from_wordnet([]), BadInput, "a tree of 0 classes"),
        (lambda: from_wordnet(["dog", "cat"], first="nltk"), BadOption, "first is 'nltk'"),
        (lambda: at_random(["dog", 3]), BadOption, "a class is called 3"),
        (lambda: at_random(["a", "b"], -2), BadOption, "seed is -2"),
        (lambda: at_random(["a", "b"], 0, 1), BadOption, "branching is 1"),
        (lambda: at_random(7), BadOption, "is no model"),
        (lambda: from_wordnet(seewhy.black_box(len, input="float", size=8)), BadInput, "have no names"),
    ],
)
def test_what_makes_no_tree_is_refused(call: object, error: type[Exception], problem: str) -> None:
    with pytest.raises(error, match=problem) as refused:
        call()  # type: ignore[operator]  # each row is a call
    assert refused.value.hint
