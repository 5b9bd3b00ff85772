"""Deconvnet against captum, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import Deconvolution

from comparing import direct, relative
from conftest import Precise
from peers import for_peer
from rectifiers import mixed
from seewhy import Model, explain
from seewhy.methods.deconvnet import BLIND

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def test_it_equals_captum(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct("deconvnet", model, x).values
    assert relative(found, Deconvolution(for_peer(model)).attribute(x, target=1)) <= tolerance
    assert relative(found, direct("guided_backprop", model, x).values) > 0.1


def test_a_network_without_max_pooling_is_said_to_ignore_the_picture(
    small: Model, x: torch.Tensor, default_model: Model, chelsea: np.ndarray
) -> None:
    blind = mixed()
    found = explain(blind, x, "deconvnet", 1)
    np.testing.assert_allclose(found.values[0], found.values[1], rtol=1e-4, atol=1e-6)
    assert found.notes == (BLIND,) == explain(default_model, chelsea, "deconvnet", 282).notes
    assert not explain(small, x, "deconvnet", 1).notes
