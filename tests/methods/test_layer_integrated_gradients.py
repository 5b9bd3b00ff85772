"""Layer integrated gradients against captum."""

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from torch import nn

from comparing import direct, pixels, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, SeewhyError, explain

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs
ID = "layer_integrated_gradients"


@pytest.mark.parametrize("at", ["output", "input"])
@pytest.mark.parametrize("layer", ["conv1", "conv2", "bn3"])
def test_it_equals_captum(precise: Precise, layer: str, at: str) -> None:
    model, x, tolerance = precise
    net = for_peer(model)
    theirs = LayerIntegratedGradients(net, net[1].get_submodule(layer)).attribute(
        x, baselines=0 * x, target=1, n_steps=8, method="riemann_middle", attribute_to_layer_input=at == "input"
    )
    found = direct(ID, model, x, layer=layer, at=at, n_steps=8, quadrature="midpoint").values
    assert relative(found, theirs) <= tolerance


def test_it_equals_captum_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    x = pixels(default_model, chelsea)
    net = for_peer(default_model)
    theirs = LayerIntegratedGradients(net, net[1].get_submodule("blocks.4")).attribute(
        x, baselines=0 * x, target=282, n_steps=4
    )
    found = explain(default_model, x, ID, 282, layer="blocks.4", n_steps=4)
    assert found.layers == ("blocks.4",) and relative(found.values, theirs) <= 1e-5


def test_at_the_input_of_the_first_layer_it_is_integrated_gradients(small: Model, x: torch.Tensor) -> None:
    model, x = small.at("float64"), x.double()
    found = direct(ID, model, x, layer="conv1", at="input", n_steps=5, baseline="mean")
    assert relative(found.values, direct("integrated_gradients", model, x, n_steps=5, baseline="mean").values) <= 1e-9


@pytest.mark.parametrize("layer", ["pool", "bn3", "act3"])
def test_where_all_of_the_score_passes_it_sums_to_the_difference(small: Model, x: torch.Tensor, layer: str) -> None:
    model, x = small.at("float64"), x.double()
    net = for_peer(model)
    found = direct(ID, model, x, layer=layer, n_steps=500, quadrature="midpoint")
    difference = (net(x) - net(0 * x))[:, 1].detach()
    gap = found.values.sum((1, 2, 3)) - difference
    assert (found.extras["completeness_gap"] - gap).abs().max() <= 1e-12
    assert found.extras["completeness_gap"].abs().max() <= 5e-3 * found.values.abs().sum((1, 2, 3)).min()


def test_a_layer_that_the_score_gets_around_is_noted(small: Model, x: torch.Tensor) -> None:
    assert "the score gets around the layer" in explain(small, x, ID, 1, layer="conv2", n_steps=100).notes[-1]


def test_several_baselines_give_the_mean_of_their_maps(small: Model, x: torch.Tensor) -> None:
    maps = [direct(ID, small, x, layer="bn3", n_steps=4, baseline=one).values for one in (0.0, "blur")]
    both = direct(ID, small, x, layer="bn3", n_steps=4, baseline=[0.0, "blur"]).values
    assert relative(both, (maps[0] + maps[1]) / 2) <= 1e-5


def test_it_reads_the_last_maps_unless_told_otherwise_and_one_layer_alone(small: Model, x: torch.Tensor) -> None:
    assert explain(small, x, ID, 1, n_steps=2).layers == ("act3",)
    with pytest.raises(SeewhyError, match="reads one layer, not 2"):
        explain(small, x, ID, 1, layer=["conv2", "conv3"])


class Twice(nn.Module):
    """One ReLU for maps of two sizes; what it returned first is added to what it returned last."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.relu = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
        self.fc = nn.Linear(4, 3)
        generator = torch.Generator().manual_seed(2)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.4 * torch.randn(p.shape, generator=generator))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(self.relu(self.a(x)), 2)
        return self.fc((self.relu(self.b(x)) + x).mean((2, 3)))

    def last(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.b(nn.functional.max_pool2d(self.relu(self.a(x)), 2)))


def test_of_a_layer_that_runs_twice_the_last_run_is_explained_and_it_is_said(x: torch.Tensor) -> None:
    net = Twice().double()
    model, x = Model(net, mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20)), x.double()
    found = direct(ID, model, x, layer="relu", n_steps=3)
    weights = net.fc.weight[1].detach()[:, None, None] / 80  # the mean over 8 times 10 cells, then the head
    assert relative(found.values, weights * (net.last(x) - net.last(0 * x))) <= 1e-9
    assert found.notes[0] == "layer 'relu' runs 2 times: its last output is read"
