"""SS-CAM beside torchcam's, with the same noise."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchcam.methods import SSCAM

from closed_forms import masks_of
from comparing import in_float64, part_of, relative
from peers import for_peer, maps_of, torchcam
from seewhy import Model, explain
from seewhy.rng import Rng

TARGETS = [1, 3]


def noise_of(x: Tensor, samples: int, channels: int) -> Tensor:
    """The draws (n,b,d,h,w) that the method makes: an image's stream goes through samples, then channels."""
    rng = Rng.for_images(0, x)
    draws = [[rng.normal(1, *x.shape[2:]) for _ in range(channels)] for _ in range(samples)]
    return torch.stack([torch.cat(one, 1) for one in draws])


@pytest.mark.parametrize("layer", ["act3", "conv1"])
def test_it_is_torchcams_with_the_same_noise(layer: str, small: Model, x: Tensor) -> None:
    channels = 8 if layer == "act3" else 6
    noise = 0.7 * noise_of(x.double(), 3, channels).double()
    net = for_peer(small, torch.float64)
    wanted = torchcam(SSCAM, net, layer, x.double(), TARGETS, noise, num_samples=3, std=0.7)
    found = in_float64("sscam", small, x, TARGETS, layer=layer, n_samples=3, stdev=0.7).values
    assert relative(found.relu(), wanted) < 1e-7  # torchcam's min-max adds 1e-8


def test_without_noise_one_sample_is_as_good_as_many(small: Model, x: Tensor) -> None:
    one, many = (in_float64("sscam", small, x, 1, layer="act3", n_samples=n, stdev=0.0).values for n in (1, 3))
    assert relative(many, one) < 1e-9


def test_the_draws_do_not_depend_on_the_memory_granted(small: Model, x: Tensor) -> None:
    whole, tight = (explain(small, x, "sscam", 1, n_samples=3, memory=m).values for m in (None, 1))
    assert relative(tight, whole) < 1e-5


def test_it_is_torchcams_on_the_default_model_with_the_same_noise(default_model: Model, chelsea: Any) -> None:
    x = part_of(chelsea, default_model)
    noise = 2.0 * noise_of(x, 2, 16)
    wanted = torchcam(SSCAM, for_peer(default_model), "blocks.0", x, [281], noise, num_samples=2, std=2.0)
    found = explain(default_model, x, "sscam", 281, layer="blocks.0", n_samples=2).values
    assert relative(torch.from_numpy(found).relu(), wanted) < 1e-5


@pytest.mark.parametrize("layer", ["act3", "conv1"])
def test_it_is_the_formula_done_slowly(layer: str, small: Model, x: Tensor) -> None:
    wide, net = x.double(), for_peer(small, torch.float64)
    maps = maps_of(net, layer, wide).detach()
    noise = 0.7 * noise_of(wide, 2, maps.shape[1]).double()
    scores = torch.zeros(maps.shape[:2], dtype=torch.float64)
    for image, target in enumerate(TARGETS):
        for channel, mask in enumerate(masks_of(maps[image], x.shape[2:])):
            for draw in noise[:, image, channel]:
                scores[image, channel] += net((mask + draw) * wide[image])[0, target].detach() / 2
    wanted = (scores.softmax(1)[:, :, None, None] * maps).sum(1, keepdim=True)
    found = in_float64("sscam", small, x, TARGETS, layer=layer, n_samples=2, stdev=0.7).values
    assert relative(found, wanted) < 1e-9
