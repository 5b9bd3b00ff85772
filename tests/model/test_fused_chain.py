"""Convolutions with what is behind them, forwards and backwards as one, against the network itself."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.model import winograd
from seewhy.model.fused_chain import Stretch, fused
from seewhy.model.packed import packs
from seewhy.model.program import reach
from seewhy.model.sums import Summed


def slopes(model: Model, x: Tensor, layer: str) -> tuple[Tensor, Tensor]:
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        (out,) = model.upto(own, [layer])
        weights = torch.linspace(-1, 1, out[0].numel()).view(out.shape[1:]).to(out)
        (grad,) = torch.autograd.grad((out * weights).sum(), own)
    return out.detach(), grad


@pytest.mark.engine
@pytest.mark.parametrize("activation", [nn.ReLU, nn.ReLU6])
@pytest.mark.parametrize("layer", ["conv2", "bn3", "act3", "fc"])
def test_values_and_gradients_are_the_networks(activation: type[nn.Module], layer: str, x: Tensor) -> None:
    plain = Model(SmallNet(activation=activation), mean=MEAN, std=STD, size=(16, 20), fast=False)
    quick = Model(plain.module, mean=MEAN, std=STD, size=(16, 20), fold=True)
    for found, wanted in zip(slopes(quick, x, layer), slopes(plain, x, layer), strict=True):
        torch.testing.assert_close(found, wanted, atol=2e-5, rtol=1e-4)
    programs = quick.programs(x)
    assert programs is not None and not programs.refused and ("reaching", True, layer) in programs._made


@pytest.mark.engine
def test_what_follows_each_other_is_one_function(small: Model, x: Tensor) -> None:
    with small.frozen():
        programs = replace(small, fold=True).programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["act3"]) or ([], ())
    made = fused(calls, wanted)
    stretches = [call.function for call in made if isinstance(call.function, Stretch)]
    assert [[one.conv.rectifier for one in stretch.steps] for stretch in stretches] == [[""], ["relu", "relu"]]
    assert [one.other is None for one in stretches[1].steps] == [False, True]  # the sum with the shortcut
    assert [call.name for call in made][-4:] == ["stretch", "max_pool2d", "relu", "stretch"]


def linear_bottlenecks(net: Any, x: Tensor) -> Tensor:
    """Sums of what no rectifier is behind, whose memory may be written over; one is read again later."""
    x = net.first(x)
    for _ in range(3):
        x = x + net.narrow(F.relu6(net.wide(x)))
    y = net.square(x)
    y += x
    z = y + net.square(F.relu(y))
    return net.read(z + net.square(y))


def one_bottleneck(net: Any, x: Tensor) -> Tensor:
    """What comes back to it goes on to its shortcut as it is."""
    x = net.first(x)
    return net.read(x + net.narrow(F.relu6(net.wide(x))))


def rectified_sums(net: Any, x: Tensor) -> Tensor:
    """A shortcut that is rectified, one that is read three times, and sums of two convolutions."""
    x = F.relu(net.first(x))
    for _ in range(2):
        x = F.relu(x + net.square(F.relu(net.square(x))))
    y = net.square(x) + net.square(x)
    y = F.relu(F.max_pool2d(y, 3, 1, 1) + x) + net.square(F.relu(y))
    return net.read(F.relu(y.sigmoid() * y + x))


class Net(nn.Module):
    def __init__(self, forward: Any) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.wide, self.narrow = nn.Conv2d(6, 12, 1), nn.Conv2d(12, 6, 1)
        self.square = nn.Conv2d(6, 6, 3, padding=1)
        draw = torch.Generator().manual_seed(0)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=draw) / max(1, weight[0].numel()) ** 0.5
        self.read = nn.Tanh()
        self._as = forward

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self._as(self, x).mean((2, 3))
        return found


@pytest.mark.engine
@pytest.mark.parametrize("forward", [linear_bottlenecks, one_bottleneck, rectified_sums])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_and_what_is_read_twice_are_the_networks(forward: Any, dtype: Any, x: Tensor) -> None:
    plain = Model(Net(forward), mean=MEAN, std=STD, size=(16, 20), fast=False).at(dtype)
    quick = replace(plain, fast=True, fold=True)
    own = x.to(getattr(torch, dtype))
    for found, wanted in zip(slopes(quick, own, "read"), slopes(plain, own, "read"), strict=True):
        # by the largest, of about 25: what float32 rounds is as large for a gradient near 0
        assert relative(found, wanted) < (2e-5 if dtype == "float32" else 1e-10)
    programs = quick.programs(own)
    assert programs is not None and not programs.refused and ("reaching", True, "read") in programs._made


@pytest.mark.engine
@pytest.mark.parametrize("forward", [one_bottleneck, rectified_sums])
def test_by_tiles_it_is_the_same(forward: Any, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "suits", lambda images, size, weight, *, again: again and weight.shape[2] == 3)
    plain = Model(Net(forward), mean=MEAN, std=STD, size=(16, 20), fast=False)
    quick = replace(plain, fast=True, fold=True)
    for own in (x, x[:1]):
        for found, wanted in zip(slopes(quick, own, "read"), slopes(plain, own, "read"), strict=True):
            assert relative(found, wanted) < 2e-5
    programs = quick.programs(x)
    run = programs and programs._made[("reaching", True, "read")]
    assert run is not None
    stretches = [call.function for call in run.program.calls if isinstance(call.function, Stretch)]
    threes = [step.conv for one in stretches for step in one.steps if step.conv.weight.shape[2] == 3]
    for stretch in stretches:
        tiled, pictures = [one.conv for one in stretch._tiled.values()], len(stretch._parted)
        assert len(tiled) == sum(one.conv.stride == (1, 1) and one.conv in threes for one in stretch.steps)
        back = [one.turned._turned[0] for one in stretch._tiled.values()]
        assert pictures == 2 and all(len(one._packed) == 1 and one._packed[0].ndim == 3 for one in (*tiled, *back))
    assert any(stretch._tiled for stretch in stretches) == (forward is rectified_sums)


@pytest.mark.engine
def test_a_layer_that_is_asked_for_is_not_fused_past(small: Model, x: Tensor) -> None:
    """The batch norm's output is wanted as it is before the rectifier behind it."""
    model = Model(small.module, mean=MEAN, std=STD, size=(16, 20), fold=True)
    out, _ = slopes(model, x, "bn1")
    assert (out < 0).any()


@pytest.mark.engine
@pytest.mark.parametrize("forward", [linear_bottlenecks, one_bottleneck, rectified_sums])
def test_gradients_that_are_somebody_elses_stay_as_they_are(forward: Any, x: Tensor) -> None:
    model = Model(Net(forward), mean=MEAN, std=STD, size=(16, 20), fold=True)
    with model.frozen(), torch.enable_grad():
        programs = model.programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["read"]) or ([], ())
        made = [call.function for call in fused(calls, wanted) if isinstance(call.function, Stretch)]
        for stretch in made:
            channels = 3 if stretch is made[0] else 6
            given = [torch.rand(2, channels, 8, 10).requires_grad_() for _ in stretch.given]
            out = stretch(*given)
            out = out if isinstance(out, tuple) else (out,)
            grads = [torch.rand_like(one) for one in out]
            before = [one.clone() for one in grads]
            torch.autograd.grad(out, given, grads)
            assert all(map(torch.equal, grads, before))


@pytest.mark.engine
def test_gradients_that_come_in_another_layout_are_not_led_around_the_fused_sums(
    x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not packs(x, x):
        pytest.skip("torch has no fused convolutions here")
    model = Model(Net(one_bottleneck), mean=MEAN, std=STD, size=(16, 20), fold=True)
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        (out,) = model.upto(own, ["read"])
        around: list[Tensor] = []
        monkeypatch.setattr(Summed, "in_its_layout", lambda _own, _x, other: around.append(other) or other)
        torch.autograd.grad(out, own, torch.rand(out.shape))
    assert not around
