"""How functions are followed: in place, on views, used twice, unseen; and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from conftest import SmallNet
from relevances import relevance
from seewhy.errors import Unsupported
from seewhy.model.relevance import PRESETS

Forward = Callable[[Any, Tensor], Tensor]


def net_of(forward: Forward) -> nn.Module:
    made = type("Made", (SmallNet,), {"forward": forward})().double().eval()
    return made.requires_grad_(False)


def tail(net: Any, x: Tensor) -> Tensor:
    return net.fc(F.relu(net.bn3(net.conv3(x))).mean((2, 3)))


def tidy(net: Any, x: Tensor) -> Tensor:
    x = F.relu(net.bn1(net.conv1(x)))
    x = F.relu(x + net.bn2(net.conv2(x)))
    return tail(net, F.silu(x))


def in_place(net: Any, x: Tensor) -> Tensor:
    x = net.bn1(net.conv1(x))
    net.act(x)  # in place, its result dropped
    y = net.bn2(net.conv2(x.clone()))
    y += x
    torch.relu_(y)
    y = y * 1
    F.silu(y, inplace=True)
    return tail(net, y)


def with_views(net: Any, x: Tensor) -> Tensor:
    x = net.bn1(net.conv1(x))
    y = x.clone()
    y[:, 2:] = torch.relu(y[:, 2:])
    y[:, :2].relu_()
    y = F.relu(y + net.bn2(net.conv2(y.clone()))) * 1
    flat = y.view(len(y), -1)
    flat *= flat.sigmoid()
    return tail(net, y)


def with_keywords(net: Any, x: Tensor) -> Tensor:
    x = F.conv2d(input=x, bias=net.conv1.bias, weight=net.conv1.weight, padding=1)
    x = torch.relu(input=net.bn1(x))
    x = torch.add(input=x, other=net.bn2(net.conv2(x)))
    return tail(net, F.silu(input=F.relu(x)))


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("forward", [in_place, with_views, with_keywords])
def test_the_same_network_written_otherwise_has_the_same_relevance(forward: Forward, name: str, x: Tensor) -> None:
    wanted, found = (relevance(net_of(one), x.double(), PRESETS[name], 2) for one in (tidy, forward))
    assert relative(found[2], wanted[2]) <= 1e-12 and relative(found[0], wanted[0]) <= 1e-9


def twice(net: Any, x: Tensor) -> Tensor:
    """One output of a layer, read as it is, behind a ReLU, then changed in place; and layers used twice."""
    z = net.conv1(x)
    y = torch.relu(z) + 0.3 * z
    net.act(z)
    y = y * F.hardsigmoid(z) + F.gelu(net.bn2(z))
    y = net.bn2(net.conv2(net.bn2(net.conv2(y))))
    return tail(net, y + z)


def twice_apart(net: Any, x: Tensor) -> Tensor:
    """The same, each output computed by itself."""
    one, two, three, four, five = (net.conv1(x) for _ in range(5))
    y = torch.relu(one) + 0.3 * two
    y = y * F.hardsigmoid(torch.relu(three)) + F.gelu(net.bn2(torch.relu(four)))
    y = net.bn2(net.conv2(net.bn2(net.conv2(y))))
    return tail(net, y + torch.relu(five))


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_used_twice_gets_what_both_uses_give(name: str, x: Tensor) -> None:
    wanted, found = (relevance(net_of(one), x.double(), PRESETS[name], 2) for one in (twice_apart, twice))
    assert relative(found[2], wanted[2]) <= 1e-12 and relative(found[0], wanted[0]) <= 1e-9
    total = found[0].sum((1, 2, 3)) + sum(found[1].values())
    assert relative(total, found[2]) <= 1e-10


def pooled(net: Any, x: Tensor) -> Tensor:
    """Rectifiers and poolings by maxima behind layers: overlapping, padded, in either order, and with a norm behind."""
    x = net.bn1(net.conv1(x))
    net.act(x)  # in place, its result dropped
    x = F.max_pool2d(x, 3, 2, 1)
    y = torch.relu(torch.max_pool2d(net.conv2(x), (2, 3), 1, ceil_mode=True))
    z = net.bn2(F.max_pool2d(net.conv2(y), kernel_size=2, stride=[1, 2], dilation=(2, 1)))
    net.act(z)
    z = net.pool(z)
    one = net.conv2(z)
    both = net.pool(one) + F.adaptive_max_pool2d(torch.relu(one), net.pool(one).shape[2:])
    values = F.max_pool2d(net.bn2(net.conv2(both)), 2, return_indices=False)
    return tail(net, values.view(len(values), -1).view_as(values))


def pooled_apart(net: Any, x: Tensor) -> Tensor:
    """The same, with a product between a layer and what is behind it, which keeps them apart."""
    x = F.max_pool2d(F.relu(net.bn1(net.conv1(x)) * 1) * 1, 3, 2, 1)
    y = torch.relu(torch.max_pool2d(net.conv2(x) * 1, (2, 3), 1, ceil_mode=True) * 1)
    z = net.bn2(F.max_pool2d(net.conv2(y) * 1, kernel_size=2, stride=[1, 2], dilation=(2, 1)) * 1) * 1
    z = net.pool(torch.relu(z) * 1)
    one, two, three = (net.conv2(z) * 1 for _ in range(3))
    both = net.pool(one) + F.adaptive_max_pool2d(torch.relu(two), net.pool(three).shape[2:])
    return tail(net, net.pool(net.bn2(net.conv2(both)) * 1))


@pytest.mark.parametrize("epsilon", [0.0, 0.01])
@pytest.mark.parametrize("name", PRESETS)
def test_what_is_behind_a_layer_is_taken_along(name: str, epsilon: float, x: Tensor) -> None:
    x = F.interpolate(x, (96, 90), mode="bilinear").double()
    preset = PRESETS[name].with_numbers(epsilon, 0.25)
    wanted, found = (relevance(net_of(one), x, preset, 2) for one in (pooled_apart, pooled))
    assert relative(found[2], wanted[2]) <= 1e-12 and relative(found[0], wanted[0]) <= 1e-9
    total = found[0].sum((1, 2, 3)) + sum(found[1].values())
    assert relative(total, found[2]) <= 1e-10


def test_views_can_be_had_of_what_layers_lay_otherwise(x: Tensor) -> None:
    def viewed(net: Any, x: Tensor) -> Tensor:
        x = F.relu(net.conv1(x))
        flat = x.view(len(x), -1) * 1
        return tail(net, flat.view(x.shape).view(len(x), 6, -1).view_as(x))

    net = net_of(viewed)
    wanted = relevance(net, x.double(), PRESETS["epsilon"], 2)
    found = relevance(net.float(), x, PRESETS["epsilon"], 2)
    assert relative(found[0], wanted[0]) <= 1e-4


@pytest.mark.parametrize("name", PRESETS)
def test_an_image_without_an_axis_for_images_is_one(name: str, x: Tensor) -> None:
    def alone(net: Any, x: Tensor) -> Tensor:
        return tail(net, F.max_pool2d(torch.relu(net.conv1(x[0])), 2)[None])

    def batched(net: Any, x: Tensor) -> Tensor:
        return tail(net, F.max_pool2d(torch.relu(net.conv1(x)), 2))

    wanted, found = (relevance(net_of(one), x[:1].double(), PRESETS[name], 2) for one in (batched, alone))
    assert relative(found[2], wanted[2]) <= 1e-12 and relative(found[0], wanted[0]) <= 1e-9


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.detach().clone()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> Tensor:
        return 2 * c


def unseen_behind_a_layer(net: Any, x: Tensor) -> Tensor:
    return tail(net, Doubled.apply(net.conv1(x)))


def no_gradient(net: Any, x: Tensor) -> Tensor:
    with torch.no_grad():
        gate = net.conv1(x).mean()
    return tail(net, net.conv1(x) * gate)


def into_a_tensor(net: Any, x: Tensor) -> Tensor:
    x = net.conv1(x)
    return tail(net, torch.add(x, 1, out=torch.empty_like(x.detach())))


@pytest.mark.parametrize(
    ("forward", "problem"),
    [
        (unseen_behind_a_layer, "don't show|gradients off"),
        (no_gradient, "turns gradients off"),
        (into_a_tensor, "gradients off|a tensor that is there"),
        (lambda net, x: tail(net, net.conv1(x).cumprod(1)), "no rule for the function 'cumprod'"),
    ],
)
def test_what_cannot_be_followed_is_refused(forward: Forward, problem: str, x: Tensor) -> None:
    with pytest.raises(Unsupported, match=problem):
        relevance(net_of(forward), x.double(), PRESETS["epsilon"], 2)


@pytest.mark.parametrize(
    "change", [lambda x: x * 2, lambda x: x.clone().mul_(2), lambda x: F.interpolate(x, scale_factor=2)]
)
def test_pixels_that_were_changed_have_no_first_layer(change: Any, x: Tensor) -> None:
    net = net_of(lambda net, x: tidy(net, change(x)))
    for name in ("epsilon_gamma_box", "epsilon_plus_flat"):
        with pytest.raises(Unsupported, match="first layer"):
            relevance(net, x.double(), PRESETS[name], 2)
    relevance(net, x.double(), PRESETS["gamma"], 2)


def test_questions_that_are_no_numbers_of_the_network_are_answered(x: Tensor) -> None:
    def asking(net: Any, x: Tensor) -> Tensor:
        z = net.conv1(x)
        assert z.shape[1] == z.size(1) == 6 and z.dim() == 4 and z.is_floating_point() and z.requires_grad
        scale = 2 if bool(z.mean() > -1e9) else 1
        return tail(net, z * (z > 0) + 0 * torch.zeros_like(z)) * scale

    found = relevance(net_of(asking), x.double(), PRESETS["epsilon"], 2)
    wanted = relevance(net_of(lambda net, x: tail(net, F.relu(net.conv1(x))) * 2), x.double(), PRESETS["epsilon"], 2)
    assert relative(found[0], wanted[0]) <= 1e-12
