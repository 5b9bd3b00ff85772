"""SmoothGrad squared against captum, which is given the same draws, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import NoiseTunnel, Saliency

from oracles import PRECISIONS, Linear, direct, noise_for_captum, peer, pixels, plainly, relative
from seewhy import Model, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")


@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_it_equals_captum(
    small: Model, x: torch.Tensor, precision: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = small.at(precision)
    x = x.to(model.dtype)
    monkeypatch.setattr(torch, "normal", noise_for_captum(x, 6, 0.2))
    tunnel = NoiseTunnel(Saliency(peer(model)))
    theirs = tunnel.attribute(x, nt_type="smoothgrad_sq", nt_samples=6, stdevs=0.2, target=1)
    found = direct("smoothgrad_squared", model, x, n_samples=6, stdev=0.2).values
    assert relative(found, theirs) <= tolerance


def test_it_equals_captum_on_the_default_model(
    default_model: Model, chelsea: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = pixels(default_model, chelsea)
    monkeypatch.setattr(torch, "normal", noise_for_captum(x, 3, 0.15))
    tunnel = NoiseTunnel(Saliency(peer(default_model)))
    theirs = tunnel.attribute(x, nt_type="smoothgrad_sq", nt_samples=3, stdevs=0.15, target=282)
    assert relative(explain(default_model, x, "smoothgrad_squared", 282, n_samples=3).values, theirs) <= 1e-5


def test_of_a_linear_network_it_is_the_squared_weights(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("smoothgrad_squared", plainly(net), x.double(), target=2, n_samples=3)
    assert relative(found.values, net.weight[2].square().expand_as(x)) <= 1e-12
