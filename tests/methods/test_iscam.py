"""IS-CAM beside torchcam's."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchcam.methods import ISCAM

from comparing import in_float64, part_of, relative
from peers import for_peer, torchcam
from seewhy import Model, explain

TARGETS = [1, 3]


@pytest.mark.parametrize("layer", ["act3", "act2", "conv1"])
@pytest.mark.parametrize("steps", [1, 4])
def test_it_is_torchcams(layer: str, steps: int, small: Model, x: Tensor) -> None:
    wanted = torchcam(ISCAM, for_peer(small, torch.float64), layer, x.double(), TARGETS, num_samples=steps)
    found = in_float64("iscam", small, x, TARGETS, layer=layer, n_steps=steps).values
    assert relative(found.relu(), wanted) < 1e-7  # torchcam's min-max adds 1e-8


def test_it_is_torchcams_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = part_of(chelsea, default_model)
    wanted = torchcam(ISCAM, for_peer(default_model), "blocks.0", x, [281], num_samples=3)
    found = explain(default_model, x, "iscam", 281, layer="blocks.0", n_steps=3).values
    assert relative(torch.from_numpy(found).relu(), wanted) < 1e-5
