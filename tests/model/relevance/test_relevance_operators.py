"""Products of convolutions, forth and back, by whichever way is quickest: the same numbers."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import columns, winograd
from seewhy.model.relevance import operators as HERE
from seewhy.model.relevance.operators import Convolution, convolution, laid, unlaid

CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = {
    "winograd": ((1, 256, 28, 28), (256, 256, 3, 3), {"padding": 1}),
    "few cells": ((1, 64, 4, 4), (128, 64, 3, 3), {"padding": 1}),
    "many outputs": ((1, 128, 64, 64), (160, 128, 3, 3), {"padding": 1}),
    "of pixels": ((2, 3, 30, 31), (16, 3, 7, 7), {"stride": 2, "padding": 3}),
    "strided": ((2, 8, 15, 14), (8, 8, 3, 3), {"stride": 2, "padding": 1}),
    "grouped": ((2, 8, 15, 14), (8, 2, 3, 3), {"groups": 4}),
    "one by one": ((2, 8, 9, 9), (12, 8, 1, 1), {}),
}


def given(name: str) -> tuple[Tensor, Convolution, dict[str, Any]]:
    shape, weight, how = CASES[name]
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator)
    kernel = torch.randn(weight, generator=generator) / torch.Size(weight[1:]).numel() ** 0.5
    bias = torch.randn(weight[0], generator=generator)
    return x, convolution("conv2d", x, (kernel, bias), how), how


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_products_are_the_convolutions_forth_and_back(name: str, dtype: torch.dtype, layout: Any) -> None:
    x, operator, how = given(name)
    assert operator.bias is not None
    wide = x.double().requires_grad_()
    exact = F.conv2d(wide, operator.weight.double(), operator.bias.double(), **how)
    c = torch.randn(exact.shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    (gradient,) = torch.autograd.grad(exact, wide, c.double())
    exact = exact.detach()
    weight, bias = operator.weight.to(dtype), operator.bias.to(dtype)
    own = convolution("conv2d", x, (weight, bias), how)
    x, c = (one.to(dtype).contiguous(memory_format=layout) for one in (x, c))
    tolerance = 5e-6 if dtype == torch.float32 else 1e-12
    column = own.column(bias, 4)
    for found, wanted in [
        (own.output(x), exact),
        (own.forth(x, weight) + column, exact),
        (own.forth(x, 2 * weight, bias), 2 * (exact - column.double()) + column.double()),
        (own.back(c, weight, x.shape), gradient),
        (own.back(c, 2 * weight, x.shape), 2 * gradient),
    ]:
        assert float((found - wanted).norm() / wanted.norm()) <= tolerance and found.dtype == dtype


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was computed otherwise than by torch's own convolution."""
    made: list[str] = []
    for where, name in ((winograd, "convolved"), (winograd, "transposed"), (columns, "transposed")):
        own = getattr(where, name)

        def noted(*given: Any, own: Any = own, name: str = f"{where.__name__}.{name}") -> Any:
            made.append(name.removeprefix("seewhy.model."))
            return own(*given)

        monkeypatch.setattr(where, name, noted)
    return made


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("winograd", ["winograd.convolved", "winograd.convolved", "winograd.transposed"]),
        ("many outputs", ["winograd.convolved", "winograd.transposed"]),  # but not what kinks lie behind
        ("of pixels", ["columns.transposed"]),
        ("few cells", []),
        ("strided", []),
        ("grouped", []),
    ],
)
def test_each_goes_the_way_that_suits_it(name: str, wanted: list[str], ways: list[str]) -> None:
    x, operator, _ = given(name)
    z = operator.output(x)
    operator.forth(x, operator.weight)
    operator.back(z, operator.weight, x.shape)
    assert ways == wanted


def test_where_many_units_stand_at_kinks_sums_are_the_networks_own() -> None:
    x, operator, how = given("many outputs")
    assert operator._outputs(x) > HERE.MANY
    assert torch.equal(operator.output(laid(x)), F.conv2d(x, operator.weight, operator.bias, **how))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 3, 3), (2, 7, 1, 1), (2, 3, 4), (2, 3, 4, 5, 6)])
def test_layouts_change_nothing_but_the_order_in_memory(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for one in (x, laid(x), x.transpose(0, 1).contiguous().transpose(0, 1)):
        assert torch.equal(laid(one), x) and torch.equal(unlaid(one), x) and unlaid(one).is_contiguous()
        assert x.ndim != 4 or laid(one).is_contiguous(memory_format=torch.channels_last)
