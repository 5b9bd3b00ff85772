"""SmoothGrad squared against captum, which is given the same draws, and by hand."""

import numpy as np
import pytest
import torch

from closed_forms import Linear, plainly
from comparing import direct, pixels, relative
from conftest import Precise
from peers import noise_tunnel
from seewhy import Model, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def test_it_equals_captum(precise: Precise) -> None:
    model, x, tolerance = precise
    theirs = noise_tunnel(model, x, "smoothgrad_sq", 6, 0.2)
    found = direct("smoothgrad_squared", model, x, n_samples=6, stdev=0.2).values
    assert relative(found, theirs) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = noise_tunnel(default_model, x, "smoothgrad_sq", 3, 0.15, 282)
    assert relative(explain(default_model, x, "smoothgrad_squared", 282, n_samples=3).values, theirs) <= 1e-5


def test_of_a_linear_network_it_is_the_squared_weights(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("smoothgrad_squared", plainly(net), x.double(), target=2, n_samples=3)
    assert relative(found.values, net.weight[2].square().expand_as(x)) <= 1e-12
