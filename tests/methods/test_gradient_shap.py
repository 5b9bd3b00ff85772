"""GradientSHAP against captum's expectation, and by hand with the same draws."""

import numpy as np
import pytest
import torch
from captum.attr import GradientShap, IntegratedGradients

from closed_forms import Linear, plainly
from comparing import direct, gradient, pixels, relative, within_errors
from conftest import Precise
from peers import for_peer
from seewhy import Model, explain
from seewhy.rng import Rng

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


def slowly(
    net: torch.nn.Module, x: torch.Tensor, starts: torch.Tensor, target: int, n: int, stdev: float
) -> torch.Tensor:
    """One image and one draw at a time; x of one image."""
    rng, total = Rng.for_images(0, x), torch.zeros_like(x)
    for _ in range(n):
        start = starts[rng.integers(len(starts), 1)[0, 0]]
        place = rng.uniform(1).to(x).view(1, 1, 1, 1)
        end = x + stdev * rng.normal(*x.shape[1:]).to(x) if stdev else x
        total += (end - start) * gradient(net, start + place * (end - start), target)
    return total / n


@pytest.mark.parametrize("stdev", [0.0, 0.1])
def test_it_is_what_its_draws_make_it(precise: Precise, stdev: float) -> None:
    model, x, tolerance = precise
    starts = torch.stack([torch.full_like(x[:1], level) for level in (0.0, 0.3, 1.0)])
    found = direct("gradient_shap", model, x, n_samples=7, baseline=[0.0, 0.3, 1.0], stdev=stdev).values
    wanted = torch.cat([slowly(for_peer(model), one[None], starts, 1, 7, stdev) for one in x])
    assert relative(found, wanted) <= tolerance


def test_on_the_default_model_too(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    starts = torch.stack([torch.zeros_like(x), torch.ones_like(x)])
    found = explain(default_model, x, "gradient_shap", 282, n_samples=3).values
    assert relative(found, slowly(for_peer(default_model), x, starts, 282, 3, 0.0)) <= 1e-5


def test_it_agrees_with_captum_within_their_errors(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    found = direct("gradient_shap", model, x, n_samples=300, baseline=[0.0, 1.0])
    black_and_white = torch.stack([torch.zeros_like(x[0]), torch.ones_like(x[0])])
    state = np.random.get_state()
    np.random.seed(0)  # captum draws from the global generator
    theirs = GradientShap(for_peer(model)).attribute(x, baselines=black_and_white, n_samples=300, target=1)
    np.random.set_state(state)
    assert within_errors(found.values, theirs, found.extras["standard_error"] * 2**0.5)


def test_its_expectation_is_integrated_gradients_averaged_over_the_baselines(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    found = direct("gradient_shap", model, x, n_samples=300, baseline=[0.0, "mean"])
    mean = x.new_tensor(model.mean)[:, None, None].expand_as(x)
    integrated = IntegratedGradients(for_peer(model))
    exact = sum(integrated.attribute(x, baselines=b, target=1, n_steps=200) for b in (torch.zeros_like(x), mean)) / 2
    assert within_errors(found.values, exact, found.extras["standard_error"])


def test_it_sums_to_the_difference_within_its_stated_error(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    found = direct("gradient_shap", model, x, n_samples=300)
    net = for_peer(model)
    gap = found.values.sum((1, 2, 3)) - (net(x) - (net(0 * x) + net(0 * x + 1)) / 2)[:, 1].detach()
    assert relative(found.extras["completeness_gap"], gap) <= 1e-9
    error = found.extras["completeness_standard_error"]
    assert (gap.abs() <= 3 * error).all() and (error < found.values.abs().sum((1, 2, 3))).all()


def test_of_a_linear_network_only_the_choice_of_baselines_is_random(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("gradient_shap", plainly(net), x.double(), target=2, n_samples=3, baseline=0.25)
    assert relative(found.values, net.weight[2] * (x.double() - 0.25)) <= 1e-12
    assert found.extras["completeness_gap"].abs().max() <= 1e-10


def test_a_baseline_that_is_the_picture_is_noted(small: Model, x: torch.Tensor) -> None:
    assert explain(small, x, "gradient_shap", 1, n_samples=4, baseline=[0.0, x]).notes[0].startswith("a baseline is")
    assert "a baseline is" not in " ".join(explain(small, x, "gradient_shap", 1, n_samples=4).notes)
