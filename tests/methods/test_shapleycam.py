"""ShapleyCAM beside grad-cam's, and beside the Hessian written out."""

from typing import Any

import pytest
import torch
from pytorch_grad_cam import ShapleyCAM
from torch import Tensor, nn

from comparing import in_float64, pixels, relative
from conftest import MEAN, STD, SmallNet
from peers import for_peer, grad_cam, maps_of, shown
from seewhy import Model, explain

TARGETS = [1, 3]


def read(index: int, score: str, factor: float = 1e6) -> Any:
    return lambda y: factor * (y.softmax(-1) if score == "probability" else y)[..., index]


@pytest.fixture
def smooth() -> Model:
    return Model(SmallNet(activation=nn.GELU), mean=MEAN, std=STD, size=(16, 20))


@pytest.mark.parametrize("layer", ["act3", "act2"])
@pytest.mark.parametrize("score", ["logit", "probability"])
def test_it_is_grad_cams(layer: str, score: Any, smooth: Model, x: Tensor) -> None:
    values = explain(smooth, x, "shapleycam", TARGETS, layer=layer, score=score).values
    wanted = grad_cam(ShapleyCAM, smooth, x, [layer], [read(one, score) for one in TARGETS])
    assert relative(shown(values, x.shape[2:], epsilon=0), wanted) < 1e-5


def test_it_is_gradient_minus_half_of_hessian_times_maps(smooth: Model, x: Tensor) -> None:
    net = for_peer(smooth, torch.float64)
    maps = maps_of(net, "act2", x.double())
    wanted = torch.zeros_like(maps[:, :1])
    for i, index in enumerate(TARGETS):

        def behind(flat: Tensor, i: int = i, index: int = index) -> Tensor:
            behind_act2 = net[1].act3(net[1].bn3(net[1].conv3(flat.view(maps[i : i + 1].shape))))
            return net[1].fc(behind_act2.mean((2, 3))).softmax(1)[0, index]

        flat = maps[i].flatten()
        grad = torch.autograd.functional.jacobian(behind, flat)
        hessian = torch.autograd.functional.hessian(behind, flat)
        weights = (grad - hessian @ flat / 2).view(maps[i].shape).mean((1, 2))
        wanted[i, 0] = torch.einsum("d,drq->rq", weights, maps[i])
    found = in_float64("shapleycam", smooth, x, TARGETS, layer="act2", score="probability").values
    assert relative(found, wanted) < 1e-9
    assert relative(in_float64("gradcam", smooth, x, TARGETS, layer="act2", score="probability").values, wanted) > 1e-3


def test_behind_relus_the_logits_map_is_gradcams(small: Model, x: Tensor) -> None:
    for layer in ("act3", "act2"):
        both = [explain(small, x, id, TARGETS, layer=layer).values for id in ("shapleycam", "gradcam")]
        assert relative(*both) < 1e-6


def test_several_layers_and_tight_memory_agree_with_one_and_plenty(smooth: Model, x: Tensor) -> None:
    whole, tight = (explain(smooth, x, "shapleycam", 1, layer=["act2", "act3"], memory=m).values for m in (None, 1))
    assert relative(tight, whole) < 1e-5


def test_it_is_grad_cams_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = pixels(default_model, chelsea)
    values = explain(default_model, x, "shapleycam", 281, layer="blocks.6", score="probability").values
    wanted = grad_cam(ShapleyCAM, default_model, x, ["blocks.6"], [read(281, "probability")])
    assert relative(shown(values, x.shape[2:], epsilon=0), wanted) < 1e-5
