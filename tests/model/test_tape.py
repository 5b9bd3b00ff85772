"""What is written down of a forward does what the forward does, for any number of images, or there is no tape."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from seewhy import Model
from seewhy.model.program import whole
from seewhy.model.tape import PerImage, leaves

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


class Written(nn.Module):
    """A network whose forward is a function of itself and its input."""

    def __init__(self, forward: Callable[..., Tensor]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4, 5)
        self.register_buffer("seen", torch.zeros(()))
        self._forward = forward

    def forward(self, x: Tensor) -> Tensor:
        return self._forward(self, x)


def model(module: nn.Module, **more: Any) -> Model:
    return Model(module, mean=MEAN, std=STD, size=(12, 16), **more)


def head(net: Any, maps: Tensor) -> Tensor:
    return net.fc(maps.mean((2, 3)))


def by_size(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    b, d, r, q = maps.shape
    return head(net, maps.reshape(b * d, r, q)[: b * d].view(b, d, r, q))


def in_place(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    maps += 1
    maps[:, :2] = maps[:, :2] * 2
    return head(net, F.relu(maps, inplace=True))


def chunked(net: Any, x: Tensor) -> Tensor:
    a, b = net.conv(x).chunk(2, dim=1)
    values, _ = torch.stack([a, b]).max(0)
    return head(net, torch.cat([values, a], 1))


def counting(net: Any, x: Tensor) -> Tensor:
    net.seen += 1
    return head(net, net.conv(x))


def looking(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    return head(net, maps if maps.sum() > 0 else -maps)


def leaving_torch(net: Any, x: Tensor) -> Tensor:
    return head(net, net.conv(x) + torch.from_numpy(x.detach().numpy().mean(keepdims=True)))


def without_gradients(net: Any, x: Tensor) -> Tensor:
    maps = net.conv(x)
    with torch.no_grad():
        shift = maps.mean() * 1.0
    return head(net, maps - shift)


def squared_by_images(net: Any, x: Tensor) -> Tensor:
    return head(net, net.conv(x)) * (len(x) ** 2)


@pytest.mark.parametrize("forward", [by_size, in_place, chunked])
def test_a_tape_run_again_is_the_forward_for_any_number_of_images(forward: Any) -> None:
    net = model(Written(forward))
    tape = net.census().tape
    assert tape is not None
    for images in (1, 2, 5):
        x = torch.rand(images, 3, 12, 16)
        with net.frozen(), torch.no_grad():
            assert torch.equal(whole(tape)([x], images)[0], net(x))


def test_a_number_that_grows_with_the_images_is_one_an_image() -> None:
    tape = model(Written(by_size)).census().tape
    assert tape is not None
    times = {one.times for call in tape.calls for one in leaves(call.args) if isinstance(one, PerImage)}
    assert times == {1, 4}


@pytest.mark.parametrize(
    ("forward", "why"),
    [
        (counting, "it changes its buffers in each forward"),
        (looking, "it looks at the numbers it computes, by __bool__"),
        (leaving_torch, "it looks at the numbers it computes, by numpy"),
        (without_gradients, "it turns gradients off in a part of itself"),
        (squared_by_images, "it computes with 4 where there are 2 images and with 9 where there are 3"),
    ],
)
def test_what_can_not_be_run_again_is_not_and_the_census_says_why(forward: Any, why: str) -> None:
    net = model(Written(forward))
    census = net.census()
    assert census.tape is None and census.why_no_tape == why
    with net.frozen():
        assert net.programs(torch.rand(1, 3, 12, 16)) is None
        assert net.scored(torch.rand(1, 3, 12, 16)).shape == (1, 5), "the network runs as it is"


@pytest.mark.parametrize("name", ["shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "convnext_tiny", "swin_t"])
def test_torchvisions_networks_can_be_written_down(name: str) -> None:
    net = Model(torchvision.models.get_model(name, weights=None), mean=MEAN, std=STD, size=(64, 64))
    tape = net.census().tape
    assert tape is not None, net.census().why_no_tape
    x = torch.rand(3, 3, 64, 64)
    with net.frozen(), torch.no_grad():
        torch.testing.assert_close(whole(tape)([x], 3)[0], net(x), rtol=0, atol=0)


def test_runs_tell_which_calls_are_a_modules_own(small: Model) -> None:
    tape = small.census().tape
    assert tape is not None
    (conv,) = tape.runs["conv2"]
    assert [call.name for call in tape.calls[conv.first : conv.last]] == ["conv2d"]
    assert conv.returned is not None and tape.calls[conv.first].makes == (conv.returned.number,)
    assert len(tape.runs[""]) == 1
