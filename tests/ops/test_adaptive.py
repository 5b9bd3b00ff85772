"""Steps where the trapezoid rule misses the score, on scores whose integrals are known."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from seewhy.ops.adaptive import AT_ONCE, INTERVALS, Evaluate, Integral, Line, Node, adaptive_integral

Score = Callable[[Tensor], Tensor]  # of points (m,c,h,w): (m,)
START, END = torch.zeros(3, 1, 1, 2), torch.tensor([1.0, 0.5, 2.0]).view(3, 1, 1, 1).expand(3, 1, 1, 2).contiguous()


def of(score: Score, seen: list[Tensor] | None = None) -> Evaluate:
    def evaluate(points: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        points = points.detach().requires_grad_()
        scores = score(points)
        if seen is not None:
            seen.append(rows)
        return scores.detach(), torch.autograd.grad(scores.sum(), points)[0]

    return evaluate


def cubes(points: Tensor) -> Tensor:
    return points.double().pow(3).sum((1, 2, 3))


def kinked(points: Tensor) -> Tensor:
    """Flat up to a kink at .7 of the third line, then steep: only pixels above 1.4 count."""
    return (points - 1.4).relu().sum((1, 2, 3)) * 9


def gap(found: Integral) -> Tensor:
    return found.values.sum((1, 2, 3)) - found.gain


def test_each_element_gets_its_part_of_the_gain() -> None:
    found = adaptive_integral(START, END, of(cubes), 200, 1e-3)
    assert torch.allclose(found.gain, 2 * END[:, 0, 0, 0] ** 3)
    assert torch.allclose(found.values, END**3, rtol=2e-3)


def test_it_stops_at_the_tolerance_and_before_the_most() -> None:
    loose, tight = (adaptive_integral(START, END, of(cubes), 100, tolerance) for tolerance in (0.01, 1e-4))
    for found, tolerance in ((loose, 0.01), (tight, 1e-4)):
        assert (gap(found).abs() <= tolerance * found.gain.abs()).all() and (found.steps < 100).all()
    assert (loose.steps < tight.steps).all()


@pytest.mark.parametrize("most", [2, 3, 5, 9, 10, 14])
def test_it_never_takes_more_than_the_most(most: int) -> None:
    seen: list[Tensor] = []
    found = adaptive_integral(START, END, of(cubes, seen), most, 0.0)
    assert found.steps.tolist() == [most] * 3
    assert torch.equal(torch.cat(seen).bincount(), found.steps), "steps are the gradients that were taken"


def test_the_sum_is_never_made_to_fit() -> None:
    """Two gradients of x^3 on [0,1] say 3/2, whatever the scores say."""
    found = adaptive_integral(START[:1], END[:1], of(cubes), 2, 0.0)
    assert torch.allclose(found.values, torch.full((1, 1, 1, 2), 1.5)) and torch.allclose(found.gain, torch.tensor(2.0))


def nodes_of(score: Score, most: int) -> list[float]:
    line = Line(most, 0.0)
    while places := line.wanted():
        points = torch.tensor(places).view(-1, 1, 1, 1) * END[2]
        scores, grads = of(score)(points, torch.zeros(len(places)))
        slopes = (grads * END[2]).sum((1, 2, 3))
        line.add([Node(*one) for one in zip(places, scores.tolist(), slopes.tolist(), grads, strict=True)])
    return [node.place for node in line.nodes]


def test_nodes_lie_where_the_rule_errs() -> None:
    nodes = nodes_of(kinked, 13)
    around = next((a, b) for a, b in pairwise(nodes) if a <= 0.7 < b)
    assert around[1] - around[0] <= 1 / INTERVALS / 4, "halved twice"
    assert len([place for place in nodes if place < 0.6]) == 5, "and nowhere else"


def test_large_errors_that_cancel_do_not_end_it() -> None:
    """A wave around a rise: the sum is right at once, and its parts are not."""

    def wave(points: Tensor) -> Tensor:
        at = points.mean((1, 2, 3))
        return at + 2 * torch.sin(2 * torch.pi * at)

    found = adaptive_integral(START[:1], END[:1], of(wave), 400, 0.02)
    assert 2 * INTERVALS < int(found.steps) < 100


def test_an_image_has_the_same_steps_alone_and_in_any_batch() -> None:
    whole = adaptive_integral(START, END, of(kinked), 30, 0.01)
    for i in range(3):
        alone = adaptive_integral(START[i : i + 1], END[i : i + 1], of(kinked), 30, 0.01)
        assert torch.equal(alone.values[0], whole.values[i]) and alone.steps[0] == whole.steps[i]


def test_an_image_that_is_done_makes_room_for_the_next() -> None:
    seen: list[Tensor] = []
    reach = torch.tensor([2.0, 0.1, 1.5]).repeat(AT_ONCE)  # of which the second never comes to the kink
    many = reach.view(-1, 1, 1, 1).expand(-1, 1, 1, 2).contiguous()
    found = adaptive_integral(torch.zeros_like(many), many, of(kinked, seen), 20, 0.001)
    assert all(len(rows.unique()) <= AT_ONCE for rows in seen)
    assert found.steps.min() < found.steps.max() and torch.equal(torch.cat(seen).bincount(), found.steps)
    assert any(len({*rows.bincount().tolist()} - {0}) > 1 for rows in seen), "newcomers beside those under way"
