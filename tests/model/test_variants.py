"""Scores and gradients of several targets from the same forwards, one by one and as one product."""

from typing import Any

import pytest
import torch
from torch import Tensor

from conftest import SmallNet
from seewhy import Model
from seewhy.model.backward import gradients
from seewhy.model.stream import Items
from seewhy.targets import as_target

TARGETS = [0, 3, 1]


def pinned(model: Model, x: Tensor) -> list[Any]:
    with model.frozen():
        return [as_target(one).pin(model.outputs(x), model.find) for one in TARGETS]


def test_several_targets_give_what_each_gives(small: Model, x: Tensor) -> None:
    targets, variants = pinned(small, x), [x, 1 - x, x / 2]
    with small.frozen():
        scores, grads = small.scores(variants, targets), list(small.gradients(variants, targets))
        for i, target in enumerate(targets):
            assert torch.allclose(scores[i], small.scores(variants, target))
            for found, wanted in zip(grads, small.gradients(variants, target), strict=True):
                assert torch.allclose(found[i], wanted, atol=1e-6) and wanted.abs().max() > 0
    assert scores.shape == (3, 2, 3) and grads[0].shape == (3, *x.shape)


def test_a_tail_does_the_same_for_maps(small: Model, x: Tensor) -> None:
    targets = pinned(small, x)
    with small.frozen():
        tail = small.tail(x, "bn2")
        maps = tail.maps()
        assert torch.allclose(tail.scores([maps], targets)[..., 0], small.scores([x], targets)[..., 0], atol=1e-5)
        (grads,) = tail.gradients([maps], targets)
        assert torch.allclose(grads[1], next(tail.gradients([maps], targets[1])), atol=1e-6)


def test_items_are_scored_and_differentiated_as_their_image_is(small: Model, x: Tensor) -> None:
    """A target that names another class for each image tells whose item it is."""
    with small.frozen():
        target = as_target([2, 0]).pin(small.outputs(x), small.find)
        items = Items(torch.stack([x[1], x[0], x[1]]), torch.tensor([1, 0, 1]))
        scores, grads = small.scores_and_gradients(items, target)
        clean = small.scores([x], target)[:, 0]
        assert torch.allclose(scores, clean[items.rows], atol=1e-6)
        assert torch.allclose(scores, torch.cat(list(small.each_score([items], target))), atol=1e-6)
        assert torch.allclose(grads, small.gradient(x, target)[items.rows], atol=1e-6)
        assert torch.allclose(grads, next(small.gradients([items], target)), atol=1e-6)


def test_each_target_counts_its_backwards_and_all_of_them_one_forward(small: Model, x: Tensor) -> None:
    targets, run = pinned(small, x), small.shared()
    with run.frozen():
        list(run.gradients([x, 1 - x], targets))
    assert (run.meter.forward, run.meter.backward) == (4, 12)


def scores_of(x: Tensor, net: Any) -> tuple[Tensor, list[Tensor]]:
    at = x.clone().requires_grad_()
    return at, [*net(at).unbind(1), torch.ones(len(x))]


def test_one_product_for_all_targets_is_the_loop() -> None:
    """What a GPU does, on the CPU; the last score does not look at the rows at all."""
    x, net = torch.rand(3, 3, 8, 8), SmallNet().eval()
    at, scores = scores_of(x, net)
    loop = gradients(scores, at, batched=False)
    at, scores = scores_of(x, net)
    together = gradients(scores, at, batched=True)
    assert loop.shape == (3, 5, 3, 8, 8) and torch.allclose(loop, together, atol=1e-6)
    assert loop[:, :4].abs().amax((0, 2, 3, 4)).min() > 0 and not loop[:, 4].any()


class Doubled(torch.autograd.Function):
    """A function that has no rule for several backwards at once."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad.sin()


def test_a_function_without_the_rule_is_gone_through_one_by_one(monkeypatch: Any) -> None:
    x = torch.rand(2, 3).requires_grad_()
    tried = []
    monkeypatch.setattr("seewhy.model.backward._together", lambda sums, at: tried.append(len(sums)))
    found = gradients([*Doubled.apply(x).unbind(1)], x, batched=True)
    assert torch.allclose(found, torch.eye(3).expand(2, 3, 3).sin()) and tried == [3]


def test_a_function_without_the_rule_is_noticed() -> None:
    x = torch.rand(2, 3).requires_grad_()
    found = gradients([*Doubled.apply(x).unbind(1)], x, batched=True)
    assert torch.allclose(found, torch.eye(3).expand(2, 3, 3).sin())


def test_memory_that_runs_out_is_no_missing_rule(monkeypatch: Any) -> None:
    x = torch.rand(2, 3).requires_grad_()

    one_by_one = torch.autograd.grad

    def greedy(*args: Any, is_grads_batched: bool = False, **options: Any) -> Any:
        if is_grads_batched:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return one_by_one(*args, **options)

    scores = [*(2 * x).unbind(1)]
    monkeypatch.setattr(torch.autograd, "grad", greedy)
    with pytest.raises(torch.OutOfMemoryError):
        gradients(scores, x, batched=True)
