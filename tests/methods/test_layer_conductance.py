"""Layer conductance against captum, and by hand."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from captum.attr import LayerConductance

from comparing import direct, pixels, relative
from conftest import Precise
from peers import for_peer, maps_and_gradient
from seewhy import Model, SeewhyError, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs
ID = "layer_conductance"


@pytest.mark.parametrize("layer", ["conv1", "conv2", "bn3"])
def test_with_each_step_s_left_end_it_equals_captum(precise: Precise, dark: torch.Tensor, layer: str) -> None:
    """Of captum's ways, riemann_trapezoid alone starts at the baseline and ends at the picture."""
    model, x, tolerance = precise
    net = for_peer(model)
    theirs = LayerConductance(net, net[1].get_submodule(layer)).attribute(
        x, baselines=dark.to(x), target=1, n_steps=8, method="riemann_trapezoid"
    )
    found = direct(ID, model, x, layer=layer, n_steps=8, baseline=dark, quadrature="left").values
    assert relative(found, theirs) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    net = for_peer(default_model)
    theirs = LayerConductance(net, net[1].get_submodule("blocks.4")).attribute(
        x, baselines=0 * x, target=282, n_steps=4, method="riemann_trapezoid"
    )
    found = explain(default_model, x, ID, 282, layer="blocks.4", n_steps=4, quadrature="left")
    assert found.layers == ("blocks.4",) and relative(found.values, theirs) <= 1e-5


def test_the_trapezoid_is_the_mean_of_left_and_right_by_hand(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    net = for_peer(model)
    maps, grads = [], []
    for place in (0.0, 0.25, 0.5, 0.75, 1.0):
        one, grad = maps_and_gradient(net, "bn3", 0.2 + place * (x - 0.2), 1)
        maps.append(one)
        grads.append(grad)
    steps = [after - before for before, after in pairwise(maps)]
    left = sum(g * s for g, s in zip(grads[:-1], steps, strict=True))
    right = sum(g * s for g, s in zip(grads[1:], steps, strict=True))
    for quadrature, wanted in {"left": left, "right": right, "trapezoid": (left + right) / 2}.items():
        found = direct(ID, model, x, layer="bn3", n_steps=4, baseline=0.2, quadrature=quadrature).values
        assert relative(found, wanted) <= 1e-9


@pytest.mark.parametrize("layer", ["pool", "bn3", "act3"])
def test_where_all_of_the_score_passes_it_sums_to_the_difference(small: Model, x: torch.Tensor, layer: str) -> None:
    model, x = small.at("float64"), x.double()
    net = for_peer(model)
    found = direct(ID, model, x, layer=layer, n_steps=300)
    gap = found.values.sum((1, 2, 3)) - (net(x) - net(0 * x))[:, 1].detach()
    assert (found.extras["completeness_gap"] - gap).abs().max() <= 1e-12
    assert gap.abs().max() <= 5e-3 * found.values.abs().sum((1, 2, 3)).min()


def test_before_a_linear_head_it_is_exact_where_captum_s_usual_points_leave_out_both_ends(
    small: Model, x: torch.Tensor
) -> None:
    model, x = small.at("float64"), x.double()
    net = for_peer(model)
    theirs = LayerConductance(net, net[1].act3).attribute(x, baselines=0 * x, target=1, n_steps=10)
    missed = theirs.sum((1, 2, 3)) - (net(x) - net(0 * x))[:, 1].detach()
    assert direct(ID, model, x, layer="act3", n_steps=10).extras["completeness_gap"].abs().max() <= 1e-12
    assert missed.abs().min() > 1e-4


def test_at_two_layers_in_a_row_it_carries_the_same_sum(small: Model, x: torch.Tensor) -> None:
    sums = [
        direct(ID, small.at("float64"), x.double(), layer=layer, n_steps=300).values.sum((1, 2, 3))
        for layer in ("conv3", "act3")
    ]
    assert relative(sums[0], sums[1]) <= 1e-2


def test_a_layer_that_the_score_gets_around_is_noted(small: Model, x: torch.Tensor) -> None:
    assert "the score gets around the layer" in explain(small, x, ID, 1, layer="conv2", n_steps=100).notes[-1]


def test_it_reads_the_last_maps_unless_told_otherwise_and_one_layer_alone(small: Model, x: torch.Tensor) -> None:
    assert explain(small, x, ID, 1, n_steps=2).layers == ("act3",)
    with pytest.raises(SeewhyError, match="reads one layer, not 2"):
        explain(small, x, ID, 1, layer=["conv2", "conv3"])
