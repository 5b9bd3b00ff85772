"""Plain gradient ascent against FlashTorch's, step by step."""

import copy
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from seewhy import Model, SeewhyError
from seewhy.errors import ModelFailed
from seewhy.synthesis import ascend, objectives
from seewhy.synthesis.ascending import climb, noise, standardised
from seewhy.synthesis.looking import eye


@pytest.mark.parametrize("layer", ["conv1", "conv3"])
def test_each_step_is_flashtorchs(small: Model, x: Tensor, layer: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what flashtorch imports
        from flashtorch.activmax import GradientAscent
    net = copy.deepcopy(small.module).eval()
    for one in net.modules():
        if hasattr(one, "inplace"):
            one.inplace = False
    start = small.normalised(x[:1]).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its hooks, which torch calls old
        peer = GradientAscent(net, img_size=16, lr=0.7)
        steps = peer.optimize(getattr(net, layer), 3, input_=start, num_iter=4)
    with small.frozen():
        look = eye(small, (16, 20), (16, 20))
        own = objectives.channel(layer, 3).bound(look, (16, 20))
        found = [pixels for pixels, _ in climb(look, own, x[:1], 4, 0.7)]
    for one, wanted in zip(found, steps, strict=True):
        torch.testing.assert_close(small.normalised(one), wanted.detach(), atol=1e-4, rtol=1e-4)


def test_pictures_are_shown_as_flashtorch_shows_them() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what flashtorch imports
        from flashtorch.utils import standardize_and_clip
    values = torch.randn(1, 3, 8, 9, generator=torch.Generator().manual_seed(0)) * 3 + 1
    torch.testing.assert_close(standardised(values), standardize_and_clip(values, saturation=0.15, brightness=0.7))
    assert torch.equal(standardised(torch.ones(1, 3, 4, 4)), torch.full((1, 3, 4, 4), 0.7))


def test_it_begins_with_grey_noise(small: Model) -> None:
    bytes = (noise(small, (16, 20), 0) * 255).round()
    assert bytes.min() >= 150 and bytes.max() < 180 and len(bytes.unique()) == 30


def test_it_climbs_from_noise_and_from_a_photo(small: Model, chelsea: np.ndarray) -> None:
    found = ascend(small, ["conv3:5", "class:b"], steps=12)
    assert all(one.values[-1, 0] > one.values[0, 0] + 0.5 for one in found.found) and found.steps == (12,)
    assert found[0].image.shape == (16, 20, 3) and found.photo is None
    dream = ascend(small, "conv3:5", photo=chelsea)
    assert dream.photo is not None and dream.photo.shape == (16, 20, 3) and dream[0].values.shape == (20, 1)
    again = ascend(small, "conv3:5", photo=chelsea)
    assert np.array_equal(dream[0].image, again[0].image)
    stopped = ascend(small, "conv3:5", tell=lambda step: step.done == 2)
    assert stopped.steps == (2,) and stopped[0].values.shape == (2, 1)


def test_a_gradient_of_zero_is_refused(small: Model) -> None:
    with torch.no_grad():
        small.module.conv2.weight[1] = 0
    with pytest.raises(ModelFailed, match="gradient of 'conv2:1' is zero"):
        ascend(small, "conv2:1")
    with pytest.raises(SeewhyError, match="steps"):
        ascend(small, "conv2:0", steps=0)
