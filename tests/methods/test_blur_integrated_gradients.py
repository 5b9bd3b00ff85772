"""Blur integrated gradients against the paper's integral with scipy's blur, one image and one step at a time.

The authors' own code pads with black and steps evenly from the left; the paper has neither border nor rule.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from by_hand import blur_path, blurred, gradient_of
from conftest import MEAN, STD, SmallNet
from peers import for_peer
from seewhy import Model, explain, get_method
from seewhy.rng import Rng
from seewhy.targets import ClassLogit

METHOD = "blur_integrated_gradients"


def ours(x: Tensor, dtype: Any, **options: Any) -> tuple[Tensor, Tensor]:
    model = Model(SmallNet().to(dtype), mean=MEAN, std=STD)
    with model.frozen():
        target = ClassLogit(2).pin(model.outputs(x.to(dtype)), int)
        found = get_method(METHOD, **options)(model, x.to(dtype), target, Rng.for_images(0, x))
    return found.values.double(), found.extras["completeness_gap"]


@pytest.mark.parametrize("spacing", ["linear", "quadratic"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
def test_it_equals_the_integral_done_slowly(spacing: str, dtype: Any, tolerance: float, x: Tensor) -> None:
    sigmas = 6.0 * np.linspace(1, 0, 10) ** (2 if spacing == "quadratic" else 1)
    gradient = gradient_of(for_peer(Model(SmallNet().double(), mean=MEAN, std=STD)), 2)
    wanted = np.stack([blur_path(gradient, image, sigmas) for image in x.double().numpy()])
    found, _ = ours(x, dtype, max_sigma=6.0, n_steps=9, spacing=spacing)
    assert np.abs(found.numpy() - wanted).max() <= tolerance * np.abs(wanted).max()


def test_more_steps_close_the_gap_and_it_is_the_one_to_the_blurred_image(x: Tensor) -> None:
    net = SmallNet().double().eval()
    values, gap = ours(x, torch.float64, max_sigma=6.0, n_steps=400)
    assert gap.abs().max() < 0.01 * values.abs().sum((1, 2, 3)).min()
    mean, std = (torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (MEAN, STD))
    baseline = torch.from_numpy(np.stack([blurred(image, 6.0) for image in x.double().numpy()]))
    with torch.no_grad():
        difference = (net((x - mean) / std) - net((baseline - mean) / std))[:, 2]
    torch.testing.assert_close(values.sum((1, 2, 3)) - difference, gap, rtol=0, atol=1e-12)


def test_it_explains_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    found = explain(default_model, chelsea, METHOD, n_steps=2)
    assert found.values.shape == (1, 3, 224, 224) and np.abs(found.values).max() > 0
    assert found.passes.backward == 2 and abs(found.extras["completeness_gap"][0]) < np.abs(found.values).sum()
