"""Convolutions turned with their pictures: the same, with smaller kernels."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from test_fused_chain import slopes
from torch import Tensor, nn

from seewhy import Model
from seewhy.model.fused_chain import Stretch, fused
from seewhy.model.mirrored import mirrored
from seewhy.model.packed import Convolution
from seewhy.model.program import reach


def conv(stride: int, sides: tuple[int, int, int, int], side: int = 3) -> Convolution:
    plain = Convolution.of(torch.randn(4, 4, side, side), torch.randn(4), (stride, stride), (0, 0), (1, 1), 1)
    wider = plain.padded(sides)
    assert wider is not None
    return wider


@pytest.mark.parametrize(
    ("stride", "sides", "side", "size"),
    [(2, (0, 1, 0, 1), 3, (8, 12)), (2, (1, 2, 1, 2), 5, (8, 12)), (3, (0, 1, 1, 1), 3, (7, 8))],
)
def test_turned_they_make_the_same_with_smaller_kernels(
    stride: int, sides: tuple[int, int, int, int], side: int, size: tuple[int, int]
) -> None:
    own, x = conv(stride, sides, side), torch.randn(2, 4, *size)
    made = mirrored([own], [x.shape])
    assert made is not None and tuple(made[0].weight.shape[2:]) == (side, side)
    torch.testing.assert_close(made[0](x.flip(2, 3)).flip(2, 3), own(x))


def test_windows_that_would_lie_elsewhere_are_left_alone() -> None:
    own = conv(2, (0, 1, 0, 1))
    assert mirrored([own], [(2, 4, 9, 12)]) is None  # of nine rows the last window leaves one over
    even = Convolution.of(torch.randn(4, 4, 3, 3), None, (2, 2), (1, 1), (1, 1), 1)
    assert mirrored([own, even], [(2, 4, 8, 12), (2, 4, 8, 12)]) is None


def test_where_no_kernel_gets_smaller_nothing_is_turned() -> None:
    plain = Convolution.of(torch.randn(4, 4, 3, 3), None, (1, 1), (1, 1), (1, 1), 1)
    assert mirrored([plain], [(2, 4, 8, 8)]) is None
    zeros = plain.weight.clone()
    zeros[:, :, 0] = 0
    assert mirrored([replace(plain, weight=zeros)], [(2, 4, 8, 8)]) is None  # without it there were a window more


class Same(nn.Module):
    """TensorFlow's padding, a wide depthwise convolution, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.wide = nn.Conv2d(3, 6, 3, 2), nn.Conv2d(6, 24, 1)
        self.depthwise, self.narrow = nn.Conv2d(24, 24, 5, 2, groups=24), nn.Conv2d(24, 8, 1)
        self.last = nn.Conv2d(8, 8, 3, padding=1)
        self.end = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.wide(F.relu(self.stem(F.pad(x, (0, 1, 0, 1))))))
        x = self.narrow(F.relu6(self.depthwise(F.pad(x, (1, 2, 1, 2)))))
        y: Tensor = self.end(self.last(x) + x)
        return y.mean((2, 3))


@pytest.mark.engine
def test_a_network_with_such_padding_is_turned_and_gives_its_own_values_and_gradients() -> None:
    torch.manual_seed(0)
    plain = Model(Same(), mean=(0.5,) * 3, std=(0.5,) * 3, size=(32, 48), fast=False)
    quick, x = replace(plain, fast=True, fold=True), torch.rand(2, 3, 32, 48)
    for found, wanted in zip(slopes(quick, x, "end"), slopes(plain, x, "end"), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-4)
    with quick.frozen():
        programs = quick.programs(x)
        assert programs is not None and not programs.refused
        calls, wanted_slots = reach(programs.tape, ["end"]) or ([], ())
        (stretch,) = (call.function for call in fused(calls, wanted_slots) if isinstance(call.function, Stretch))
        stretch(quick.normalised(x))
    (turned,) = stretch._mirrored
    assert turned is not None
    kernels = [tuple(step.conv.weight.shape[2:]) for step in turned.steps]
    assert kernels == [(3, 3), (1, 1), (5, 5), (1, 1), (3, 3)]
    assert [tuple(step.conv.weight.shape[2:]) for step in stretch.steps][::2] == [(4, 4), (6, 6), (3, 3)]


@pytest.mark.engine
def test_it_is_not_turned_where_turning_takes_what_is_saved() -> None:
    """A layer before that one is wanted, too, which is larger than all that gets smaller."""
    torch.manual_seed(0)
    model = Model(Same(), mean=(0.5,) * 3, std=(0.5,) * 3, size=(32, 48), fold=True)
    x = torch.rand(2, 3, 32, 48)
    with model.frozen():
        programs = model.programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["wide", "narrow"]) or ([], ())
        stretches = [call.function for call in fused(calls, wanted) if isinstance(call.function, Stretch)]
        stretches[0](model.normalised(x))
    assert stretches[0]._mirrored == [None]
