"""Guided backpropagation against captum, grad-cam and zennit where they are right, and by hand where they are not."""

import copy

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, Saliency
from torch import nn

from comparing import direct, gradient, relative
from conftest import MEAN, STD, Precise, SmallNet
from peers import for_peer
from rectifiers import Mixed, mixed
from seewhy import Model, explain

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning:captum"),  # it hooks ReLUs and says so
]


def test_it_equals_captum(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct("guided_backprop", model, x).values
    assert relative(found, GuidedBackprop(for_peer(model)).attribute(x, target=1)) <= tolerance
    assert relative(found, gradient(for_peer(model), x)) > 0.1, "the rule changed nothing"


def test_it_equals_grad_cam(small: Model, x: torch.Tensor) -> None:
    from pytorch_grad_cam import GuidedBackpropReLUModel

    theirs = GuidedBackpropReLUModel(copy.deepcopy(for_peer(small)), "cpu")(x[:1].clone(), 1)
    assert relative(direct("guided_backprop", small, x).values[0].permute(1, 2, 0), theirs) <= 1e-5


def test_it_equals_zennit(small: Model, x: torch.Tensor) -> None:
    from zennit.attribution import Gradient
    from zennit.composites import GuidedBackprop as Composite

    with Gradient(for_peer(small), Composite()) as attributor:
        _, theirs = attributor(x.clone().requires_grad_(), torch.eye(4)[[1, 1]])
    assert relative(direct("guided_backprop", small, x).values, theirs) <= 1e-5


def test_peers_leave_relu6_to_the_plain_gradient_and_so_can_not_be_asked(x: torch.Tensor) -> None:
    from zennit.attribution import Gradient
    from zennit.composites import GuidedBackprop as Composite

    model = Model(SmallNet(activation=nn.ReLU6), mean=MEAN, std=STD, size=(16, 20))
    theirs = GuidedBackprop(for_peer(model)).attribute(x, target=1)
    assert torch.equal(theirs, Saliency(for_peer(model)).attribute(x, target=1, abs=False))
    with Gradient(for_peer(model), Composite()) as attributor:
        assert relative(attributor(x.clone().requires_grad_(), torch.eye(4)[[1, 1]])[1], theirs) <= 1e-6
    assert relative(direct("guided_backprop", model, x).values, theirs) > 0.1


def test_the_network_is_as_it_was_afterwards(x: torch.Tensor) -> None:
    model = mixed()
    before = explain(model, x, "saliency", 1).values
    explain(model, x, "guided_backprop", 1)
    assert np.array_equal(before, explain(model, x, "saliency", 1).values)
    assert isinstance(model.module, Mixed) and isinstance(model.module.relu, nn.ReLU)
