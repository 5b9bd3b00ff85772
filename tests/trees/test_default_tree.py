"""The default model's own tree: what it has learned of kinds, and how it reads."""

import numpy as np
import pytest

import seewhy
from seewhy.trees import Hierarchy, holdings, induce, meanings
from seewhy.trees.holding import GROUPS


@pytest.fixture(scope="module")
def model() -> seewhy.Model:
    return seewhy.load()


@pytest.fixture(scope="module")
def tree(model: seewhy.Model) -> Hierarchy:
    return induce(model)


def test_all_dogs_are_in_one_branch_with_few_others(tree: Hierarchy) -> None:
    dogs = set(range(151, 269))
    held = min((below for below in tree.classes if dogs <= set(below)), key=len)
    assert 1 - len(dogs) / len(held) <= 0.1


def test_holdings_are_what_counting_gives(tree: Hierarchy, model: seewhy.Model) -> None:
    found = {one.group: one for one in holdings(tree, meanings(model.classes))}
    assert list(found) == list(GROUPS)
    assert found["dogs"].size == 118 and found["animals"].size == 398 and found["birds"].size == 59
    dogs = set(range(151, 269))
    below = set(tree.classes[found["dogs"].node])
    assert dogs <= below and found["dogs"].others == pytest.approx(1 - 118 / len(below))
    children = tree.children[found["dogs"].node]
    assert not any(dogs <= set(tree.classes[child]) for child in children)
    best = max(tree.classes, key=lambda own: len(dogs.intersection(own)) / len(dogs.union(own)))
    assert found["dogs"].best_held == len(best) and found["dogs"].best_own == len(dogs.intersection(best))


def test_names_on_a_way_go_from_the_general_to_the_particular(tree: Hierarchy, model: seewhy.Model) -> None:
    way = [tree.names[node] for node in tree.path(tree.leaves[207]) if tree.names[node]]
    assert way[-4:] == ["dog", "sporting dog", "retriever", "golden retriever"]
    assert [tree.called(leaf) for leaf in tree.leaves] == list(model.classes)
    assert len({*tree.ids}) == 1999 and sum(bool(tree.names[node]) for node in tree.inner) > 300


def test_a_group_that_is_all_or_one_class_is_none() -> None:
    names = ["beagle", "collie", "tabby"]
    tree = induce(np.array([[0.0], [0.1], [3.0]]), classes=names)
    assert {one.group for one in holdings(tree, meanings(names))} == {"dogs"}
