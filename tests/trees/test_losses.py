"""Losses of trees: nbdt's on all it ships, and by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

import decided_by_hand as by_hand
from benchmarks.nbdt_peers import SHIPPED, shipped
from random_trees import anyhow
from seewhy.errors import BadInput, BadOption
from seewhy.trees import HardTreeLoss, Hierarchy, Schedule, SoftTreeLoss

EVERY = pytest.mark.parametrize("of", SHIPPED, ids="/".join)
TREE = anyhow(12, 4, 2)


def drawn(classes: int, *shape: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    made = torch.Generator().manual_seed(seed)
    samples, *places = shape
    scores = 3 * torch.randn(samples, classes, *places, generator=made, dtype=torch.float64)
    return scores, torch.randint(classes, shape, generator=made)


@EVERY
@pytest.mark.parametrize("weight", [1.0, 10.0])
def test_the_soft_loss_is_nbdts(of: tuple[str, str], weight: float) -> None:
    case = shipped(*of)
    scores, labels = drawn(len(case.classes), 30)
    theirs = case.loss("Soft", nn.CrossEntropyLoss(), tree_supervision_weight=weight)(scores.float(), labels)
    found = SoftTreeLoss(case.tree, weight, term="probability")(scores.float(), labels)
    torch.testing.assert_close(found, theirs, rtol=1e-6, atol=1e-6)


@EVERY
@pytest.mark.parametrize("leaves", [(None, None), (3, None), (None, 6), (3, 20)], ids=str)
def test_the_hard_loss_is_nbdts(of: tuple[str, str], leaves: tuple[int | None, int | None]) -> None:
    case = shipped(*of)
    scores, labels = drawn(len(case.classes), 30)
    limits = {"min_leaves_supervised": leaves[0] or -1, "max_leaves_supervised": leaves[1] or -1}
    theirs = case.loss("Hard", nn.CrossEntropyLoss(), tree_supervision_weight=2.0, **limits)(scores.float(), labels)
    found = HardTreeLoss(case.tree, 2.0, min_leaves=leaves[0], max_leaves=leaves[1])(scores.float(), labels)
    torch.testing.assert_close(found, theirs, rtol=1e-6, atol=1e-6)


def test_gradients_are_nbdts() -> None:
    case = shipped("CIFAR100", "wordnet")
    scores, labels = drawn(100, 16)
    for ours, kind in ((SoftTreeLoss(case.tree, term="probability"), "Soft"), (HardTreeLoss(case.tree), "Hard")):
        grads = []
        for loss in (ours, case.loss(kind, nn.CrossEntropyLoss())):
            x = scores.float().requires_grad_()
            grads.append(torch.autograd.grad(loss(x, labels), x)[0])
        torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-7)


def test_a_criterion_of_ones_own_is_used_at_every_node() -> None:
    case = shipped("CIFAR100", "wordnet")
    scores, labels = drawn(100, 16)
    smooth = nn.CrossEntropyLoss(label_smoothing=0.1)
    theirs = case.loss("Hard", smooth)(scores.float(), labels)
    torch.testing.assert_close(HardTreeLoss(case.tree, criterion=smooth)(scores.float(), labels), theirs)


def test_minus_log_p_of_the_label() -> None:
    scores, labels = drawn(12, 9)
    expected = [-math.log(by_hand.soft(TREE, one)[y]) for one, y in zip(scores.numpy(), labels.tolist(), strict=True)]
    found = SoftTreeLoss(TREE).term(scores, labels)
    assert float(found) == pytest.approx(sum(expected) / 9, rel=1e-9)
    assert float(HardTreeLoss(TREE).term(scores, labels)) == pytest.approx(float(found) * 2 / len(TREE.inner))


def test_a_weight_goes_along_its_schedule() -> None:
    scores, labels = drawn(12, 9)
    loss = SoftTreeLoss(TREE, Schedule(1, 5, 2))
    plain, term = nn.functional.cross_entropy(scores, labels), loss.term(scores, labels)
    for progress, weight in ((0, 1), (0.5, 2), (1, 5)):
        loss.at(progress)
        assert float(loss(scores, labels)) == pytest.approx(float(plain + weight * term))


@pytest.mark.parametrize("loss", [SoftTreeLoss(TREE), SoftTreeLoss(TREE, term="probability"), HardTreeLoss(TREE)])
def test_places_are_samples_and_some_are_ignored(loss: nn.Module) -> None:
    scores, labels = drawn(12, 2, 4, 3)
    flat = scores.permute(0, 2, 3, 1).reshape(-1, 12)
    assert float(loss(scores, labels)) == pytest.approx(float(loss(flat, labels.flatten())))
    labels[0, 1:] = -100
    kept = labels.flatten() >= 0
    assert float(loss(scores, labels)) == pytest.approx(float(loss(flat[kept], labels.flatten()[kept])))


def test_the_hard_loss_is_differentiable() -> None:
    scores, labels = drawn(12, 3)
    assert torch.autograd.gradcheck(lambda x: HardTreeLoss(TREE)(x, labels), scores.requires_grad_())


def test_a_node_with_one_child_teaches_nothing_and_counts() -> None:
    tree = Hierarchy.of(["r", "a", "b", "c", "d"], [("r", "a"), ("r", "b"), ("a", "c"), ("c", "d")], ["b", "d"])
    scores, labels = drawn(2, 5)
    plain = nn.functional.cross_entropy(scores, labels)
    assert float(HardTreeLoss(tree)(scores, labels)) == pytest.approx(float(plain) * (1 + 2 / 3))


def test_what_does_not_fit() -> None:
    scores, labels = drawn(12, 4)
    with pytest.raises(BadInput, match="for a tree of 12 classes"):
        SoftTreeLoss(TREE)(scores[:, :5], labels)
    with pytest.raises(BadInput, match="labels from 0 to 12"):
        HardTreeLoss(TREE).term(scores, torch.tensor([0, 1, 2, 12]))
    with pytest.raises(BadInput, match="number of its class"):
        HardTreeLoss(TREE).term(scores, labels[:3])
    with pytest.raises(BadOption, match="weights of classes"):
        HardTreeLoss(TREE, criterion=nn.CrossEntropyLoss(torch.ones(12)))
    with pytest.raises(BadOption, match="reduction 'sum'"):
        SoftTreeLoss(TREE, criterion=nn.CrossEntropyLoss(reduction="sum"))
    with pytest.raises(BadOption, match="power"):
        Schedule(power=0)
    with pytest.raises(BadOption, match="term"):
        SoftTreeLoss(TREE, term="p")


def test_of_a_thousand_classes_only_minus_log_p_teaches() -> None:
    """Probabilities as scores: their softmax hardly moves, and the loss is never far from log k."""
    tree = shipped("Imagenet1000", "induced-efficientnet_b7b").tree
    scores, labels = drawn(1000, 16)
    norms = []
    for term in ("log_probability", "probability"):
        x = scores.clone().requires_grad_()
        loss = SoftTreeLoss(tree, term=term).term(x, labels)
        norms.append(float(torch.autograd.grad(loss, x)[0].norm()))
    assert norms[1] < norms[0] / 100
    floor, ceiling = math.log(1 + 999 / math.e), math.log(999 + math.e)
    assert floor < float(loss.detach()) < ceiling
