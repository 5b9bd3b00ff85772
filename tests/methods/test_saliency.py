"""Saliency against captum, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import Saliency

from closed_forms import Linear, plainly
from comparing import direct, pixels, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def test_it_equals_captum(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct("saliency", model, x, target=[1, 3]).values
    assert found.dtype == model.dtype
    assert relative(found, Saliency(for_peer(model)).attribute(x, target=torch.tensor([1, 3]))) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = Saliency(for_peer(default_model)).attribute(x, target=282)
    assert relative(explain(default_model, x, "saliency", 282).values, theirs) <= 1e-5


def test_of_a_linear_network_it_is_the_weights_whatever_the_picture(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("saliency", plainly(net), x.double(), target=2).values
    assert torch.equal(found, net.weight[2].abs().expand_as(found))


def test_its_picture_is_the_largest_of_the_three_colours(small: Model, x: torch.Tensor) -> None:
    found = explain(small, x, "saliency", 1)
    assert np.array_equal(found.heatmap(), found.values.max(1)) and (found.values >= 0).all()
