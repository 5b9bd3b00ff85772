"""Gradients of several scores with respect to several places."""

from typing import Any

import pytest
import torch
from torch import Tensor

from seewhy.model import backward as HERE
from seewhy.model.backward import AT_ONCE, backwards


def graph(act: Any = torch.tanh) -> tuple[list[Tensor], list[Tensor]]:
    """Scores of one forward, of which the last depends on nothing behind the second place."""
    gen = torch.Generator().manual_seed(0)
    x = torch.rand(2, 5, generator=gen).requires_grad_()
    first = act(x @ torch.rand(5, 6, generator=gen))
    second = (first @ torch.rand(6, AT_ONCE + 3, generator=gen)).exp()
    return [*second.sum(0), first.square().sum()], [x, first, second]


def one_by_one(scores: list[Tensor], at: list[Tensor]) -> list[list[Tensor]]:
    found = [torch.autograd.grad(one, at, retain_graph=True, allow_unused=True) for one in scores]
    return [[torch.zeros_like(x) if grad is None else grad for grad, x in zip(own, at, strict=True)] for own in found]


@pytest.mark.parametrize(("photos", "sizes"), [(1, [16, 4]), (2, [8, 8, 4]), (5, [3] * 6 + [2]), (9, [])])
@pytest.mark.parametrize("keep", [False, True])
def test_many_at_once_are_those_one_by_one(
    keep: bool, photos: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    scores, at = graph()
    wanted = one_by_one(scores, at)
    together, made = HERE._together, []
    monkeypatch.setattr(HERE, "_together", lambda sums, at: made.append(together(sums, at)) or made[-1])
    found = backwards(scores, at, photos, keep=keep)
    assert [len(one[0]) for one in made] == sizes, "products of so many scores, and no more rows than one photo has"
    torch.testing.assert_close(found, wanted)


def test_a_score_that_does_not_move_and_functions_without_a_rule_go_one_by_one() -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, grad: Tensor) -> Tensor:
            if grad.sum().item() == torch.pi:  # which no product of many can tell
                raise ValueError
            return 3 * ctx.saved_tensors[0] ** 2 * grad

    scores, at = graph(Cube.apply)
    torch.testing.assert_close(backwards(scores, at, 1, keep=True), one_by_one(scores, at))
    still = torch.ones(())
    found = backwards([scores[0], still], at, 1, keep=True)
    assert all(not one.any() for one in found[1]) and found[0][0].any()
