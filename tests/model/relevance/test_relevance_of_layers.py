"""The rules of convolutions and linear layers against the papers' formulas, product by product."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from relevances import HIGH, LOW, relevance, times
from seewhy.model.relevance.presets import Preset

EPSILON, GAMMA = 0.01, 0.3  # large, so that what they do shows


def matrix(layer: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """A layer with one image as a weight (i,o) and a bias (o,), each column by a unit input."""
    bias = layer(torch.zeros_like(x)).flatten()
    units = torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape[1:])
    return layer(units).flatten(1) - bias, bias


def by_products(rule: str, x: Tensor, w: Tensor, b: Tensor, r: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Relevance (i,) of inputs x (i,) from that of outputs (o,), and what bias and stabiliser keep.

    Bach et al. 2015 (epsilon, alpha-beta), Montavon et al. 2019 (z+, gamma, box, flat); for values of both signs
    gamma is said of products, and of negative ones where the output is negative.
    """
    found, kept, held = torch.zeros_like(x), r.new_zeros(()), r.new_zeros(())

    def share(products: Tensor, bias: Tensor, stabiliser: float, part: Tensor) -> None:
        nonlocal kept, held
        total = products.sum() + bias + stabiliser
        found.add_(products / total * part)
        kept, held = kept + bias / total * part, held + stabiliser / total * part

    for j in range(len(r)):
        products, bias, z = x * w[:, j], b[j], (x * w[:, j]).sum() + b[j]
        up, down, bias_up, bias_down = (
            products.clamp(min=0),
            products.clamp(max=0),
            bias.clamp(min=0),
            bias.clamp(max=0),
        )
        if rule == "epsilon":
            share(products, bias, EPSILON if z >= 0 else -EPSILON, r[j])
        elif rule == "plus":
            share(up, bias_up, EPSILON, r[j])
        elif "gamma" in rule:
            gamma, sign = GAMMA / 5 if rule == "weak_gamma" else GAMMA, 1 if z > 0 else -1
            more, bias_more = (up, bias_up) if z > 0 else (down, bias_down)
            share(products + gamma * more, bias + gamma * bias_more, sign * EPSILON, r[j])
        else:
            share(up, bias_up, EPSILON, 2 * r[j])
            share(down, bias_down, -EPSILON, -r[j])
    return found, kept, held


def preset(rule: Any, first: Any = None) -> Preset:
    return Preset("test", rule, rule, first, EPSILON, GAMMA)


def layers() -> dict[str, nn.Module]:
    generator = torch.Generator().manual_seed(0)
    made = {
        "linear": nn.Linear(6, 4),
        "plain": nn.Conv2d(3, 4, 3, padding=1),
        "strided": nn.Conv2d(3, 4, 3, stride=2, padding=(1, 0), dilation=(1, 2)),
        "grouped": nn.Conv2d(4, 6, 3, groups=2, bias=False),
        "depthwise": nn.Conv2d(4, 4, 3, padding=2, groups=4),
        "valid": nn.Conv2d(3, 4, 3, padding="valid"),
        "same": nn.Conv2d(3, 2, (3, 2), padding="same", dilation=(1, 2)),
        "circular": nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
        "transposed": nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2),
        "one axis": nn.Conv1d(3, 4, 3),
        "three axes": nn.Conv3d(2, 3, 2),
    }
    for one in made.values():
        for p in one.parameters():
            p.requires_grad_(False).copy_(0.5 * torch.randn(p.shape, generator=generator))
    return {name: one.double() for name, one in made.items()}


def given(layer: nn.Module, seed: int = 1) -> Tensor:
    shape = {nn.Linear: (6,), nn.Conv1d: (3, 7), nn.Conv3d: (2, 3, 4, 3)}.get(type(layer))
    channels = getattr(layer, "in_channels", 0)
    shape = (channels, 5, 6) if shape is None else shape
    return torch.randn(2, *shape, generator=torch.Generator().manual_seed(seed)).double()


def norm(channels: int, axes: int, positive: bool) -> nn.Module:
    made = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[axes](channels).double().eval()
    generator = torch.Generator().manual_seed(3)
    for one in (made.weight, made.bias, made.running_mean):
        one.requires_grad_(False).copy_(torch.randn(channels, generator=generator))
    made.running_var.copy_(0.5 + torch.rand(channels, generator=generator))
    made.weight.copy_(made.weight.abs() if positive else made.weight)
    return made


@pytest.mark.parametrize("rule", ["epsilon", "plus", "gamma", "weak_gamma", "alpha2_beta1"])
@pytest.mark.parametrize("name", layers())
@pytest.mark.parametrize("kind", ["signed", "positive", "batch norm", "negative batch norm", "behind a relu"])
def test_a_layer_gives_what_the_formula_gives(rule: str, name: str, kind: str) -> None:
    layer = layers()[name]
    x = given(layer)
    x = x.abs() * (x > -1) if kind == "positive" else x
    whole: nn.Module = layer
    if "batch norm" in kind:
        out = layer(x)
        whole = nn.Sequential(layer, norm(out.shape[1], max(1, out.ndim - 2), kind == "batch norm"))
    weights = torch.randn(whole(x)[0].numel(), 3, generator=torch.Generator().manual_seed(2)).double()
    rectify = F.relu if kind == "behind a relu" else nn.Identity()
    values, absorbed, _ = relevance(lambda x: times(rectify(whole(x)).flatten(1), weights), x, preset(rule))
    for i, one in enumerate(x):
        w, b = matrix(whole, one[None])
        r = rectify(one.flatten() @ w + b) * weights[:, 1]
        wanted, kept, held = by_products(rule, one.flatten(), w, b, r)
        assert relative(values[i].flatten(), wanted) <= 1e-11
        torch.testing.assert_close(absorbed["bias"][i], kept, rtol=1e-9, atol=1e-11)
        torch.testing.assert_close(absorbed["stabiliser"][i], held, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("rule", ["epsilon", "plus", "gamma", "weak_gamma", "alpha2_beta1"])
def test_without_a_stabiliser_nothing_is_held_and_nothing_breaks(rule: str) -> None:
    layer = nn.Conv2d(3, 4, 3, bias=False).double().requires_grad_(False)
    layer.weight.copy_(torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(5)) / 5)
    x = given(layer)
    x[:, :, :4] = 0
    layer.weight[0] = layer.weight[0].abs()
    ones = torch.ones(layer(x)[0].numel(), 2).double()
    asked: Any = rule
    bare = Preset("test", asked, asked, None, 0.0, GAMMA)
    values, absorbed, scores = relevance(lambda x: times(layer(x).flatten(1), ones), x, bare)
    assert torch.isfinite(values).all()
    assert rule == "alpha2_beta1" or relative(values.flatten(1).sum(1), scores) <= 1e-12
    assert rule == "alpha2_beta1" or not absorbed["stabiliser"].any()


@pytest.mark.parametrize("first", ["flat", "box"])
@pytest.mark.parametrize("moved", ["as they are", "padded and permuted", "in patches"])
def test_pixels_have_their_own_rule_however_they_are_moved(first: str, moved: str) -> None:
    layer = nn.Conv2d(3, 4, 3, padding=2).double().requires_grad_(False)
    x = given(layer).clamp(-2, 2.5)
    x[0, :, 2, 3] = 0  # black may have relevance

    def net(x: Tensor) -> Tensor:
        if moved == "padded and permuted":
            x = F.pad(x.permute(0, 1, 3, 2), (1, 2, 0, 1)).contiguous()
        if moved == "in patches":
            patches = x.unflatten(2, (1, 5)).flatten(3)[:, :, 0]
            return F.linear(patches.flatten(1), weights)
        return times(layer(x).flatten(1), ones)

    ones, weights = torch.ones(400, 2).double(), torch.randn(2, 90, generator=torch.Generator().manual_seed(1)).double()
    ones = ones[: layer(F.pad(x.mT, (1, 2, 0, 1)) if "padded" in moved else x)[0].numel()]
    values, absorbed, scores = relevance(net, x, preset("plus", first))
    for i, one in enumerate(x):
        w, b = matrix(partial(net_before, moved=moved, layer=layer, weights=weights), one[None])
        z = one.flatten() @ w + b
        r = z if moved != "in patches" else torch.tensor([0.0, 1.0]).double() * z
        low, high = (limit.double().expand_as(one).flatten() for limit in (LOW, HIGH))
        seen = looked_at(layer, one, moved, w)
        wanted = torch.zeros(one.numel()).double()
        for j in range(len(r)):
            if first == "box":
                share = one.flatten() * w[:, j] - low * w[:, j].clamp(min=0) - high * w[:, j].clamp(max=0)
                wanted += share / (share.sum() + EPSILON) * r[j]
            elif seen[:, j].any():
                wanted += seen[:, j] / seen[:, j].sum() * r[j]
        assert relative(values[i].flatten(), wanted) <= 1e-11
        kept = sum(value[i] for value in absorbed.values())
        torch.testing.assert_close(values[i].sum() + kept, scores[i], rtol=1e-10, atol=1e-10)


def net_before(x: Tensor, moved: str, layer: nn.Module, weights: Tensor) -> Tensor:
    if moved == "padded and permuted":
        x = F.pad(x.permute(0, 1, 3, 2), (1, 2, 0, 1))
    return F.linear(x.flatten(1), weights) if moved == "in patches" else layer(x)


def looked_at(layer: nn.Module, one: Tensor, moved: str, w: Tensor) -> Tensor:
    """Which inputs (i,) each output (o,) has a weight for."""
    ones = nn.Conv2d(3, 4, 3, padding=2, bias=False).double().requires_grad_(False)
    ones.weight.fill_(1)
    if moved == "in patches":
        return torch.ones_like(w)
    return matrix(partial(net_before, moved=moved, layer=ones, weights=w), one[None])[0].round()
