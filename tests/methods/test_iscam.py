"""IS-CAM beside torchcam's."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchcam.methods import ISCAM

from closed_forms import masks_of
from comparing import in_float64, part_of, relative
from peers import for_peer, maps_of, torchcam
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


@pytest.mark.parametrize("layer", ["act3", "conv1"])
def test_it_is_the_formula_done_slowly(layer: str, small: Model, x: Tensor) -> None:
    wide, net = x.double(), for_peer(small, torch.float64)
    maps = maps_of(net, layer, wide).detach()
    scores = torch.zeros(maps.shape[:2], dtype=torch.float64)
    for image, target in enumerate(TARGETS):
        for channel, mask in enumerate(masks_of(maps[image], x.shape[2:])):
            for step in (1, 2, 3):
                strength = sum(range(1, step + 1)) / 3
                scores[image, channel] += net(strength * mask * wide[image])[0, target].detach() / 3
    wanted = (scores.softmax(1)[:, :, None, None] * maps).sum(1, keepdim=True)
    found = in_float64("iscam", small, x, TARGETS, layer=layer, n_steps=3).values
    assert relative(found, wanted) < 1e-9
