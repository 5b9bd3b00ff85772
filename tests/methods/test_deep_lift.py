"""DeepLIFT against captum where captum works, and by hand and by its own equation where captum fails.

captum 0.9.0 fails on modules used twice or in place, and on max pooling beside an activation its differences do not
add up (its issue 1276 and more): there the rule is written out window by window.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from comparing import relative
from conftest import MEAN, STD, SmallNet
from seewhy import Model, explain, get_method
from seewhy.errors import Unsupported
from seewhy.rng import Rng
from seewhy.targets import ClassLogit

NORMALISE = [torch.tensor(one, dtype=torch.float64)[:, None, None] for one in (MEAN, STD)]


class Plain(nn.Module):
    """What captum's hooks can follow: each module used once, nothing functional, nothing in place."""

    def __init__(self, activation: Any = nn.ReLU, pool: Any = nn.AvgPool2d) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.conv1, self.act1, self.pool = nn.Conv2d(3, 6, 3, padding=1), activation(), pool(2)
        self.conv2, self.act2 = nn.Conv2d(6, 8, 3, padding=1), activation()
        self.flat, self.fc1, self.act3, self.fc2 = nn.Flatten(), nn.Linear(8 * 80, 10), activation(), nn.Linear(10, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.2 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = self.act2(self.conv2(self.pool(self.act1(self.conv1(x)))))
        return self.fc2(self.act3(self.fc1(self.flat(x))))


class Tangled(Plain):
    """The same sums written as captum can't follow them: one ReLU in place for all, functional calls, an alias."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(torch.relu_(self.conv1(x)), 2)
        act = nn.ReLU(inplace=True)
        return self.fc2(self.fc1(act(self.conv2(x)).flatten(1)).relu_())


class Gated(nn.Module):
    """Squeeze-and-excitation, a swish in place, a quotient, overlapping and adaptive pools, a residual, attention."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.conv, self.gate = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.mix, self.fc = nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.4 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.gelu(self.conv(x)), 3, 2, 1)
        x = x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid()
        x = x + F.relu6(self.mix(x)) / (1 + x.square().mean((1, 2, 3), keepdim=True).sqrt())
        x = x.mul_(x.sigmoid()) + F.hardswish(self.mix(x)).exp().add(1).log()
        cells = x.flatten(2)
        x = (F.softplus(cells.transpose(1, 2) @ cells) @ cells.transpose(1, 2)).transpose(1, 2).view(x.shape)
        return self.fc(F.adaptive_max_pool2d(x, 1).flatten(1) + F.elu(x).tanh().mean((2, 3)))


class Attentive(nn.Module):
    """What transformers have: layer and group norm, attention fused and spelled out, a softmax at the end."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.patch, self.qkv, self.norm = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 24), nn.LayerNorm(8)
        self.group, self.fc = nn.GroupNorm(2, 8), nn.Linear(8, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.5 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = self.group(self.patch(x)).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(x)).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        x = x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + ((q @ k.mT) / 2).softmax(-1).matmul(v).transpose(1, 2).flatten(2)
        return self.fc(F.layer_norm(x, (8,)).mean(1)).log_softmax(1).exp()


def ours(module: nn.Module, x: Tensor, baseline: Any, k: int = 2) -> tuple[Tensor, Tensor]:
    """Values and gap, in the module's own precision."""
    model = Model(module, mean=MEAN, std=STD)
    with model.frozen():
        target = ClassLogit(k).pin(model.outputs(x), int)
        found = get_method("deep_lift", baseline=baseline)(model, x, target, Rng.for_images(0, x))
    return found.values, found.extras["completeness_gap"]


ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.ELU, nn.LeakyReLU]
FOLLOWED = [*((one, nn.AvgPool2d) for one in ACTIVATIONS), (nn.Identity, nn.MaxPool2d)]


@pytest.mark.parametrize(("activation", "pool"), FOLLOWED)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")  # captum says what it does
def test_it_equals_captum_where_captum_works(
    activation: Any, pool: Any, dtype: Any, tolerance: float, x: Tensor
) -> None:
    from captum.attr import DeepLift

    net, x = Plain(activation, pool).to(dtype).eval(), x.to(dtype)
    mean, std = (one.to(dtype) for one in NORMALISE)
    baseline = 1 - x.flip(3)
    theirs = DeepLift(net).attribute(((x - mean) / std).requires_grad_(), (baseline - mean) / std, target=2)
    values, gap = ours(net, x, baseline)
    assert relative(values, theirs.detach()) <= tolerance
    assert gap.abs().max() <= 10 * tolerance


def by_hand(net: Plain, x: Tensor, x0: Tensor, k: int) -> Tensor:
    """One image (3,h,w): Tangled's layers one after the other, multipliers handed back by the paper's rules."""
    ends = []
    for image in (x, x0):
        a = net.conv1(((image - NORMALISE[0]) / NORMALISE[1])[None])
        p = F.max_pool2d(a.relu(), 2)
        b = net.conv2(p)
        c = net.fc1(b.relu().flatten(1))
        ends.append([one.detach() for one in (a, p, b, c)])
    (a, p, b, c), (a0, p0, b0, c0) = ends

    def ratio(one: Tensor, other: Tensor) -> Tensor:
        return torch.where(one == other, (one > 0).double(), (one.relu() - other.relu()) / (one - other))

    m = (net.fc2.weight[k] * ratio(c, c0)) @ net.fc1.weight
    m = F.conv_transpose2d(m.view_as(b) * ratio(b, b0), net.conv2.weight, padding=1).detach()
    r, r0, back = a.relu()[0], a0.relu()[0], torch.zeros_like(a[0])
    for d, i, j in np.ndindex(*p.shape[1:]):
        window = (d, slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
        winner = r[window] if p[0, d, i, j] >= p0[0, d, i, j] else r0[window]
        at = d, 2 * i + int(winner.argmax()) // 2, 2 * j + int(winner.argmax()) % 2
        if r[at] != r0[at]:
            back[at] = m[0, d, i, j] * (p[0, d, i, j] - p0[0, d, i, j]) / (r[at] - r0[at])
    m = F.conv_transpose2d(back[None] * ratio(a, a0), net.conv1.weight, padding=1)[0]
    return ((x - x0) * m / NORMALISE[1]).detach()


@pytest.mark.parametrize("net", [Tangled, lambda: Plain(nn.ReLU, nn.MaxPool2d)])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
def test_max_pooling_equals_the_rule_window_by_window(net: Any, dtype: Any, tolerance: float, x: Tensor) -> None:
    other = 1 - x.flip(3)
    values, _ = ours(net().to(dtype), x.to(dtype), other)
    wanted = [by_hand(Plain().double(), *pair, 2) for pair in zip(x.double(), other.double(), strict=True)]
    assert relative(values.double(), torch.stack(wanted)) <= tolerance


@pytest.mark.parametrize("net", [SmallNet, Gated, Attentive, lambda: SmallNet(activation=nn.GELU)])
@pytest.mark.parametrize("baseline", [0.0, "mean", [0.2, "noise"]])
def test_differences_add_up_on_graphs_that_hooks_cannot_follow(net: Any, baseline: Any, x: Tensor) -> None:
    for k in range(4):
        values, gap = ours(net().double(), x.double(), baseline, k)
        assert gap.abs().max() <= 1e-9 * values.abs().sum()


def test_probabilities_add_up_too(small: Model, x: Tensor) -> None:
    found = explain(small, x, "deep_lift", 1, score="probability", precision="float64")
    assert abs(found.extras["completeness_gap"]).max() <= 1e-9 * abs(found.values).sum()


def test_the_gap_tells_where_they_do_not(x: Tensor) -> None:
    class Largest(Gated):
        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.conv(x).amax((2, 3)))

    found = explain(Model(Largest(), mean=MEAN, std=STD), x, "deep_lift", 2)
    assert (abs(found.extras["completeness_gap"]) > 1e-3 * abs(found.values).sum((1, 2, 3))).all()
    assert any("misses the score" in note for note in found.notes)
    assert not explain(Model(Gated(), mean=MEAN, std=STD), x, "deep_lift", 2).notes


def test_a_pair_is_never_parted_by_a_chunk(small: Model, x: Tensor) -> None:
    whole, tight = (explain(small, x, "deep_lift", 1, memory=memory).values for memory in (None, 1))
    np.testing.assert_allclose(whole, tight, rtol=0, atol=1e-6 * abs(whole).max())


def test_a_batch_on_another_axis_is_refused(x: Tensor) -> None:
    class Across(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(x.mean((2, 3)).T).T

    with pytest.raises(Unsupported, match="first axis"):
        explain(Model(Across(), mean=MEAN, std=STD), x, "deep_lift", 1)


def test_differences_add_up_on_the_default_model(default_model: Model, chelsea: np.ndarray) -> None:
    found = explain(default_model, chelsea, "deep_lift", baseline="mean")
    assert abs(found.extras["completeness_gap"][0]) <= 1e-4 * max(1, abs(found.scores[0]))
