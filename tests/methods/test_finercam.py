"""Finer-CAM beside grad-cam's, which its authors wrote."""

from typing import Any

import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import FinerWeightedTarget
from torch import Tensor

from comparing import in_float64, pixels, relative
from conftest import MEAN, STD, SmallNet
from peers import for_peer, maps_of, shown
from seewhy import Model, SeewhyError, explain
from seewhy.methods.finercam import nearest
from seewhy.targets import Contrast


@pytest.fixture
def many() -> Model:
    return Model(SmallNet(classes=7), mean=MEAN, std=STD, size=(16, 20))


def grad_cam(model: Model, x: Tensor, layer: str, target: int | None, alpha: float) -> Any:
    """The peer's own choice of classes, its scores made large so that the 1e-7 of its scaling is nothing."""
    net = for_peer(model)
    with pytorch_grad_cam.FinerCAM(net, [net[1].get_submodule(layer)]) as peer:
        outputs = net(x)
        own = outputs.argmax(1) if target is None else torch.full((len(x),), target)
        order = (outputs - outputs.gather(1, own[:, None])).abs().argsort(1)
        finer = [FinerWeightedTarget(int(row[0]), row[1:4].tolist(), alpha) for row in order]
        ours = peer(x, [lambda y, one=one: 1e6 * one(y) for one in finer])
        assert relative(peer(x, None, alpha=alpha, target_idx=target), ours) < 1e-2, "the peer's choice is this one"
    return ours


@pytest.mark.parametrize("layer", ["act3", "act2"])
@pytest.mark.parametrize("target", [None, 4])
@pytest.mark.parametrize("alpha", [1.0, 0.6])
def test_it_is_grad_cams(layer: str, target: int | None, alpha: float, many: Model, x: Tensor) -> None:
    values = explain(many, x, "finercam", target, layer=layer, alpha=alpha).values
    assert relative(shown(values, x.shape[2:], epsilon=0), grad_cam(many, x, layer, target, alpha)) < 1e-5


@pytest.mark.parametrize("pinned", [False, True])
def test_it_is_gradcam_of_the_mean_difference(pinned: bool, many: Model, x: Tensor) -> None:
    net = for_peer(many, torch.float64)
    maps = maps_of(net, "act3", x.double()).requires_grad_()
    y = net[1].fc(maps.mean((2, 3)))
    p = y.softmax(1).detach() if pinned else y.softmax(1)
    gaps, total = y.detach(), 0 * y.sum()
    for i, c in enumerate([4, 2]):
        near = sorted((j for j in range(7) if j != c), key=lambda j: abs(float(gaps[i, j] - gaps[i, c])))[:2]
        total = total + sum(p[i, j] * (y[i, c] - 0.5 * y[i, j]) for j in near) / sum(p[i, j] for j in near)
    (grad,) = torch.autograd.grad(total, maps)
    wanted = (grad.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True)
    found = in_float64("finercam", many, x, [4, 2], layer="act3", comparison=2, alpha=0.5, pinned=pinned).values
    assert relative(found, wanted) < 1e-9


def test_with_alpha_zero_and_pinned_it_is_gradcam(many: Model, x: Tensor) -> None:
    finer = explain(many, x, "finercam", 4, alpha=0.0, pinned=True).values
    assert relative(finer, explain(many, x, "gradcam", 4).values) < 1e-5


def test_the_nearest_classes_leave_out_the_class_itself_even_where_scores_tie() -> None:
    scores = torch.tensor([[1.0, 1.0, 3.0, 0.0], [5.0, 1.0, 2.0, 1.5]])
    assert nearest(scores, torch.tensor([1, 1]), 3).tolist() == [[0, 3, 2], [3, 2, 0]]
    assert nearest(scores, torch.tensor([1, 1]), 9).shape == (2, 3)


def test_two_classes_are_a_contrast(x: Tensor) -> None:
    model = Model(SmallNet(classes=2), mean=MEAN, std=STD, size=(16, 20))
    finer = explain(model, x, "finercam", 0).values
    assert relative(finer, explain(model, x, "gradcam", Contrast(0, 1)).values) < 1e-5


@pytest.mark.parametrize("target", [Contrast(0, 1), lambda y: y[:, 0]])
def test_a_target_that_is_no_class_is_refused(target: Any, many: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="compares a class with others"):
        explain(many, x, "finercam", target)


def test_it_is_grad_cams_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = pixels(default_model, chelsea)
    values = explain(default_model, x, "finercam", None, layer="bn2").values
    assert relative(shown(values, x.shape[2:], epsilon=0), grad_cam(default_model, x, "bn2", None, 1.0)) < 1e-5
