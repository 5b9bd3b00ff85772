"""Guided backpropagation against captum, grad-cam and zennit where they are right, and by hand where they are not."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, Saliency
from torch import nn

import rectifiers
from conftest import MEAN, STD, SmallNet
from oracles import PRECISIONS, direct, gradient, peer, pixels, relative, replaced
from rectifiers import ByHand, Mixed, by_hand, mixed
from seewhy import Model, SeewhyError, explain

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:captum"),
    pytest.mark.filterwarnings("ignore::FutureWarning:zennit"),
]


@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_it_equals_captum(small: Model, x: torch.Tensor, precision: str, tolerance: float) -> None:
    model = small.at(precision)
    x = x.to(model.dtype)
    found = direct("guided_backprop", model, x).values
    assert relative(found, GuidedBackprop(peer(model)).attribute(x, target=1)) <= tolerance
    assert relative(found, gradient(peer(model), x)) > 0.1, "the rule changed nothing"


def test_it_equals_grad_cam(small: Model, x: torch.Tensor) -> None:
    from pytorch_grad_cam import GuidedBackpropReLUModel

    theirs = GuidedBackpropReLUModel(copy.deepcopy(peer(small)), "cpu")(x[:1].clone(), 1)
    assert relative(direct("guided_backprop", small, x).values[0].permute(1, 2, 0), theirs) <= 1e-5


def test_it_equals_zennit(small: Model, x: torch.Tensor) -> None:
    from zennit.attribution import Gradient
    from zennit.composites import GuidedBackprop as Composite

    with Gradient(peer(small), Composite()) as attributor:
        _, theirs = attributor(x.clone().requires_grad_(), torch.eye(4)[[1, 1]])
    assert relative(direct("guided_backprop", small, x).values, theirs) <= 1e-5


@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_functions_reused_modules_and_relu6_follow_the_rule(x: torch.Tensor, precision: str, tolerance: float) -> None:
    model = mixed().at(precision)
    slow = peer(model)
    slow[1].act = by_hand(rectifiers.guided)
    x = x.to(model.dtype)
    assert relative(direct("guided_backprop", model, x).values, gradient(slow, x)) <= tolerance


def test_peers_leave_relu6_to_the_plain_gradient_and_so_can_not_be_asked(x: torch.Tensor) -> None:
    from zennit.attribution import Gradient
    from zennit.composites import GuidedBackprop as Composite

    model = Model(SmallNet(activation=nn.ReLU6), mean=MEAN, std=STD, size=(16, 20))
    theirs = GuidedBackprop(peer(model)).attribute(x, target=1)
    assert torch.equal(theirs, Saliency(peer(model)).attribute(x, target=1, abs=False))
    with Gradient(peer(model), Composite()) as attributor:
        assert relative(attributor(x.clone().requires_grad_(), torch.eye(4)[[1, 1]])[1], theirs) <= 1e-6
    assert relative(direct("guided_backprop", model, x).values, theirs) > 0.1


def test_the_default_model_with_its_relu6_follows_the_rule(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    slow = replaced(peer(default_model), nn.ReLU6, lambda: ByHand(rectifiers.guided, 6.0))
    found = explain(default_model, x, "guided_backprop", 282).values
    assert relative(found, gradient(slow, x, 282)) <= 1e-5


@pytest.mark.parametrize("activation", [nn.GELU, nn.SiLU])
def test_a_network_without_relu_is_refused_by_the_name_of_its_activation(
    activation: type[nn.Module], x: torch.Tensor
) -> None:
    model = Model(SmallNet(activation=activation), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(SeewhyError, match=f"activations are {activation.__name__.lower()}, not ReLU"):
        explain(model, x, "guided_backprop", 1)


def test_the_network_is_as_it_was_afterwards(x: torch.Tensor) -> None:
    model = mixed()
    before = explain(model, x, "saliency", 1).values
    explain(model, x, "guided_backprop", 1)
    assert np.array_equal(before, explain(model, x, "saliency", 1).values)
    assert isinstance(model.module, Mixed) and isinstance(model.module.relu, nn.ReLU)
