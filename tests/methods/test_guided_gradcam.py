"""Guided Grad-CAM against captum, scaled up bilinearly as in the paper (captum's default is nearest)."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model, explain, get_method
from seewhy.rng import Rng
from seewhy.targets import ClassLogit


class Steps(nn.Sequential):
    """ReLUs used once and not in place, as captum's hooks need them, and maps smaller than the picture."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.AdaptiveAvgPool2d(1)),
            *(nn.Flatten(), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 4)),
        )
        generator = torch.Generator().manual_seed(6)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.3 * torch.randn(p.shape, generator=generator))


def theirs(net: nn.Module, x: Tensor, layer: nn.Module, mode: str = "bilinear") -> Tensor:
    from captum.attr import GuidedGradCam

    mean, std = (torch.tensor(one, dtype=x.dtype)[:, None, None] for one in (MEAN, STD))
    x = ((x - mean) / std).requires_grad_()
    return GuidedGradCam(net, layer).attribute(x, target=2, interpolate_mode=mode).detach() / std


@pytest.mark.parametrize("layer", ["0", "3", "5"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
@pytest.mark.filterwarnings("ignore:Setting backward hooks")  # captum says what it does
def test_it_equals_captum_with_bilinear_upsampling(layer: str, dtype: Any, tolerance: float, x: Tensor) -> None:
    net, x = Steps().to(dtype).eval(), x.to(dtype)
    model = Model(net, mean=MEAN, std=STD)
    with model.frozen():
        target = ClassLogit(2).pin(model.outputs(x), int)
        found = get_method("guided_gradcam", layer=layer)(model, x, target, Rng.for_images(0, x)).values
    wanted = theirs(net, x, net[int(layer)])
    assert wanted.abs().max() > 0
    assert (found - wanted).abs().max() <= tolerance * wanted.abs().max()


@pytest.mark.engine
def test_it_costs_one_forward_in_all(x: Tensor) -> None:
    found = explain(Model(Steps(), mean=MEAN, std=STD), x, "guided_gradcam", 2)
    assert found.passes.forward == len(x) and len(x) <= found.passes.backward <= 2 * len(x)
    assert found.layers == ("5",)


def test_it_is_the_two_factors_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    """ReLU6 throughout: captum would pass the plain gradient there without a word."""
    found, cam = explain(default_model, chelsea, "guided_gradcam"), explain(default_model, chelsea, "gradcam")
    big = torch.nn.functional.interpolate(torch.from_numpy(cam.values).relu(), (224, 224), mode="bilinear").numpy()
    assert found.layers == cam.layers
    assert (found.values[np.broadcast_to(big == 0, found.values.shape)] == 0).all()
    plain = explain(default_model, chelsea, "saliency").values
    assert not np.allclose(abs(found.values), plain * big, rtol=0.1)
