"""Convolutions with what is behind them, forwards and backwards as one, against the network itself."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.model.fused_chain import Fused, fused
from seewhy.model.program import reach


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
def test_rectifiers_go_into_the_convolutions(small: Model, x: Tensor) -> None:
    with small.frozen():
        programs = replace(small, fold=True).programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["act3"]) or ([], ())
    made = [call.function for call in fused(calls, wanted) if isinstance(call.function, Fused)]
    assert len(made) == 3 and [one.conv.rectifier for one in made] == ["relu", "", "relu"]
    assert "batch_norm" not in [call.name for call in fused(calls, wanted)]


@pytest.mark.engine
def test_a_layer_that_is_asked_for_is_not_fused_past(small: Model, x: Tensor) -> None:
    """The batch norm's output is wanted as it is before the rectifier behind it."""
    model = Model(small.module, mean=MEAN, std=STD, size=(16, 20), fold=True)
    out, _ = slopes(model, x, "bn1")
    assert (out < 0).any()
