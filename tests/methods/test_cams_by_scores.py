"""What the dearer CAMs share: several layers, smoothing, views, other targets."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from comparing import relative
from seewhy import Model, explain
from seewhy.ops.maps import fused
from seewhy.targets import Contrast

SIGNED: dict[str, Any] = {
    "scorecam": {},
    "sscam": {"n_samples": 2, "stdev": 0.0},  # without noise: layer by layer is then the same as together
    "iscam": {"n_steps": 2},
    "ablationcam": {},
    "shapleycam": {},
    "finercam": {},
}
ALL: dict[str, Any] = {**SIGNED, "randomcam": {}, "refinecam": {}, "sess": {"scales": 1}}


@pytest.mark.parametrize("id", SIGNED)
def test_several_layers_are_the_fused_maps_of_each(id: str, small: Model, x: Tensor) -> None:
    layers = ["act2", "act3"]
    each = [torch.from_numpy(explain(small, x, id, 1, layer=one, **SIGNED[id]).values) for one in layers]
    assert relative(explain(small, x, id, 1, layer=layers, **SIGNED[id]).values, fused(each)) < 1e-5


@pytest.mark.parametrize("smoothing", ["aug_smooth", "eigen_smooth"])
@pytest.mark.parametrize("id", ALL)
def test_smoothing_changes_the_map_and_keeps_its_shape(id: str, smoothing: str, small: Model, x: Tensor) -> None:
    plain = explain(small, 0.9 * x, id, 1, layer="act2", **ALL[id]).values
    smooth = explain(small, 0.9 * x, id, 1, layer="act2", **ALL[id], **{smoothing: True}).values
    assert smooth.shape == plain.shape and not np.allclose(smooth, plain, rtol=1e-2)
    if smoothing == "aug_smooth":
        assert (smooth >= 0).all()


@pytest.mark.parametrize("id", sorted({*ALL, "fullgrad"} - {"finercam"}))
def test_a_contrast_is_explained_too(id: str, small: Model, x: Tensor) -> None:
    made = explain(small, x, id, Contrast(1, 2), **ALL.get(id, {}))
    assert made.target == "1 - 2" and abs(made.values).max() > 0
