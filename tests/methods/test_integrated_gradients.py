"""Integrated gradients against captum, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from torch import nn

from closed_forms import Linear, Quadratic, plainly
from comparing import direct, gradient, pixels, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, SeewhyError, compare, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs
CAPTUM = {"midpoint": "riemann_middle", "left": "riemann_left", "right": "riemann_right"}


@pytest.mark.parametrize("quadrature", CAPTUM)
def test_it_equals_captum(precise: Precise, dark: torch.Tensor, quadrature: str) -> None:
    """With 8 points: captum holds the weights in float32, which 1/8 fits without loss."""
    model, x, tolerance = precise
    dark = dark.to(x)
    theirs, delta = IntegratedGradients(for_peer(model)).attribute(
        x, baselines=dark, target=1, n_steps=8, method=CAPTUM[quadrature], return_convergence_delta=True
    )
    found = direct("integrated_gradients", model, x, n_steps=8, baseline=dark, quadrature=quadrature)
    assert relative(found.values, theirs) <= tolerance
    assert relative(found.extras["completeness_gap"], delta) <= 10 * tolerance  # a difference of two sums


def test_with_its_own_defaults_it_equals_captum(small: Model, x: torch.Tensor) -> None:
    theirs = IntegratedGradients(for_peer(small)).attribute(x, target=1)
    assert relative(direct("integrated_gradients", small, x).values, theirs) <= 1e-5


def test_gauss_and_legendre_place_and_weigh_the_points(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    places, weights = np.polynomial.legendre.leggauss(7)
    mean = sum(w / 2 * gradient(for_peer(model), (p + 1) / 2 * x) for p, w in zip(places, weights, strict=True))
    found = direct("integrated_gradients", model, x, n_steps=7).values
    assert relative(found, x * mean) <= 1e-9


def test_the_trapezoid_halves_its_ends_and_its_weights_sum_to_one(
    small: Model, x: torch.Tensor, dark: torch.Tensor
) -> None:
    """captum's weights for n points sum to 1 - 1/n, so it is no oracle here."""
    model, x, dark = small.at("float64"), x.double(), dark.double()
    grads = [gradient(for_peer(model), dark + place * (x - dark)) for place in (0.0, 0.25, 0.5, 0.75, 1.0)]
    wanted = (x - dark) * (grads[0] / 2 + grads[1] + grads[2] + grads[3] + grads[4] / 2) / 4
    found = direct("integrated_gradients", model, x, n_steps=5, baseline=dark, quadrature="trapezoid").values
    assert relative(found, wanted) <= 1e-9
    theirs = IntegratedGradients(for_peer(model)).attribute(
        x, baselines=dark, target=1, n_steps=5, method="riemann_trapezoid"
    )
    assert relative(found * 0.8, theirs) <= 1e-6  # captum holds its places in float32


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    theirs = IntegratedGradients(for_peer(default_model)).attribute(x, baselines=0.0, target=282, n_steps=4)
    assert relative(explain(default_model, x, "integrated_gradients", 282, n_steps=4).values, theirs) <= 1e-5


@pytest.mark.parametrize("baseline", [0.5, "mean", "blur", "noise", torch.full((3, 16, 20), 0.2)])
def test_it_sums_to_the_difference_of_the_scores(x: torch.Tensor, baseline: object) -> None:
    """Exactly, where the score is smooth and the points are many."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.Tanh(), nn.Conv2d(6, 4, 3), nn.Softplus(), nn.AdaptiveAvgPool2d(1))
    model, x = plainly(nn.Sequential(net, nn.Flatten())), x.double()
    found = direct("integrated_gradients", model, x, n_steps=30, baseline=baseline)
    assert found.extras["completeness_gap"].abs().max() <= 1e-9 * found.values.abs().sum()
    assert found.values.sum((1, 2, 3)).abs().min() > 1e-6


def test_more_steps_close_the_gap_of_a_relu_network(small: Model, x: torch.Tensor) -> None:
    gaps = [
        direct("integrated_gradients", small, x, n_steps=n, quadrature="midpoint")
        .extras["completeness_gap"]
        .abs()
        .max()
        for n in (2, 20, 500)
    ]
    assert gaps[2] < gaps[1] / 10 and gaps[1] < gaps[0]


def test_a_picture_as_baseline_equals_captum(small: Model, x: torch.Tensor) -> None:
    other = x.flip(0)
    theirs = IntegratedGradients(for_peer(small)).attribute(x, baselines=other, target=1, n_steps=5)
    assert relative(direct("integrated_gradients", small, x, n_steps=5, baseline=other).values, theirs) <= 1e-5


def test_several_baselines_give_the_mean_of_their_maps(small: Model, x: torch.Tensor) -> None:
    maps = [direct("integrated_gradients", small, x, n_steps=5, baseline=one) for one in (0.0, 1.0, "mean")]
    both = direct("integrated_gradients", small, x, n_steps=5, baseline=[0.0, 1.0, "mean"])
    assert relative(both.values, sum(one.values for one in maps) / 3) <= 1e-5
    gap = sum(one.extras["completeness_gap"] for one in maps) / 3
    assert (both.extras["completeness_gap"] - gap).abs().max() <= 1e-5


def test_of_a_linear_network_one_step_is_exact(x: torch.Tensor) -> None:
    net = Linear()
    found = direct("integrated_gradients", plainly(net), x.double(), target=2, n_steps=1, baseline=0.25)
    assert relative(found.values, net.weight[2] * (x.double() - 0.25)) <= 1e-12
    assert found.extras["completeness_gap"].abs().max() <= 1e-10 and not found.notes


def test_a_map_that_misses_the_difference_says_so(x: torch.Tensor) -> None:
    model = Model(Quadratic(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    found = explain(model, x, "integrated_gradients", 2, n_steps=1, quadrature="right")
    assert any("misses the score's difference by 100.0% (images 0, 1): take more n_steps" in one for one in found.notes)
    assert not explain(model, x, "integrated_gradients", 2, n_steps=2).notes


@pytest.mark.parametrize("baseline", [2.0, "grey", [], torch.zeros(3, 5, 5), None])
def test_a_baseline_that_is_none_is_refused(small: Model, x: torch.Tensor, baseline: object) -> None:
    with pytest.raises(SeewhyError, match="hint"):
        explain(small, x, "integrated_gradients", 1, baseline=baseline)


def test_adaptive_steps_come_near_to_two_thousand_even_ones(small: Model, x: torch.Tensor) -> None:
    wanted = direct("integrated_gradients", small, x, n_steps=2000, quadrature="midpoint").values
    found = direct("integrated_gradients", small, x, n_steps=400, quadrature="adaptive", tolerance=0.005)
    assert relative(found.values, wanted) <= 0.01
    assert (found.extras["steps"] < 400).all() and not found.notes


def test_adaptive_says_the_steps_and_the_gap_of_each_image(small: Model, x: torch.Tensor) -> None:
    options = {"n_steps": 12, "quadrature": "adaptive", "tolerance": 0.0, "baseline": [0.0, 1.0]}
    found = explain(small, x, "integrated_gradients", 1, **options)
    assert found.extras["steps"].tolist() == [24, 24] and found.passes.backward == 48
    ends = [explain(small, at, "saliency", 1).scores for at in (x, torch.zeros_like(x), torch.ones_like(x))]
    gap = found.values.sum((1, 2, 3)) - (ends[0] - (ends[1] + ends[2]) / 2)
    np.testing.assert_allclose(found.extras["completeness_gap"], gap, atol=1e-5)


def test_adaptive_maps_depend_neither_on_the_batch_nor_on_the_classes_beside(
    small: Model, x: torch.Tensor, dark: torch.Tensor
) -> None:
    options = {"n_steps": 30, "quadrature": "adaptive", "tolerance": 0.01, "baseline": dark[0]}
    both = compare(small, x, ["integrated_gradients"], [1, 2], options={"integrated_gradients": options})
    for found, target in zip(both, (1, 2), strict=True):
        for i in range(2):
            alone = explain(small, x[i : i + 1], "integrated_gradients", target, memory=1, **options)
            assert relative(found.values[i], alone.values[0]) <= 1e-5
            assert found.extras["steps"][i] == alone.extras["steps"][0]


def test_one_adaptive_step_is_refused(small: Model, x: torch.Tensor) -> None:
    with pytest.raises(SeewhyError, match=r"n_steps is 1 .*\n.*2 or more"):
        explain(small, x, "integrated_gradients", 1, n_steps=1, quadrature="adaptive")
