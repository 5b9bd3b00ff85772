"""The gradient at a picture, by columns: autograd's own."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from seewhy.model.columns import suits, transposed

HOW = [
    {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1)},
    {"stride": (2, 2), "padding": (3, 3), "dilation": (1, 1)},
    {"stride": (2, 1), "padding": (0, 2), "dilation": (1, 2)},
    {"stride": (4, 4), "padding": (0, 0), "dilation": (1, 1)},
]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("size", [(3, 7), (5, 4)])
def test_it_is_the_gradient(how: Any, channels: int, layout: Any, size: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, channels, 19, 23, generator=generator).requires_grad_()
    weight = torch.randn(8, channels, *size, generator=generator)
    found = F.conv2d(x, weight, **how)
    c = torch.randn(found.shape, generator=generator)
    (wanted,) = torch.autograd.grad(found, x, c)
    mine = transposed(c.contiguous(memory_format=layout), weight, x.shape[2:], *how.values())
    torch.testing.assert_close(mine, wanted, rtol=1e-5, atol=1e-5)


def test_it_is_taken_for_pictures() -> None:
    assert suits(torch.empty(64, 3, 7, 7), 1) and suits(torch.empty(32, 1, 3, 3), 1)
    assert not suits(torch.empty(64, 16, 3, 3), 1)
    assert not suits(torch.empty(64, 1, 3, 3), 64)
    assert not suits(torch.empty(3, 3, 3, 3), 1)
    assert not suits(torch.empty(64, 3, 7), 1)
    assert not suits(torch.empty(64, 3, 7, 7, device="meta"), 1)
