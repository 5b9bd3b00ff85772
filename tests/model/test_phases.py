"""The gradient at a picture, block by block: autograd's own."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model
from seewhy.model import phases
from seewhy.model.phases import Phased, phased


def sizes() -> list[tuple[int, int, int, int, int]]:
    """Sides of a window, strides, margins, pixels behind the last window, places a side."""
    each = product(range(1, 9), range(2, 6), range(4), range(3), (1, 5))
    return [one for one in each if one[3] < one[1] and one[2] < one[0] and (one[4] - 1) * one[1] + one[0] > 2 * one[2]]


@pytest.mark.parametrize("last", [True, False])
def test_it_is_the_gradient(last: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "ADDED", 1000)  # also where it takes longer
    draw = torch.Generator().manual_seed(0)
    layout = torch.channels_last if last else torch.contiguous_format
    assert len(sizes()) > 500
    for side, stride, margin, more, places in sizes():
        shape = [(count - 1) * stride + side - 2 * margin + more for count in (places, places + 1)]
        x = torch.randn(2, 2, *shape, generator=draw, dtype=torch.float64).requires_grad_()
        weight = torch.randn(6, 2, side, side, generator=draw, dtype=torch.float64)
        out = F.conv2d(x, weight, None, stride, margin)
        grad = torch.randn(out.shape, generator=draw, dtype=torch.float64)
        (wanted,) = torch.autograd.grad(out, x, grad)
        made = phased(weight, (stride, stride), (margin, margin), (1, 1), 1)
        assert made is not None
        torch.testing.assert_close(made(grad.contiguous(memory_format=layout), x.shape), wanted, atol=1e-10, rtol=0)


def test_it_is_taken_where_it_is_quicker() -> None:
    def taken(weight: Tensor, stride: int, margin: int, dilation: int = 1, groups: int = 1) -> bool:
        return phased(weight, (stride, stride), (margin, margin), (dilation, dilation), groups) is not None

    assert taken(torch.ones(64, 3, 7, 7), 2, 3) and taken(torch.ones(768, 3, 16, 16), 16, 0)
    assert not taken(torch.ones(32, 3, 3, 3), 2, 1) and not taken(torch.ones(64, 3, 3, 3), 1, 1)
    assert not taken(torch.ones(64, 3, 7, 7), 2, 3, dilation=2) and not taken(torch.ones(64, 64, 7, 7), 2, 3)
    assert not taken(torch.ones(64, 1, 7, 7), 2, 3, groups=64) and not taken(torch.ones(64, 3, 7, 5), 2, 3)
    assert phased(torch.ones(64, 3, 7, 7), (2, 1), (3, 3), (1, 1), 1) is None
    assert phased(torch.ones(64, 3, 7, 7), (2, 2), (3, 2), (1, 1), 1) is None


@pytest.mark.engine
def test_a_networks_first_convolution_goes_back_so(x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    run = Phased.__call__
    monkeypatch.setattr(Phased, "__call__", lambda self, *given: ran.append(1) or run(self, *given))
    net = nn.Sequential(
        nn.Conv2d(3, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1)
    )
    model = Model(net.eval(), mean=MEAN, std=STD, size=(16, 20))
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        (grad,) = torch.autograd.grad(model.upto(own, ["3"])[0].square().sum(), own)
        plain = x.clone().requires_grad_()
        (wanted,) = torch.autograd.grad(net(model.normalised(plain)).square().sum(), plain)
    assert ran
    torch.testing.assert_close(grad, wanted, atol=1e-5 * float(wanted.abs().max()), rtol=0)
