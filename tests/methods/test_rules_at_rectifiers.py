"""What guided backpropagation and deconvnet do at a ReLU, wherever it stands, beside rectifiers written out."""

import numpy as np
import pytest
import torch
from torch import nn

import rectifiers
from comparing import PRECISIONS, direct, gradient, pixels, relative
from conftest import MEAN, STD, SmallNet
from peers import for_peer, replaced
from rectifiers import ByHand, Rule, by_hand, mixed
from seewhy import Model, SeewhyError, explain

RULES = pytest.mark.parametrize(
    ("id", "rule"), [("guided_backprop", rectifiers.guided), ("deconvnet", rectifiers.deconvnet)]
)


@RULES
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_functions_reused_modules_and_relu6_follow_it(
    id: str, rule: Rule, x: torch.Tensor, precision: str, tolerance: float
) -> None:
    model = mixed().at(precision)
    slow = for_peer(model)
    slow[1].act = by_hand(rule)
    x = x.to(model.dtype)
    assert relative(direct(id, model, x).values, gradient(slow, x)) <= tolerance


@RULES
def test_the_default_model_with_its_relu6_follows_it(
    id: str, rule: Rule, default_model: Model, chelsea: np.ndarray
) -> None:
    x = pixels(default_model, chelsea)
    slow = replaced(for_peer(default_model), nn.ReLU6, lambda: ByHand(rule, 6.0))
    assert relative(explain(default_model, x, id, 282).values, gradient(slow, x, 282)) <= 1e-5


@RULES
@pytest.mark.parametrize("activation", [nn.GELU, nn.SiLU])
def test_a_network_without_relu_is_refused_by_the_name_of_its_activation(
    id: str, rule: Rule, activation: type[nn.Module], x: torch.Tensor
) -> None:
    model = Model(SmallNet(activation=activation), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(SeewhyError, match=f"activations are {activation.__name__.lower()}, not ReLU"):
        explain(model, x, id, 1)
