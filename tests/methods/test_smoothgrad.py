"""SmoothGrad against captum, which is given the same draws, and by hand."""

import numpy as np
import pytest
import torch

from closed_forms import Linear, Quadratic, plainly
from comparing import direct, gradient, pixels, relative, within_errors
from conftest import Precise
from peers import for_peer, noise_tunnel
from seewhy import Model, SeewhyError, explain
from seewhy.rng import Rng

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


@pytest.mark.parametrize("of", ["gradient", "saliency"])
def test_it_equals_captum(precise: Precise, of: str) -> None:
    """captum's usual NoiseTunnel(Saliency) averages absolute gradients; the paper's are signed."""
    model, x, tolerance = precise
    theirs = noise_tunnel(model, x, "smoothgrad", 6, 0.15, abs=of == "saliency")
    assert relative(direct("smoothgrad", model, x, n_samples=6, of=of).values, theirs) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = noise_tunnel(default_model, x, "smoothgrad", 3, 0.15, 282, abs=False)
    assert relative(explain(default_model, x, "smoothgrad", 282, n_samples=3).values, theirs) <= 1e-5


def test_the_standard_error_is_that_of_the_mean(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    found = direct("smoothgrad", model, x, n_samples=5)
    rng = Rng.for_images(0, x)
    draws = torch.stack([gradient(for_peer(model), x + 0.15 * rng.normal(*x.shape[1:])) for _ in range(5)])
    assert relative(found.extras["standard_error"], draws.std(0) / 5**0.5) <= 1e-9
    truth = direct("smoothgrad", model, x, n_samples=400, seed=1).values
    more = direct("smoothgrad", model, x, n_samples=100)
    assert within_errors(more.values, truth, more.extras["standard_error"] * 1.25**0.5)


def test_of_a_linear_network_it_is_the_signed_weights_without_error(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("smoothgrad", plainly(net), x.double(), target=2, n_samples=3)
    assert relative(found.values, net.weight[2].expand_as(x)) <= 1e-12
    assert found.extras["standard_error"].abs().max() <= 1e-12


def test_opposite_noise_cancels_where_the_gradient_is_linear_in_the_pixels(x: torch.Tensor) -> None:
    net = Quadratic()
    model, x = plainly(net), x.double()
    wanted = 2 * net.weight[2] * x
    found = direct("smoothgrad", model, x, target=2, n_samples=4, antithetic=True)
    assert relative(found.values, wanted) <= 1e-12 and found.extras["standard_error"].max() <= 1e-12
    assert relative(direct("smoothgrad", model, x, target=2, n_samples=4).values, wanted) > 0.05


def test_opposite_noise_needs_pairs(small: Model, x: torch.Tensor) -> None:
    with pytest.raises(SeewhyError, match="an even number"):
        explain(small, x, "smoothgrad", 1, n_samples=5, antithetic=True)


def test_opposite_noise_is_opposite(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    rng, total = Rng.for_images(0, x), torch.zeros_like(x)
    for _ in range(2):
        noise = 0.1 * rng.normal(*x.shape[1:])
        total += gradient(for_peer(model), x + noise) + gradient(for_peer(model), x - noise)
    found = direct("smoothgrad", model, x, n_samples=4, stdev=0.1, antithetic=True)
    assert relative(found.values, total / 4) <= 1e-9
