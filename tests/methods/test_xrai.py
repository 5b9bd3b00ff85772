"""XRAI: integrated gradients gathered by regions; the ranking itself is tested in tests/ops/test_regions.py."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from conftest import MEAN, STD, SmallNet
from seewhy import Model, explain, get_method
from seewhy.ops.regions import ranked, segments
from seewhy.rng import Rng
from seewhy.targets import ClassLogit

TINY = {"scales": (20, 60), "min_size": 12, "dilation": 1, "min_pixels": 6, "n_steps": 6}


def run(id: str, x: Tensor, dtype: Any, **options: Any) -> Any:
    model, x = Model(SmallNet().to(dtype), mean=MEAN, std=STD), x.to(dtype)
    with model.frozen():
        target = ClassLogit(2).pin(model.outputs(x), int)
        return get_method(id, **options)(model, x, target, Rng.for_images(0, x))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
def test_it_is_ranked_integrated_gradients_from_black_and_white(dtype: Any, tolerance: float, x: Tensor) -> None:
    found = run("xrai", x, dtype, channels="sum", **TINY)
    heat = run("integrated_gradients", x, torch.float64, n_steps=6, baseline=[0.0, 1.0])
    for i in range(len(x)):
        masks = segments(x[i], TINY["scales"], 0.8, 12, 1)
        values, order = ranked(masks, heat.values[i].sum(0).numpy(), 6)
        assert np.abs(found.values[i, 0].numpy() - values).max() <= tolerance * np.abs(values).max()
        assert (found.extras["order"][i].numpy() == order).all() and order.max() > 5
    torch.testing.assert_close(
        found.extras["completeness_gap"].double(), heat.extras["completeness_gap"], atol=1e-5, rtol=0
    )


def test_fast_ranks_otherwise_and_adds_up_too(x: Tensor) -> None:
    options = {**TINY, "n_steps": 100, "channels": "sum"}
    full, fast = (run("xrai", x, torch.float64, fast=fast, **options) for fast in (False, True))
    assert not torch.equal(full.values, fast.values)
    torch.testing.assert_close(fast.extras["completeness_gap"], full.extras["completeness_gap"], rtol=1e-9, atol=1e-9)


def test_unless_sums_are_asked_for_it_ranks_the_largest_channel_and_claims_no_sum(x: Tensor) -> None:
    found = run("xrai", x, torch.float64, **TINY)
    heat = run("integrated_gradients", x, torch.float64, n_steps=6, baseline=[0.0, 1.0]).values.amax(1)
    for i in range(len(x)):
        values, _ = ranked(segments(x[i], TINY["scales"], 0.8, 12, 1), heat[i].numpy(), 6)
        assert np.abs(found.values[i, 0].numpy() - values).max() <= 1e-9 * np.abs(values).max()
    assert set(found.extras) == {"order"} and not found.notes


def test_it_explains_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    found = explain(default_model, chelsea, "xrai", n_steps=1)
    order = found.extras["order"][0]
    assert found.values.shape == (1, 1, 224, 224) and order.shape == (224, 224)
    assert order.min() == 1 and 10 < order.max() < 1000
    best = found.values[0, 0][order == 1]
    assert np.allclose(best, best[0]) and best[0] > 0
