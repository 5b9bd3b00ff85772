"""Soft and hard rules equal loops over nodes and samples."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

import decided_by_hand as by_hand
from random_trees import anyhow
from seewhy.errors import BadInput
from seewhy.trees import HardRules, Hierarchy, MarginalRules, SoftRules

TREES = [anyhow(2), anyhow(5, 2, 1), anyhow(12, 4, 2), anyhow(60, 9, 3)]


def scores(tree: Hierarchy, samples: int = 6, scale: float = 5, seed: int = 0) -> Tensor:
    made = torch.Generator().manual_seed(seed)
    return scale * torch.randn(samples, len(tree.leaves), generator=made, dtype=torch.float64)


@pytest.mark.parametrize("tree", TREES, ids=len)
def test_soft_probabilities(tree: Hierarchy) -> None:
    given = scores(tree)
    found = SoftRules(tree)(given)
    np.testing.assert_allclose(found, [by_hand.soft(tree, one) for one in given.numpy()], rtol=1e-9)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-12)


@pytest.mark.parametrize("tree", TREES, ids=len)
def test_hard_leaves_and_their_way(tree: Hierarchy) -> None:
    given = scores(tree)
    rules = HardRules(tree)
    ways = [by_hand.hard(tree, one) for one in given.numpy()]
    taken = rules.taken(given)
    assert [[node for node in way if node >= 0] for way in taken.nodes.tolist()] == ways
    assert rules.reached(given).tolist() == [way[-1] for way in ways]
    assert [tree.leaves[number] for number in rules(given).argmax(1)] == [way[-1] for way in ways]
    for way, one, found in zip(ways, given.numpy(), taken.probabilities, strict=True):
        own = by_hand.shares(tree, one)
        np.testing.assert_allclose(found[: len(way)], [own[node] for node in way], rtol=1e-9)
        assert (found[len(way) :] == 1).all()


@pytest.mark.parametrize("tree", TREES, ids=len)
def test_marginal_probabilities_are_the_networks_own(tree: Hierarchy) -> None:
    given = scores(tree, scale=60)
    rules = MarginalRules(tree)
    own = given.softmax(1)
    np.testing.assert_allclose(rules(given), own, rtol=1e-9, atol=1e-300)
    reached = rules.log_reached(given).exp()
    for node, below in enumerate(tree.classes):
        np.testing.assert_allclose(reached[:, node], own[:, list(below)].sum(1), rtol=1e-9, atol=1e-300)
    assert rules.taken(given).classes.tolist() == given.argmax(1).tolist()
    assert torch.autograd.gradcheck(rules, scores(tree, 2).requires_grad_()) if len(tree) < 30 else True


def test_single_precision_of_a_thousand_classes() -> None:
    tree = anyhow(1000, 2, 5)
    given = scores(tree, 4).float()
    found = SoftRules(tree)(given)
    assert found.dtype == torch.float32
    expected = np.array([by_hand.soft(tree, one) for one in given.double().numpy()])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_far_apart_scores_neither_overflow_nor_vanish() -> None:
    tree = TREES[2]
    given = scores(tree, scale=3000)
    found = SoftRules(tree).log_probabilities(given)
    assert torch.isfinite(found).all()
    assert SoftRules(tree)(given).sum(1).tolist() == pytest.approx([1] * len(given))


def test_places_are_decided_one_by_one() -> None:
    tree = TREES[2]
    given = scores(tree, 2 * 3 * 5).reshape(2, 3, 5, -1).permute(0, 3, 1, 2)  # (b,k,h,w)
    flat = given.permute(0, 2, 3, 1).flatten(0, 2)
    for rules in (SoftRules(tree), HardRules(tree)):
        found = rules(given)
        assert found.shape == given.shape
        torch.testing.assert_close(found.permute(0, 2, 3, 1).flatten(0, 2), rules(flat))
        assert torch.equal(rules.taken(given).nodes, rules.taken(flat).nodes)


def test_soft_probabilities_are_differentiable() -> None:
    tree = TREES[1]
    assert torch.autograd.gradcheck(SoftRules(tree), scores(tree, 2).requires_grad_())


@pytest.mark.parametrize("shape", [(3, 4), (5,), (3, 6)])
def test_scores_that_do_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="for a tree of 5 classes"):
        SoftRules(TREES[1])(torch.zeros(shape))


def test_half_precision_is_computed_in_single() -> None:
    tree = anyhow(300, 3, 4)
    given = scores(tree).bfloat16()
    for rules in (SoftRules(tree), HardRules(tree)):
        assert torch.equal(rules(given), rules(given.float()).bfloat16())


@pytest.mark.parametrize("tree", TREES, ids=len)
def test_of_equal_children_the_first(tree: Hierarchy) -> None:
    given = torch.zeros(1, len(tree.leaves))
    assert HardRules(tree).reached(given).tolist() == [by_hand.hard(tree, np.zeros(len(tree.leaves)))[-1]]
    assert HardRules(tree)(given).sum() == 1


def test_a_batch_of_none() -> None:
    given = torch.zeros(0, 5)
    for rules in (SoftRules(TREES[1]), HardRules(TREES[1])):
        assert rules(given).shape == (0, 5)
        assert rules.taken(given).nodes.shape == (0, max(TREES[1].depths))


def test_a_chain_of_classes() -> None:
    """As single linkage makes it: as deep as there are classes."""
    inner = [f"f{number}" for number in range(199)]
    edges = [*pairwise(inner), *((name, f"c{number}") for number, name in enumerate(inner))]
    classes = [f"c{number}" for number in range(200)]
    tree = Hierarchy.of([*inner, *classes], [*edges, (inner[-1], "c199")], classes)
    given = scores(tree, 3)
    np.testing.assert_allclose(SoftRules(tree)(given), [by_hand.soft(tree, one) for one in given.numpy()], rtol=1e-9)
    ways = [by_hand.hard(tree, one) for one in given.numpy()]
    assert HardRules(tree).reached(given).tolist() == [way[-1] for way in ways]


def test_a_gradient_reaches_every_class() -> None:
    tree = TREES[3]
    given = scores(tree, 2).requires_grad_()
    rows = torch.autograd.grad(SoftRules(tree).log_probabilities(given)[:, 7].sum(), given)[0]
    own = by_hand.shares(tree, given[0].detach().numpy())
    expected = np.zeros(len(tree.leaves))
    for node in tree.path(tree.leaves[7])[1:]:  # each step: its own mean less the siblings' by their shares
        for one in tree.children[tree.parents[node]]:
            expected[list(tree.classes[one])] += ((one == node) - own[one]) / len(tree.classes[one])
    np.testing.assert_allclose(rows[0], expected, atol=1e-12)


@pytest.mark.parametrize("kind", [SoftRules, HardRules, MarginalRules])
def test_the_indices_go_where_the_rules_go(kind: type) -> None:
    """No device but one without memory is at hand everywhere: on it nothing may be made elsewhere."""
    tree = TREES[3]
    rules, given = kind(tree).to("meta"), torch.empty(4, 60, 3, 2, device="meta")
    taken = rules.taken(given)
    for one in (rules(given), rules.log_reached(given), rules.log_shares(given), rules.node_scores(given)):
        assert one.device.type == "meta" and one.shape[2:] == (3, 2)
    assert {one.device.type for one in (taken.nodes, taken.probabilities, taken.classes)} == {"meta"}
    assert rules.reached(given).shape == (4, 3, 2)
