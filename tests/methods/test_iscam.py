"""IS-CAM beside torchcam's."""

import pytest
import torch
import torchcam.methods
from torch import Tensor

from peers import copied, raw, relative
from seewhy import Model

TARGETS = [1, 3]


@pytest.mark.parametrize("layer", ["act3", "act2", "conv1"])
@pytest.mark.parametrize("steps", [1, 4])
def test_it_is_torchcams(layer: str, steps: int, small: Model, x: Tensor) -> None:
    net = copied(small, torch.float64)
    with torchcam.methods.ISCAM(net, f"1.{layer}", num_samples=steps) as peer:
        net(x.double())
        (wanted,) = peer(TARGETS, normalized=False)
    found = raw(small, x, "iscam", TARGETS, layer=layer, n_steps=steps).values
    assert relative(found.relu()[:, 0], wanted) < 1e-7  # torchcam's min-max adds 1e-8
