"""Folding batch norms for gradients: asked for, measured, and told."""

from dataclasses import replace
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from comparing import relative
from seewhy import Explanation, Model, explain


@pytest.fixture(scope="module")
def net() -> Model:
    generator = torch.Generator().manual_seed(1)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torchvision.models.resnet18(weights=None)
    for one in module.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.running_mean.copy_(0.1 * torch.randn(one.num_features, generator=generator))
            one.running_var.copy_(0.5 + torch.rand(one.num_features, generator=generator))
    return Model(module, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), size=(64, 64))


@pytest.fixture
def x() -> Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(6))


def values(explanation: Explanation) -> Tensor:
    return torch.from_numpy(explanation.values)


@pytest.mark.parametrize("id", ["saliency", "integrated_gradients", "guided_gradcam"])
def test_what_it_moves_the_picture_s_gradient_by_is_in_the_result(net: Model, x: Tensor, id: str) -> None:
    options: Any = {"integrated_gradients": {"n_steps": 4}, "guided_gradcam": {"layer": "conv1"}}.get(id, {})
    found, wanted = (explain(one, x, id, 1, **options) for one in (replace(net, fold=True), net))
    (note,) = [note for note in found.notes if "folded" in note]
    error = found.extras["folding_error"]
    assert error.shape == (2,) and 0 < error.max() < 0.2 and f"{error.max():.1%}" in note
    assert 0 < relative(values(found), values(wanted)) < 0.2
    assert "folding_error" not in wanted.extras and not any("folded" in note for note in wanted.notes)


def test_the_error_told_is_that_of_the_picture_s_gradient(net: Model, x: Tensor) -> None:
    found, wanted = (explain(one, x, "input_x_gradient", 1) for one in (replace(net, fold=True), net))
    grads = [(values(one) / x).flatten(1) for one in (found, wanted)]
    off = (grads[0] - grads[1]).norm(dim=1) / grads[1].norm(dim=1)
    torch.testing.assert_close(torch.from_numpy(found.extras["folding_error"]), off, rtol=1e-2, atol=1e-6)


def test_in_float64_it_moves_nothing(net: Model, x: Tensor) -> None:
    found = explain(replace(net, fold=True), x, "saliency", 1, precision="float64")
    assert found.extras["folding_error"].max() < 1e-9


def test_no_batch_norm_is_run_and_a_layer_named_is_the_network_s(net: Model, x: Tensor) -> None:
    asked = replace(net, fold=True)
    with asked.frozen():
        made, other = asked.programs(x), net.programs(x)
        assert made is not None and other is not None
        run, past = made.backward(), made.backward_past("conv1", {"gelu": lambda x, args, kwargs: x})
        plain = other.backward()
        assert run is not None and past is not None and plain is not None, made.refused
        assert "batch_norm" not in kinds(run) and "conv2d" in kinds(run) and "batch_norm" in kinds(plain)
        maps = net.maps(x, ["conv1"])[0]
        assert relative(past(x.clone().requires_grad_())[1].detach(), maps) < 1e-5


def kinds(run: Any) -> set[str]:
    """Of calls, and of those that one call has become."""
    return {inner.name for call in run.program.calls for inner in (call, *getattr(call.function, "calls", ()))}


def test_a_cam_takes_no_gradient_of_pixels_and_is_as_without(net: Model, x: Tensor) -> None:
    found, wanted = (explain(one, x, "gradcam", 1, layer="layer3") for one in (replace(net, fold=True), net))
    assert "folding_error" not in found.extras and found.notes == wanted.notes
    assert relative(values(found), values(wanted)) < 1e-5
