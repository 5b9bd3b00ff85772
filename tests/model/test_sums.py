"""Sums with a shortcut, as work of the convolution before them, change nothing but the time."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from seewhy import Model, explain
from seewhy.model.packed import RECTIFIERS, Convolution
from seewhy.model.sums import Summed


class Blocks(nn.Module):
    """Two convolutions, and what a network makes of what they return."""

    def __init__(self, join: Callable[[Tensor, Tensor, Tensor], Tensor], bias: bool = True) -> None:
        super().__init__()
        self.stem, self.one, self.two = (nn.Conv2d(given, 8, 3, padding=1, bias=bias) for given in (3, 8, 8))
        self.head, self.join = nn.Linear(8, 5), join
        generator = torch.Generator().manual_seed(3)
        for one in self.parameters():
            one.data.copy_(torch.randn(one.shape, generator=generator) / one[0].numel() ** 0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        out: Tensor = self.head(self.join(x, self.one(x), self.two(x)).mean((2, 3)))
        return out


def view_of_the_shortcut(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    half = a[:, :4]
    a += b
    return torch.cat([half, a[:, :4]], 1)


def a_view_is_written(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    flat = x.view_as(x)
    flat += b
    return x + 1


def read_between(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    twice = b * 2
    b += x
    return b + twice


def shortcut_read_later(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return F.relu(b + a) + a.tanh()


JOINS: list[tuple[Callable[[Tensor, Tensor, Tensor], Tensor], int]] = [
    (lambda x, a, b: F.relu(b + x), 1),
    (lambda x, a, b: (x + b).relu_(), 1),
    (lambda x, a, b: b.add_(x).clamp_(0, 6), 1),
    (lambda x, a, b: F.relu(a + b), 1),
    (lambda x, a, b: F.relu6(a.add_(b)) + x, 1),
    (lambda x, a, b: torch.add(a, b) + x, 1),
    (shortcut_read_later, 1),
    (view_of_the_shortcut, 0),
    (a_view_is_written, 0),
    (read_between, 0),
    (lambda x, a, b: b + b, 0),
    (lambda x, a, b: F.relu(b) + x, 0),
    (lambda x, a, b: b + b.mean((2, 3), keepdim=True), 0),
    (lambda x, a, b: torch.add(a, b, alpha=2), 0),
    (lambda x, a, b: b + 0.5, 0),
]


@pytest.mark.parametrize("at", range(len(JOINS)))
@pytest.mark.parametrize("bias", [True, False])
def test_scores_are_the_network_s(at: int, bias: bool) -> None:
    join, sums = JOINS[at]
    model = Model(Blocks(join, bias).eval(), mean=(0.5,) * 3, std=(0.25,) * 3, size=(12, 10))
    x = torch.rand(3, 3, 12, 10, generator=torch.Generator().manual_seed(0))
    with model.frozen(), torch.no_grad():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None, programs and programs.refused
        assert sum(isinstance(call.function, Summed) for call in run.program.calls) == sums
        wanted = model.module(model.normalised(x))
        for _ in range(2):  # nothing of the first run is left in what the second is given
            assert relative(run(x), wanted) < 1e-5
        half = programs.halved() if programs else None
        assert half is not None, programs and programs.refused
        assert relative(half(x).float(), wanted) < 3e-2


@pytest.mark.parametrize("rectifier", ["", "relu", "relu6"])
@pytest.mark.parametrize("over", [False, True])
def test_a_shortcut_of_any_shape_precision_and_layout(rectifier: str, over: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(6, 4, 3, 3, generator=generator), torch.randn(6, generator=generator)
    conv = Convolution(weight, bias, (2, 1), (1, 0), (1, 2), 1, rectifier)
    x = torch.randn(2, 4, 9, 8, generator=generator).contiguous(memory_format=torch.channels_last)
    plain = F.conv2d(x, weight, bias, (2, 1), (1, 0), (1, 2))
    assert conv.shape(x.shape) == tuple(plain.shape)
    usual = torch.randn(plain.shape, generator=generator)
    others = [
        usual, usual.contiguous(memory_format=torch.channels_last), usual[:, :1], usual[:1, :, :1, :1], usual.double(),
    ]  # fmt: skip
    for other in others:
        wanted = plain + other
        wanted = wanted if not rectifier else wanted.clamp(*RECTIFIERS[rectifier])
        found = Summed(conv, over)(x, other.clone(memory_format=torch.preserve_format))
        assert found.dtype == wanted.dtype and relative(found, wanted) < 1e-6


def test_a_shortcut_is_written_over_only_where_nothing_needs_it() -> None:
    for join, over in (
        (lambda x, a, b: F.relu(b + a), True),
        (shortcut_read_later, False),
        (lambda x, a, b: F.relu(b + x) * x, False),
    ):
        model = Model(Blocks(join).eval(), mean=(0.5,) * 3, std=(0.25,) * 3, size=(12, 10))
        x = torch.rand(1, 3, 12, 10)
        with model.frozen():
            run = model.programs(x).scoring()  # type: ignore[union-attr]  # looked at above
            assert run is not None
            assert [call.function.over for call in run.program.calls if isinstance(call.function, Summed)] == [over]


def test_a_layer_that_is_read_is_before_its_sum() -> None:
    model = Model(Blocks(lambda x, a, b: F.relu(b + x)).eval(), mean=(0.5,) * 3, std=(0.25,) * 3, size=(12, 10))
    x = torch.rand(1, 3, 12, 10)
    found = explain(model, x, "gradcam", 1, layer="two")
    slow = explain(replace(model, fast=False), x, "gradcam", 1, layer="two")
    assert relative(torch.from_numpy(found.values), torch.from_numpy(slow.values)) < 1e-5
    with model.frozen(), torch.no_grad():
        (seen,) = model.upto(x, ["two"])
        seen = seen.clone()
        assert relative(seen, model.module.two(F.relu(model.module.stem(model.normalised(x))))) < 1e-5


class OverAView(Blocks):
    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        flat = x.view_as(x)
        flat += self.two(x)
        out: Tensor = self.head((x + 1).mean((2, 3)))
        return out


def test_a_sum_over_a_view_changes_what_it_is_a_view_of() -> None:
    model = Model(OverAView(JOINS[0][0]).eval(), mean=(0.5,) * 3, std=(0.25,) * 3, size=(12, 10))
    x = torch.rand(2, 3, 12, 10, generator=torch.Generator().manual_seed(0))
    with model.frozen(), torch.no_grad():
        programs = model.programs(x)
        run = programs.scoring() if programs else None
        assert run is not None, programs and programs.refused
        assert relative(run(x), model.module(model.normalised(x))) < 1e-5
