"""Expected gradients against the exact expectation from captum, at the pixels and at a layer, and in closed form."""

from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradientShap, LayerIntegratedGradients
from PIL import Image

from closed_forms import Linear, Quadratic, plainly
from comparing import PRECISIONS, direct, gradient, pixels, relative, within_errors
from peers import for_peer
from seewhy import Model, SeewhyError, explain
from seewhy.rng import Rng

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs


@pytest.fixture
def others() -> torch.Tensor:
    return torch.rand(3, 3, 16, 20, generator=torch.Generator().manual_seed(8))


def slowly(
    net: torch.nn.Module, x: torch.Tensor, others: torch.Tensor, target: int, n: int, stdev: float
) -> torch.Tensor:
    """Stratified, one image and one draw at a time; x of one image."""
    rng, total = Rng.for_images(0, x), torch.zeros_like(x)
    m, rounds = len(others), -(-n // len(others))
    turns, parts = rng.uniform(m)[0].argsort(), rng.uniform(rounds)[0].argsort()
    for i in range(n):
        cells = rng.uniform(m)[0].argsort() if i % m == 0 else cells  # noqa: F821  # set at i = 0
        place = ((parts[i // m] * m + cells[i % m] + rng.uniform(1)[0, 0]) / (rounds * m)).to(x)
        start = others[turns[i % m]][None]
        end = x + stdev * rng.normal(*x.shape[1:]).to(x) if stdev else x
        total += (end - start) * gradient(net, start + place * (end - start), target)
    return total / n


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_it_is_what_its_draws_make_it(
    small: Model, x: torch.Tensor, others: torch.Tensor, precision: str, tolerance: float, smoothing: float
) -> None:
    model = small.at(precision)
    x, others = x.to(model.dtype), others.to(model.dtype)
    found = direct("expected_gradients", model, x, n_samples=8, background=others, local_smoothing=smoothing).values
    wanted = torch.cat([slowly(for_peer(model), one[None], others, 1, 8, smoothing) for one in x])
    assert relative(found, wanted) <= tolerance


def test_on_the_default_model_too(default_model: Model, chelsea: np.ndarray, coffee: np.ndarray) -> None:
    x, other = pixels(default_model, chelsea), pixels(default_model, coffee)
    found = explain(default_model, chelsea, "expected_gradients", 282, n_samples=3, background=[coffee]).values
    assert relative(found, slowly(for_peer(default_model), x, other, 282, 3, 0.0)) <= 1e-5


@pytest.mark.parametrize("stratified", [True, False])
def test_its_expectation_is_integrated_gradients_averaged_over_the_background(
    small: Model, x: torch.Tensor, others: torch.Tensor, stratified: bool
) -> None:
    model, x, others = small.at("float64"), x.double(), others.double()
    found = direct("expected_gradients", model, x, n_samples=300, background=others, stratified=stratified)
    integrated = IntegratedGradients(for_peer(model))
    exact = sum(integrated.attribute(x, baselines=b.expand_as(x), target=1, n_steps=100) for b in others) / 3
    assert within_errors(found.values, exact, found.extras["standard_error"])
    net = for_peer(model)
    difference = (net(x)[:, 1] - net(others)[:, 1].mean()).detach()
    gap = found.values.sum((1, 2, 3)) - difference
    assert relative(found.extras["completeness_gap"], gap) <= 1e-9
    assert (gap.abs() <= 3 * found.extras["completeness_standard_error"]).all()


def test_taking_turns_and_spreading_places_brings_it_closer(
    small: Model, x: torch.Tensor, others: torch.Tensor
) -> None:
    def error(stratified: bool) -> float:
        options = {"n_samples": 30, "background": others, "stratified": stratified}
        found = [direct("expected_gradients", small, x, seed=seed, **options) for seed in range(5)]
        return float(torch.stack([one.extras["completeness_gap"] for one in found]).square().mean().sqrt())

    assert error(True) < error(False) / 2


@pytest.mark.parametrize("layer", ["conv3", "bn3"])
def test_at_a_layer_it_is_the_expectation_over_what_the_layer_is_given(
    small: Model, x: torch.Tensor, others: torch.Tensor, layer: str
) -> None:
    model, x, others = small.at("float64"), x.double(), others.double()
    found = direct("expected_gradients", model, x, n_samples=300, background=others, layer=layer, stratified=False)
    net = for_peer(model)
    integrated, options = LayerIntegratedGradients(net, net[1].get_submodule(layer)), {"target": 1, "n_steps": 100}
    exact = sum(
        integrated.attribute(x, b.expand_as(x).clone(), attribute_to_layer_input=True, **options) for b in others
    )
    assert found.values.shape == exact.shape and found.values.shape[1:] != x.shape[1:]
    assert within_errors(found.values, exact / 3, found.extras["standard_error"])
    assert (found.extras["completeness_gap"].abs() <= 3 * found.extras["completeness_standard_error"]).all()


@pytest.mark.parametrize(("layer", "agrees"), [("bn1", True), ("bn3", False)])
def test_captum_walks_in_pixels_and_so_agrees_only_before_the_first_nonlinearity(
    small: Model, x: torch.Tensor, others: torch.Tensor, layer: str, agrees: bool
) -> None:
    """Its LayerGradientShap takes the layer's gradient at pictures between x and x', not between their maps."""
    model, x, others = small.at("float64"), x.double(), others.double()
    found = direct("expected_gradients", model, x, n_samples=400, background=others, layer=layer, stratified=False)
    net = for_peer(model)
    peers = LayerGradientShap(net, net[1].get_submodule(layer))
    state = np.random.get_state()
    np.random.seed(0)  # captum draws from the global generator
    theirs = peers.attribute(x, baselines=others, n_samples=400, target=1, attribute_to_layer_input=True)
    np.random.set_state(state)
    assert within_errors(found.values, theirs, found.extras["standard_error"] * 2**0.5) == agrees


def test_at_the_first_layer_it_is_that_of_the_pixels(small: Model, x: torch.Tensor, others: torch.Tensor) -> None:
    """The layer is given normalised pixels: another unit for both the difference and its gradient."""
    model, x, options = small.at("float64"), x.double(), {"n_samples": 6, "background": others.double()}
    at_layer = direct("expected_gradients", model, x, layer="conv1", **options)
    assert relative(at_layer.values, direct("expected_gradients", model, x, **options).values) <= 1e-9


def test_a_layer_that_is_given_no_maps_is_refused(small: Model, x: torch.Tensor, others: torch.Tensor) -> None:
    with pytest.raises(SeewhyError, match="not maps"):
        explain(small, x, "expected_gradients", 1, background=others, layer="fc")


def test_the_layer_is_named_in_the_result(small: Model, x: torch.Tensor, others: torch.Tensor) -> None:
    found = explain(small, x, "expected_gradients", 1, n_samples=3, background=others, layer="conv3")
    assert found.layers == ("conv3",) and found.values.shape == (2, 6, 8, 10)
    assert explain(small, x, "expected_gradients", 1, n_samples=3, background=others).layers == ()
    with pytest.raises(SeewhyError, match="reads one layer, not 2"):
        explain(small, x, "expected_gradients", 1, layer=["conv2", "conv3"])


def test_a_layer_that_the_score_gets_around_is_noted(small: Model, x: torch.Tensor, others: torch.Tensor) -> None:
    found = explain(small, x, "expected_gradients", 1, n_samples=60, background=others, layer="conv2")
    assert "the score gets around the layer" in found.notes[-1]


def test_a_gap_that_sampling_explains_is_not_held_against_the_map(small: Model, x: torch.Tensor) -> None:
    found = explain(small, x, "expected_gradients", 1, n_samples=10, stratified=False)
    gap, error = (found.extras[f"completeness_{what}"] for what in ("gap", "standard_error"))
    assert (abs(gap) > 0.05 * abs(found.values.sum((1, 2, 3)) - gap)).all() and (abs(gap) < 3 * error).all()
    assert not any("misses" in one for one in found.notes)


def test_of_a_linear_network_it_is_exact_after_one_turn(x: torch.Tensor, others: torch.Tensor) -> None:
    net, x, others = Linear(), x.double(), others.double()
    found = direct("expected_gradients", plainly(net), x, target=2, n_samples=3, background=others)
    assert relative(found.values, net.weight[2] * (x - others.mean(0))) <= 1e-12
    assert found.extras["completeness_gap"].abs().max() <= 1e-10


def test_local_smoothing_moves_the_picture_in_the_point_and_in_the_difference(
    x: torch.Tensor, others: torch.Tensor
) -> None:
    """For the score sum w x^2 the expectation is w (x^2 + smoothing^2 - E x'^2)."""
    net, x, others = Quadratic(), x.double(), others.double()
    options = {"target": 2, "n_samples": 400, "background": others}
    found = direct("expected_gradients", plainly(net), x, local_smoothing=0.3, **options)
    wanted = net.weight[2].detach() * (x.square() + 0.09 - others.square().mean(0))
    assert within_errors(found.values, wanted, found.extras["standard_error"])
    bias = ((found.values - wanted) / net.weight[2].detach()).mean()
    assert abs(float(bias)) < 0.01, "0.09 would be missed by half of this wherever the noise is left out"


def test_backgrounds_come_as_files_arrays_and_tensors(
    small: Model, x: torch.Tensor, coffee: np.ndarray, chelsea: np.ndarray, tmp_path: Path
) -> None:
    for name, photo in {"a.png": chelsea, "b.png": coffee}.items():
        Image.fromarray(photo).save(tmp_path / name)
    together = torch.cat([pixels(small, chelsea), pixels(small, coffee)])
    asked = [str(tmp_path), [tmp_path / "a.png", coffee], [chelsea, coffee], together]
    found = [explain(small, x, "expected_gradients", 1, n_samples=4, background=one).values for one in asked]
    assert all(np.array_equal(one, found[0]) for one in found)


def test_a_layer_that_no_forward_runs_is_refused(x: torch.Tensor) -> None:
    net = Linear()
    net.spare = torch.nn.Conv2d(3, 3, 1)
    model = Model(net, mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))
    with pytest.raises(SeewhyError, match="'spare' is not used in a forward"):
        explain(model, x, "expected_gradients", 1, layer="spare")


def test_without_a_background_it_says_what_stands_in_for_one(small: Model, x: torch.Tensor) -> None:
    found = explain(small, x, "expected_gradients", 1, n_samples=10)
    assert "no background was given: 5 plain greys stand in for a data set" in found.notes


@pytest.mark.parametrize("background", [torch.zeros(2, 3, 8, 8), torch.full((1, 3, 16, 20), 2.0), "no/such/folder", []])
def test_a_background_that_is_none_is_refused(small: Model, x: torch.Tensor, background: object) -> None:
    with pytest.raises(SeewhyError, match="hint"):
        explain(small, x, "expected_gradients", 1, background=background)
