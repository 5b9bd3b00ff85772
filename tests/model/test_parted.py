"""Inverted residuals by groups of channels: the same values and gradients, and only where a cache is too small."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from test_fused_chain import slopes
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model
from seewhy.model import parted as module
from seewhy.model.fused_chain import Stretch, fused
from seewhy.model.parted import LANES, parted
from seewhy.model.program import reach
from seewhy.model.steps import Step
from seewhy.model.sums import Summed

WIDE = 5 * LANES


class Residuals(nn.Module):
    """Blocks with a shortcut and with a stride, what they narrow to rectified or not."""

    def __init__(self, between: Callable[[Tensor], Tensor] = lambda x: x, deep: int = WIDE) -> None:
        super().__init__()
        self.stem, self.between = nn.Conv2d(3, LANES, 3, padding=1), between
        self.wide, self.narrow = nn.Conv2d(LANES, WIDE, 1), nn.Conv2d(WIDE, LANES, 1)
        self.depthwise = nn.Conv2d(WIDE, WIDE, 3, padding=1, groups=deep)
        self.strided = nn.Conv2d(WIDE, WIDE, 3, 2, padding=1, groups=WIDE)
        self.read = nn.Tanh()
        draw = torch.Generator().manual_seed(0)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=draw) / max(1, weight[0].numel()) ** 0.5

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(2):
            x = x + self.narrow(F.relu6(self.depthwise(self.between(F.relu6(self.wide(x))))))
        x = F.relu(x + self.narrow(F.relu(self.depthwise(F.relu(self.wide(x))))))
        x = F.relu6(self.narrow(F.relu6(self.strided(self.wide(x)))))
        found: Tensor = self.read(x).mean((2, 3))
        return found


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which a picture's wide values, 16 by 20 by 80, take a little more than twice as much."""
    monkeypatch.setattr(module, "HELD", 4 * 16 * 20 * WIDE * 3 // 7)


def stretch(model: Model, x: Tensor) -> Stretch:
    with model.frozen():
        programs = model.programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["read"]) or ([], ())
    return next(call.function for call in fused(calls, wanted) if isinstance(call.function, Stretch))


@pytest.mark.engine
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_are_the_networks(dtype: Any, x: Tensor, small_cache: None) -> None:
    plain = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fast=False).at(dtype)
    quick, own = replace(plain, fast=True, fold=True), x.to(getattr(torch, dtype))
    for found, wanted in zip(slopes(quick, own, "read"), slopes(plain, own, "read"), strict=True):
        torch.testing.assert_close(found, wanted, atol=2e-5 if dtype == "float32" else 1e-10, rtol=1e-4)
    with torch.no_grad(), quick.frozen(), plain.frozen():
        torch.testing.assert_close(quick.upto(own, ["read"]), plain.upto(own, ["read"]), atol=2e-5, rtol=1e-4)
    programs = quick.programs(own)
    assert programs is not None and not programs.refused and ("reaching", True, "read") in programs._made


@pytest.mark.engine
def test_groups_are_of_whole_lanes_and_hold_what_a_cache_does(x: Tensor, small_cache: None) -> None:
    made = stretch(Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fold=True), x)
    one, three = made.parts([x[:1]]), made.parts([x[:1].expand(3, -1, -1, -1)])
    assert [len(step.conv.weight) for step in one[1:10]] == [2 * LANES, 2 * LANES, LANES] * 2 + [LANES] * 3
    assert (len(made.steps), len(one), len(three)) == (13, 1 + 4 * 3 * 3, 1 + 4 * 5 * 3), "the stem is left alone"
    assert [step.conv.rectifier for step in one[-9:]] == ["", "relu6", ""] * 2 + ["", "relu6", "relu6"]
    sums = [step.function for step in one if isinstance(step.function, Summed)]
    assert [each.over for each in sums] == [False, True, True] * 3 + [True, True], "a shortcut is read by later groups"
    assert made.parts([x[:1]]) is one, "parts are made once"


@pytest.mark.engine
@pytest.mark.parametrize(("other", "blocks"), [({"deep": WIDE // 5}, 1), ({"between": torch.sigmoid}, 2)])
def test_what_is_not_channel_by_channel_is_left_alone(
    other: dict[str, Any], blocks: int, x: Tensor, small_cache: None
) -> None:
    """Of the four blocks the last has a convolution of its own, the third nothing between."""
    model = Model(Residuals(**other), mean=MEAN, std=STD, size=(16, 20), fold=True)
    with model.frozen():
        programs = model.programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["read"]) or ([], ())
    found = [call.function for call in fused(calls, wanted) if isinstance(call.function, Stretch)]
    given = [torch.rand(1, one.steps[0].conv.weight.shape[1] * one.steps[0].conv.groups, 16, 20) for one in found]
    more = sum(len(one.parts([x] * len(one.given))) - len(one.steps) for one, x in zip(found, given, strict=True))
    assert more == 6 * blocks


@pytest.mark.engine
def test_values_that_others_read_are_made_whole(x: Tensor, small_cache: None) -> None:
    made = stretch(Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fold=True), x)
    shapes = made._shapes([x[:1]])
    wide, deep = made.steps[1].out, made.steps[2].out

    def more(wanted: set[int], steps: Any = made.steps) -> int:
        return len(parted(steps, shapes, wanted, 4)) - len(made.steps)

    assert (more({*made.wanted}), more({*made.wanted, wide}), more({*made.wanted, deep})) == (24, 18, 18)
    shortcut = [replace(step, other=wide) if step.other is not None else step for step in made.steps]
    assert more({*made.wanted}, shortcut) == 18
    conv = made.steps[1].conv
    few = replace(conv, weight=conv.weight[:, : LANES - 1])
    assert more({*made.wanted}, [step.by(few) if step.conv is conv else step for step in made.steps]) == 18
    assert parted(made.steps, shapes, made.wanted, 1) == [*made.steps], "numbers of a byte fit"


def test_a_step_tells_what_it_reads(x: Tensor) -> None:
    conv = next(iter(stretch(Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fold=True), x).steps)).conv
    assert (Step.of(conv, 3, None, 4).reads, Step.of(conv, 3, 1, 4).reads) == ((3,), (3, 1))
