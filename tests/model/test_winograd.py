"""Winograd's convolutions: torch's own in float64, to what oneDNN's channels-last kernels round to; and when they are
worth it."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import winograd as HERE
from seewhy.model.winograd import by_values, convolved, suits, transposed, values

ROUNDING = 3e-6  # relative L2: of sums of 9 * 512 products oneDNN's channels-last kernels are 1.2e-6 off
SIZES = [(1, 1), (3, 4), (4, 4), (5, 9), (14, 8), (17, 30)]


def given(images: int, inputs: int, outputs: int, size: tuple[int, int]) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    x, c = (torch.randn(images, one, *size, generator=generator) for one in (inputs, outputs))
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator) / (9 * inputs) ** 0.5
    return x, weight, torch.randn(outputs, generator=generator), c


def wanted(x: Tensor, weight: Tensor, bias: Tensor | None, c: Tensor) -> tuple[Tensor, Tensor]:
    wide = x.double().requires_grad_()
    found = F.conv2d(wide, weight.double(), None if bias is None else bias.double(), padding=1)
    return found.detach(), torch.autograd.grad(found, wide, c.double())[0]


def apart(found: Tensor, exact: Tensor) -> float:
    assert found.shape == exact.shape
    return float((found - exact).norm() / exact.norm())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("with_bias", [True, False])
def test_values_and_gradients_are_the_convolutions(size: Any, layout: Any, with_bias: bool) -> None:
    x, weight, bias, c = given(3, 5, 7, size)
    bias_ = bias if with_bias else None
    exact, gradient = wanted(x, weight, bias_, c)
    found = convolved(x.contiguous(memory_format=layout), weight, bias_)
    back = transposed(c.contiguous(memory_format=layout), weight)
    again = by_values(x.contiguous(memory_format=layout), values(weight), bias_)
    assert apart(found, exact) <= ROUNDING and apart(back, gradient) <= ROUNDING
    assert apart(again, exact) <= ROUNDING
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in (found, back, again))


@pytest.mark.parametrize("at_once", [1, 9000, 30000, 10**9])
@pytest.mark.parametrize("part", [1, 1000, 10**9])
def test_in_parts_it_is_the_same(at_once: int, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HERE, "AT_ONCE", at_once)
    monkeypatch.setattr(HERE, "PART", part)
    x, weight, bias, c = given(5, 6, 4, (13, 10))
    exact, gradient = wanted(x, weight, bias, c)
    assert apart(convolved(x, weight, bias), exact) <= ROUNDING
    assert apart(transposed(c, weight), gradient) <= ROUNDING


def test_every_part_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HERE, "AT_ONCE", 4 * HERE.PAIRS * 30 * 2)
    parts = list(HERE._chunks(3, 5, 30))
    rows = [(image, row) for some, rows in parts for image in range(3)[some] for row in range(5)[rows]]
    assert len(parts) == 9 and sorted(rows) == [(image, row) for image in range(3) for row in range(5)]


def test_long_sums_are_as_near_to_the_truth_as_onednns() -> None:
    x, weight, _, c = given(1, 256, 256, (28, 28))
    exact, gradient = wanted(x, weight, None, c)
    direct = F.conv2d(x.contiguous(memory_format=torch.channels_last), weight, padding=1)
    assert apart(convolved(x, weight), exact) <= max(2.5 * apart(direct, exact), 1e-6)
    assert apart(transposed(c, weight), gradient) <= ROUNDING


@pytest.mark.parametrize(
    ("weight", "size", "yes"),
    [
        (torch.empty(256, 256, 3, 3), (56, 56), True),
        (torch.empty(512, 512, 3, 3), (28, 28), True),
        (torch.empty(512, 512, 3, 3), (7, 7), False),  # kernels take longer to make than windows to multiply
        (torch.empty(64, 64, 3, 3), (56, 56), False),  # tiles to move
        (torch.empty(256, 256, 1, 1), (56, 56), False),
        (torch.empty(256, 256, 5, 5), (56, 56), False),
        (torch.empty(256, 256, 3, 3, dtype=torch.float64), (56, 56), False),
        (torch.empty(256, 256, 3, 3, device="meta"), (56, 56), False),
    ],
)
def test_it_is_taken_where_it_is_quicker(weight: Tensor, size: Any, yes: bool) -> None:
    assert suits(2, size, weight) is yes


@pytest.mark.parametrize(
    ("channels", "side", "images", "once", "again"),
    [
        (64, 56, 1, False, False),
        (128, 28, 1, True, True),
        (256, 14, 1, False, False),
        (256, 14, 3, False, True),
        (256, 56, 1, True, True),
        (512, 28, 1, True, False),  # values of 512 channels would be 38 MB
    ],
)
def test_with_the_same_weights_again_it_pays_sooner(
    channels: int, side: int, images: int, once: bool, again: bool
) -> None:
    weight = torch.empty(channels, channels, 3, 3)
    assert suits(images, (side, side), weight) is once
    assert suits(images, (side, side), weight, again=True) is again
