"""Input times gradient against captum, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient

from closed_forms import Linear, plainly
from comparing import direct, pixels, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def test_it_equals_captum(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct("input_x_gradient", model, x).values
    assert relative(found, InputXGradient(for_peer(model)).attribute(x, target=1)) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = InputXGradient(for_peer(default_model)).attribute(x, target=282)
    assert relative(explain(default_model, x, "input_x_gradient", 282).values, theirs) <= 1e-5


def test_of_a_linear_network_it_sums_to_the_difference_from_black(x: torch.Tensor) -> None:
    model, x = plainly(Linear()), x.double()
    found = direct("input_x_gradient", model, x, target=2).values.sum((1, 2, 3))
    difference = (model(x) - model(torch.zeros_like(x)))[:, 2]
    assert relative(found, difference) <= 1e-12
