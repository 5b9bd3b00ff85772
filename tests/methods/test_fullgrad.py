"""FullGrad: its parts add up to the score; its map is grad-cam's where that sees every bias."""

from typing import Any

import numpy as np
import pytest
import pytorch_grad_cam
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import in_float64, part_of, relative
from conftest import MEAN, STD, SmallNet
from peers import for_peer, maps_of, scaled, split_batch_norms, unit
from seewhy import Model, explain

TARGETS = [1, 3]


def full_grad(net: nn.Module, x: Tensor, targets: Any) -> Any:
    with pytorch_grad_cam.FullGrad(net, []) as peer:
        return peer(x, targets)


def added_up(made: Any) -> Tensor:
    return made.extras["pixels"] + made.extras["biases"] + made.extras["undrawn_biases"]


def test_it_is_grad_cams(small: Model, x: Tensor) -> None:
    values = explain(small, x, "fullgrad", TARGETS).values[:, 0]
    assert relative(unit(values), full_grad(for_peer(small), x, [scaled(one) for one in TARGETS])) < 1e-5


@pytest.mark.parametrize("activation", [nn.ReLU, nn.LeakyReLU, nn.ReLU6])
def test_the_parts_add_up_to_the_score_of_a_piecewise_linear_network(activation: Any, x: Tensor) -> None:
    model = Model(SmallNet(activation=activation), mean=MEAN, std=STD, size=(16, 20))
    if activation is nn.ReLU6:
        with torch.no_grad():
            model.module.bn1.weight *= 9  # so that the ceiling is reached
    made = in_float64("fullgrad", model, x, TARGETS)
    net = for_peer(model, torch.float64)
    assert (activation is nn.ReLU6) == bool((maps_of(net, "act", x.double()) == 6).any())
    assert relative(added_up(made), net(x.double())[[0, 1], TARGETS]) < 1e-9
    assert not made.notes and (made.extras["biases"].abs() > 1e-3).all(), "the biases matter here"


def test_linear_layers_on_channels_last_maps_count_and_are_not_drawn(x: Tensor) -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mlp, self.fc = nn.Linear(3, 6), nn.Linear(6, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.mlp(x.permute(0, 2, 3, 1)).relu().mean((1, 2)))

    torch.manual_seed(0)
    model = Model(Last(), mean=MEAN, std=STD, size=(16, 20))
    made = in_float64("fullgrad", model, x, TARGETS)
    wanted = for_peer(model, torch.float64)(x.double())[[0, 1], TARGETS]
    assert relative(added_up(made), wanted) < 1e-9
    assert made.values.max() <= 3, "the three colours of the pixels, and nothing else"


class Odd(nn.Module):
    """Biases that a list of layers misses: a shared convolution, functional ones, a batch norm without weights."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.shared = nn.Conv2d(3, 3, 3, padding=1)
        self.plain = nn.BatchNorm2d(3, affine=False)
        self.kernel = nn.Parameter(torch.randn(4, 3, 3, 3, generator=generator))
        self.shift = nn.Parameter(torch.randn(4, generator=generator))
        self.fc = nn.Linear(4, 5)
        with torch.no_grad():
            for p in self.shared.parameters():
                p.copy_(torch.randn(p.shape, generator=generator))
            self.plain.running_mean.copy_(torch.randn(3, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu_(self.plain(self.shared(self.shared(x).relu())))
        return self.fc(F.conv2d(x, self.kernel, bias=self.shift, stride=2).relu_().mean((2, 3)))


def test_biases_count_wherever_they_are_used(x: Tensor) -> None:
    model = Model(Odd(), mean=MEAN, std=STD, size=(16, 20))
    made = in_float64("fullgrad", model, x, TARGETS)
    wanted = for_peer(model, torch.float64)(x.double())[[0, 1], TARGETS]
    assert relative(added_up(made), wanted) < 1e-9


def test_what_the_parts_miss_is_said(x: Tensor) -> None:
    model = Model(SmallNet(activation=nn.GELU), mean=MEAN, std=STD, size=(16, 20))
    made = explain(model, x, "fullgrad", TARGETS)
    assert any("miss the score" in one for one in made.notes)
    np.testing.assert_allclose(sum(made.extras.values()), made.scores, rtol=1e-5)


def test_scaling_by_layer_is_what_the_authors_do(small: Model, x: Tensor) -> None:
    """One layer with a bias: its map is the sum over channels of what one min-max scaled together."""

    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x).relu().mean((2, 3))

    torch.manual_seed(1)
    model = Model(One(), mean=MEAN, std=STD, size=(16, 20))
    wide, net = x.double().requires_grad_(), for_peer(model, torch.float64)
    seen = net[1].conv(net[0](wide))
    grads = torch.autograd.grad((seen.relu().mean((2, 3))[:, :2]).sum(), [wide, seen])
    terms = (wide * grads[0]).abs(), (net[1].conv.bias[:, None, None] * grads[1]).abs()
    both = [unit(one.detach().flatten(2)).reshape(one.shape).sum(1, keepdims=True) for one in terms]
    found = in_float64("fullgrad", model, x, lambda y: y[:, :2].sum(1), rescale="layer").values
    assert relative(found, sum(both)) < 1e-9


def test_on_the_default_model_it_is_grad_cams_with_plain_batch_norms(default_model: Model, chelsea: Any) -> None:
    """grad-cam asks for BatchNorm2d to the letter and so misses timm's, which hold their activation; a copy is given
    to it in which each is a BatchNorm2d and an activation."""
    x = part_of(chelsea, default_model)
    net = split_batch_norms(for_peer(default_model))
    torch.testing.assert_close(net(x), for_peer(default_model)(x))
    made = explain(default_model, x, "fullgrad", 281)
    assert relative(unit(made.values[:, 0]), full_grad(net, x, [scaled(281, 1e8)])) < 1e-5
