"""Inverted residuals as one call, by groups of channels: the network's values, wherever they can be made so."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from test_parted import WIDE, Residuals
from torch import Tensor, nn

from comparing import relative
from conftest import MEAN, STD
from seewhy import Model
from seewhy.model import inverted as module
from seewhy.model.inverted import Inverted
from seewhy.model.packed import Convolution
from seewhy.model.parted import LANES
from seewhy.model.program import Program


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of which a picture's wide values, 16 by 20 by 80, take a little more than twice as much."""
    monkeypatch.setattr(module, "HELD", 4 * 16 * 20 * WIDE * 3 // 7)


def blocks(program: Program) -> list[Inverted]:
    return [call.function for call in program.calls if isinstance(call.function, Inverted)]


@pytest.mark.engine
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_are_the_networks_and_what_comes_in_stays(dtype: Any, x: Tensor, small_cache: None) -> None:
    plain = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fast=False).at(dtype)
    quick, own = replace(plain, fast=True), x.to(getattr(torch, dtype))
    exact = 1e-5 if dtype == "float32" else 1e-12
    with quick.frozen(), plain.frozen():
        programs = quick.programs(own)
        run = programs.scoring() if programs else None
        assert run is not None, programs and programs.refused
        assert len(blocks(run.program)) == 4
        for some in (own, own[:1], own.repeat(3, 1, 1, 1)):  # other numbers of groups
            for _ in range(2):
                assert relative(quick.scored(some), plain.scored(some)) < exact
        given = own.clone()
        (found,), (wanted,) = quick.read(given, ["read"]), plain.read(own, ["read"])
        assert relative(found, wanted) < exact and torch.equal(given, own)


@pytest.mark.engine
def test_groups_are_of_whole_lanes_and_as_many_as_a_cache_needs(x: Tensor, small_cache: None) -> None:
    model = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20))
    with model.frozen():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None
        first, *_, last = blocks(run.program)
        first._groups.clear()
        last._groups.clear()
        model.scored(x[:1])
        assert list(first._groups) == [2 * LANES]
        groups = first._groups[2 * LANES]
        assert [len(group.wide.weight) for group in groups] == [2 * LANES, 2 * LANES, LANES]
        assert [group.narrow.bias is None for group in groups] == [False, True, True]
        assert [one.narrow.rectifier for one in last._groups[2 * LANES]] == ["", "", "relu6"]


@pytest.mark.engine
def test_plain_functions_give_the_same(x: Tensor, small_cache: None) -> None:
    model = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20))
    with model.frozen(), torch.no_grad():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None
        maps = torch.rand(2, LANES, 16, 20).contiguous(memory_format=torch.channels_last)
        for block in blocks(run.program):
            given = [maps] if isinstance(block.narrow, Convolution) else [maps, maps.flip(0)]
            assert relative(block.in_its_layout(*given), block(*given)) < 1e-5


@pytest.mark.engine
def test_a_small_value_is_made_whole(x: Tensor) -> None:
    model = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20))
    with model.frozen():
        model.scored(x)
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None and blocks(run.program) and not any(one._groups for one in blocks(run.program))


class Read(Residuals):
    """What stands between is read by others, too."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        wide = F.relu6(self.wide(x))
        deep = F.relu6(self.depthwise(wide))
        narrow = self.narrow(deep)
        other = {"wide": wide, "deep": deep, "": narrow}[self.what]
        found: Tensor = (x + narrow + other.mean(1, keepdim=True)).mean((2, 3))
        return found


@pytest.mark.engine
@pytest.mark.parametrize(("net", "count"), [
    (Read("wide"), 0), (Read("deep"), 0), (Read(""), 1), (Residuals(deep=WIDE // 5), 1),
    (Residuals(between=torch.sigmoid), 2),
])  # fmt: skip
def test_what_others_read_and_what_is_not_channel_by_channel_is_left(
    net: nn.Module, count: int, x: Tensor, small_cache: None
) -> None:
    model = Model(net, mean=MEAN, std=STD, size=(16, 20))
    with model.frozen():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None and len(blocks(run.program)) == count
        assert relative(model.scored(x), replace(model, fast=False).scored(x)) < 1e-5


@pytest.mark.engine
def test_layers_inside_are_read_whole(x: Tensor, small_cache: None) -> None:
    plain = Model(Residuals(), mean=MEAN, std=STD, size=(16, 20), fast=False)
    quick = replace(plain, fast=True)
    layers = ["depthwise", "wide", "narrow", "read"]
    with quick.frozen(), plain.frozen():
        for found, wanted in zip(quick.read(x, layers), plain.read(x, layers), strict=True):
            assert relative(found, wanted) < 1e-5
