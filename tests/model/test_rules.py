from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy.model.rules import Rules, Watch


def bare_in_place(x: Tensor) -> Tensor:
    x = x * 1
    F.relu(x, inplace=True)
    return x


def bare_positional(x: Tensor) -> Tensor:
    x = x * 1
    F.relu(x, True)
    return x


def bare_method(x: Tensor) -> Tensor:
    x = x * 1
    x.relu_()
    return x


WAYS = [
    nn.ReLU(),
    nn.ReLU(inplace=True),
    F.relu,
    torch.relu,
    lambda x: x.relu(),
    lambda x: (x * 1).relu_(),
    bare_in_place,
    bare_positional,
    bare_method,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_rule_takes_the_place_of_every_way_to_call_a_function(way: Callable[[Tensor], Tensor]) -> None:
    x = torch.linspace(-1, 1, 5, requires_grad=True)
    with Rules({"relu": lambda x, args, kwargs: 10 * x}):
        y = way(x * 1)
    assert torch.equal(y, 10 * x)
    assert torch.equal(torch.autograd.grad(y.sum(), x)[0], torch.full((5,), 10.0))
    assert torch.equal(way(x * 1), x.relu()), "gone with its block"


@pytest.mark.parametrize(
    "way", [nn.ReLU6(), nn.ReLU6(inplace=True), F.relu6, nn.Hardtanh(0, 6), lambda x: F.hardtanh(x, 0, 6)]
)
def test_relu6_is_known_in_every_dress(way: Callable[[Tensor], Tensor]) -> None:
    seen = []
    with Watch(lambda kind, args, kwargs, output: seen.append(kind)):
        way(torch.zeros(3))
    assert "relu6" in seen and "relu" not in seen


def test_a_hardtanh_with_other_ends_is_no_relu6() -> None:
    seen = []
    with Watch(lambda kind, args, kwargs, output: seen.append(kind)):
        nn.Hardtanh(-1, 1)(torch.zeros(3))
    assert "hardtanh" in seen


@pytest.mark.parametrize(
    ("way", "found"),
    [
        (lambda x: x.clamp(min=0), "relu"),
        (lambda x: x.clamp(0), "relu"),
        (lambda x: torch.clamp_min(x, 0.0), "relu"),
        (lambda x: (x * 1).clamp_(min=0), "relu"),
        (lambda x: x.clip(0), "relu"),
        (lambda x: x.clamp(0, 6), "relu6"),
        (lambda x: x.clamp(0, 1), "clamp"),
        (lambda x: x.clamp(min=-1), "clamp"),
        (lambda x: x.clamp(max=0), "clamp"),
        (lambda x: x.clamp(torch.zeros(3)), "clamp"),
    ],
)
def test_a_clamp_from_zero_is_a_relu(way: Callable[[Tensor], Tensor], found: str) -> None:
    x, seen = torch.tensor([-1.0, 2.0, 9.0]), []
    with Watch(lambda kind, args, kwargs, output: seen.append(kind)):
        wanted = way(x)
    assert found in seen
    rules = {name: lambda x, args, kwargs: torch.full_like(x, 7) for name in ("relu", "relu6")}
    with Rules(rules):
        ruled = way(x)
    assert torch.equal(ruled, wanted) if found == "clamp" else (ruled == 7).all()
