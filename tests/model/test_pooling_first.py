"""Rectifiers behind poolings by maxima: the same values and gradients to the bit, and only where nobody could tell."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.chain import Rectifying, chained
from seewhy.model.pooling_first import pooling_first
from seewhy.model.program import Program
from seewhy.model.rules import kind
from seewhy.model.tape import Call, Recorder

WEIGHT = torch.randn(6, 3, 3, 3, generator=torch.Generator().manual_seed(2))


def conv(x: Tensor) -> Tensor:
    return F.conv2d(x, WEIGHT, padding=1)


SWAPPED: dict[str, Callable[[Tensor], Any]] = {
    "in place": lambda x: F.max_pool2d(F.relu(conv(x), inplace=True), 2),
    "method in place": lambda x: F.max_pool2d(conv(x).relu_(), 3, 2, 1),
    "out of place": lambda x: F.max_pool2d(F.relu(conv(x)), 3, 2, 1),
    "what is rectified is read elsewhere": lambda x: F.max_pool2d(F.relu(y := conv(x)), 2) + y.mean(),
    "both bounds": lambda x: F.max_pool2d(F.relu6(conv(x)), 3, 2, ceil_mode=True),
    "twice": lambda x: F.max_pool2d(F.relu(F.max_pool2d(F.relu(conv(x)), 2) - 1), 2),
}
LEFT: dict[str, Callable[[Tensor], Any]] = {
    "read behind the pooling": lambda x: F.max_pool2d(y := F.relu(conv(x)), 2) + y.mean(),
    "read between": lambda x: (y := F.relu(conv(x))).mean() + F.max_pool2d(y, 2),
    "written between": lambda x: F.max_pool2d(F.relu6(conv(x)).mul_(2), 2),
    "what was rectified is written between": lambda x: _between(conv(x)),
    "in place of a view": lambda x: F.max_pool2d(F.relu((y := conv(x))[:, :3], inplace=True), 2) + y.mean(),
    "in place of what was read": lambda x: (z := (y := conv(x)) * 2).mean() + F.max_pool2d(y.relu_(), 2) + z.sum(),
    "another activation": lambda x: F.max_pool2d(F.gelu(conv(x)), 2),
    "means": lambda x: F.avg_pool2d(F.relu(conv(x)), 2),
    "places, too": lambda x: F.max_pool2d(F.relu(conv(x)), 2, return_indices=True)[0],
    "the picture itself": lambda x: F.max_pool2d(x, 2),
}


def _between(y: Tensor) -> Tensor:
    z = F.relu(y)
    y.add_(1)
    return F.max_pool2d(z, 2) + y.mean()


def written(forward: Callable[[Tensor], Any], x: Tensor) -> tuple[list[Call], int]:
    with Recorder(x.clone()) as recorder:
        out = forward(recorder.x)
    assert not recorder.reason
    return list(recorder.calls), recorder.place(out).number


def run(calls: list[Call], wanted: int, x: Tensor) -> tuple[Tensor, Tensor]:
    own = x.clone().requires_grad_()
    (out,) = Program(calls, (0,), (wanted,), torch.contiguous_format)([own], len(own))
    weights = torch.linspace(-1, 2, out.numel()).view(out.shape)
    return out.detach(), torch.autograd.grad((out * weights).sum(), own)[0]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(2, 3, 9, 12, generator=torch.Generator().manual_seed(1))


@pytest.mark.engine
@pytest.mark.parametrize("name", [*SWAPPED, *LEFT])
def test_values_and_gradients_stay_to_the_bit(name: str, x: Tensor) -> None:
    calls, wanted = written({**SWAPPED, **LEFT}[name], x)
    made = pooling_first(calls, [wanted])
    for found, exact in zip(run(made, wanted, x), run(calls, wanted, x), strict=True):
        assert torch.equal(found, exact)
    kinds = [[kind(one.function, one.args, one.kwargs) for one in some] for some in (made, calls)]
    assert (kinds[0] != kinds[1]) == (name in SWAPPED)
    if name in SWAPPED:
        first = next(at for at, one in enumerate(kinds[0]) if one.startswith("relu"))
        assert "pool" in kinds[0][first - 1] and kinds[0].count("max_pool2d") == kinds[1].count("max_pool2d")


@pytest.mark.engine
def test_what_is_wanted_of_a_rectifier_stays_its_own(x: Tensor) -> None:
    calls, wanted = written(SWAPPED["out of place"], x)
    before = calls[1].makes[0]
    assert pooling_first(calls, [wanted, before]) == calls != pooling_first(calls, [wanted])


@pytest.mark.engine
def test_a_rectifier_whose_backward_is_another_stays_before_the_pooling(x: Tensor) -> None:
    """Windows overlap: a guided one lets positive parts of a sum pass, not the sum."""
    calls, wanted = written(SWAPPED["out of place"], x)
    hows: tuple[Rectifying, ...] = ("own", "guided", "left")
    orders = [[call.name for call in chained(calls, [wanted], how)] for how in hows]
    assert orders[0].index("max_pool2d") == 1 and orders[1].index("max_pool2d") == orders[2].index("max_pool2d") == 2
