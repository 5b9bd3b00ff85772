"""Deconvnet against captum, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import Deconvolution
from torch import nn

import rectifiers
from conftest import MEAN, STD, SmallNet
from oracles import PRECISIONS, direct, gradient, peer, pixels, relative, replaced
from rectifiers import ByHand, by_hand, mixed
from seewhy import Model, SeewhyError, explain
from seewhy.methods.deconvnet import BLIND

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")


@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_it_equals_captum(small: Model, x: torch.Tensor, precision: str, tolerance: float) -> None:
    model = small.at(precision)
    x = x.to(model.dtype)
    found = direct("deconvnet", model, x).values
    assert relative(found, Deconvolution(peer(model)).attribute(x, target=1)) <= tolerance
    assert relative(found, direct("guided_backprop", model, x).values) > 0.1


@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_functions_reused_modules_and_relu6_follow_the_rule(x: torch.Tensor, precision: str, tolerance: float) -> None:
    model = mixed().at(precision)
    slow = peer(model)
    slow[1].act = by_hand(rectifiers.deconvnet)
    x = x.to(model.dtype)
    assert relative(direct("deconvnet", model, x).values, gradient(slow, x)) <= tolerance


def test_the_default_model_with_its_relu6_follows_the_rule(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    slow = replaced(peer(default_model), nn.ReLU6, lambda: ByHand(rectifiers.deconvnet, 6.0))
    found = explain(default_model, x, "deconvnet", 282)
    assert relative(found.values, gradient(slow, x, 282)) <= 1e-5
    assert found.notes == (BLIND,), "it has no max pooling"


def test_a_network_without_max_pooling_is_said_to_ignore_the_picture(small: Model, x: torch.Tensor) -> None:
    blind = mixed()
    found = explain(blind, x, "deconvnet", 1)
    np.testing.assert_allclose(found.values[0], found.values[1], rtol=1e-4, atol=1e-6)
    assert found.notes == (BLIND,) and not explain(small, x, "deconvnet", 1).notes


def test_a_network_without_relu_is_refused_by_the_name_of_its_activation(x: torch.Tensor) -> None:
    model = Model(SmallNet(activation=nn.GELU), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(SeewhyError, match="activations are gelu, not ReLU"):
        explain(model, x, "deconvnet", 1)
