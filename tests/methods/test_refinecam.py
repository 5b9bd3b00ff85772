"""RefineCAM beside grad-cam's and beside its own words."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import pytorch_grad_cam
import torch
from torch import Tensor, nn

from comparing import in_float64, part_of, relative
from conftest import MEAN, STD
from peers import for_peer, maps_and_gradient, scaled, unit
from seewhy import Model, explain
from seewhy.types import Passes

TARGETS = [1, 3]


def reference(model: Model, x: Tensor, layers: list[str], targets: Any, dtype: torch.dtype) -> Any:
    """The product over layers of Grad-CAM++ maps: rectified, scaled to [0,1], resized, scaled to [0,1] again."""
    net, wanted = for_peer(model, dtype), 1.0
    for layer in layers:
        maps, grad = (one.numpy() for one in maps_and_gradient(net, layer, x.to(dtype), targets))
        alpha = grad**2 / (2 * grad**2 + maps.sum((2, 3), keepdims=True) * grad**3 + 1e-6)
        weights = (alpha * np.maximum(grad, 0)).sum((2, 3), keepdims=True)
        cam = unit(np.maximum((weights * maps).sum(1), 0))
        wanted = wanted * unit(np.stack([cv2.resize(one, x.shape[:1:-1]) for one in cam]))
    return wanted


def shrunk(model: Model) -> Model:
    """Its scores made large, so that neither Grad-CAM++'s 1e-6 nor the peer's 1e-7 is felt."""
    with torch.no_grad():
        model.module.fc.weight *= 1e4
    return model


@pytest.mark.parametrize("layers", [["act3"], ["act2", "act3"], ["act", "act2", "act3"]])
def test_it_is_the_product_of_the_layers_maps(layers: list[str], small: Model, x: Tensor) -> None:
    found = in_float64("refinecam", small, x, TARGETS, layer=layers).values[:, 0]
    assert relative(found, reference(small, x, layers, TARGETS, torch.float64)) < 1e-6  # cv2 resizes in float32 steps


@pytest.mark.parametrize("layers", [["act2", "act3"], ["act", "act2", "act3"]])
def test_it_is_grad_cams_once_scaled(layers: list[str], small: Model, x: Tensor) -> None:
    """The loop that is to scale the peer's maps does nothing, but they come to it scaled."""
    net = for_peer(shrunk(small))
    peer = pytorch_grad_cam.RefineCAM(net, [net[1].get_submodule(one) for one in layers])
    wanted = peer(x, [scaled(one, 1.0) for one in TARGETS])
    values = explain(small, x, "refinecam", TARGETS, layer=layers).values[:, 0]
    assert relative(unit(values), wanted) < 1e-5


def test_by_itself_it_reads_the_last_layer_of_each_coarse_grid() -> None:
    class Staged(nn.Module):
        def __init__(self) -> None:
            super().__init__()

            def stage() -> nn.Module:
                return nn.Sequential(nn.Conv2d(3, 3, 3, 2, 1), nn.ReLU(), nn.Conv2d(3, 3, 1))

            self.first, self.second, self.third = stage(), stage(), stage()
            self.act, self.fc = nn.ReLU(), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.act(self.third(self.second(self.first(x)))).mean((2, 3)))

    torch.manual_seed(0)
    model = Model(Staged(), mean=MEAN, std=STD, size=(32, 48))
    made = explain(model, torch.rand(1, 3, 32, 48), "refinecam", 0)
    assert made.layers == ("second", "act"), "half of the input's size is too fine"
    assert made.values.shape == (1, 1, 32, 48) and (made.values >= 0).all() and made.values.max() <= 1


def test_on_the_default_model_it_multiplies_the_ends_of_its_stages(default_model: Model, chelsea: Any) -> None:
    x = part_of(chelsea, default_model)
    made = explain(default_model, x, "refinecam", 281)
    assert made.layers == ("blocks.1", "blocks.2", "blocks.4", "bn2")
    layers = list(made.layers)
    wide = in_float64("refinecam", default_model, x, 281, layer=layers).values[:, 0]
    assert relative(wide, reference(default_model, x, layers, [281], torch.float64)) < 1e-9
    assert relative(made.values[:, 0], wide) < 1e-6, "Grad-CAM++ on signed early maps outruns float32"


@pytest.mark.parametrize("options", [{}, {"aug_smooth": True}])
def test_one_copy_computes_in_float64_and_its_passes_are_counted(
    options: Any, small: Model, x: Tensor, monkeypatch: Any
) -> None:
    small.census(x)
    copies, at = [], Model.at
    monkeypatch.setattr(Model, "at", lambda model, precision: copies.append(precision) or at(model, precision))
    made = explain(small, x, "refinecam", TARGETS, layer=["act2", "act3"], **options)
    views = 6 if options else 1
    assert copies == ["float64"] and made.passes == Passes(len(x) * (1 + views), len(x) * views)
    wide = in_float64("refinecam", small, x, TARGETS, layer=["act2", "act3"], **options).values
    assert relative(made.values, wide) < 1e-7 and not made.notes


def test_in_a_float64_model_nothing_is_copied(small: Model, x: Tensor, monkeypatch: Any) -> None:
    monkeypatch.setattr(Model, "wide", None)
    made = explain(small.at("float64"), x.double(), "refinecam", TARGETS, layer=["act2", "act3"])
    assert made.precision == "float64" and not made.notes


def test_without_float64_it_says_that_it_computed_in_float32(small: Model, x: Tensor, monkeypatch: Any) -> None:
    layers = ["act2", "act3"]
    exact = explain(small, x, "refinecam", TARGETS, layer=layers)

    def refused(_model: Model, _precision: str) -> Model:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    monkeypatch.setattr(Model, "at", refused)
    made = explain(small, x, "refinecam", TARGETS, layer=layers)
    assert made.notes == ("computed in float32, less exactly: Cannot convert a MPS Tensor to float64 dtype",)
    assert 0 < relative(made.values, exact.values) < 1e-3


def test_a_network_that_insists_on_float32_is_explained_in_it(small: Model, x: Tensor) -> None:
    model = replace(small, head=lambda outputs: outputs @ torch.eye(4))
    made = explain(model, x, "refinecam", TARGETS, layer=["act2", "act3"])
    assert made.notes[0].startswith("computed in float32") and made.values.max() > 0
