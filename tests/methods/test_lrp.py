"""LRP against zennit and captum where these are right, and what it says of itself.

zennit 0.5.1 merges batch norms without their epsilon (its explanation is that of a slightly other network), and divides
by averages and sums plus a stabiliser, where these hand down their relevance exactly: both are made nothing here.
captum 0.9.0 leaves biases out of the gamma and alpha-beta rules, and takes no output below zero for what it is.
"""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import direct, relative
from conftest import MEAN, STD, SmallNet
from contract import assert_same_state, state
from seewhy import Contrast, Model, compare, explain, load
from seewhy.errors import SeewhyError, Unsupported
from seewhy.model.relevance import PRESETS
from seewhy.model.relevance.passes import relevance
from seewhy.model.relevance.rules import SCHEME
from seewhy.targets import ClassLogit

TINY = 1e-12
EXACT = 1e-8  # what TINY leaves
CLASSES = 5


def stirred(net: nn.Module, seed: int = 1) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    for p in net.parameters():
        p.requires_grad_(False).copy_(torch.randn(p.shape, generator=generator) * p.numel() ** -0.25)
    for one in net.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.eps = 1e-12
            one.running_mean.copy_(0.2 * torch.randn(one.num_features, generator=generator))
            one.running_var.copy_(0.5 + torch.rand(one.num_features, generator=generator))
    return net.double().eval()


def plain() -> nn.Module:
    """As a VGG, with batch norms; each module used once."""
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()),
        *(nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 10), nn.ReLU(), nn.Dropout(), nn.Linear(10, CLASSES)),
    )


def residual() -> nn.Module:
    from torchvision.models.resnet import BasicBlock, ResNet

    made = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=CLASSES)
    return made


def zennit(net: nn.Module, x: Tensor, rule: str, k: int) -> Tensor:
    from zennit import composites
    from zennit.attribution import Gradient
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.layer import Sum
    from zennit.rules import Epsilon, Norm
    from zennit.torchvision import ResNetCanonizer
    from zennit.types import AvgPool, Convolution
    from zennit.types import Linear as AnyLinear

    canonizers = [ResNetCanonizer() if hasattr(net, "layer1") else SequentialMergeBatchNorm()]
    exact = [(AvgPool, Norm(stabilizer=TINY)), (Sum, Norm(stabilizer=TINY))]
    low, high = (normalised(torch.full((1, 3, 1, 1), limit).double()) for limit in (0.0, 1.0))
    bounds = {"low": low, "high": high}
    if rule in ("epsilon", "gamma", "attnlrp"):
        from zennit.rules import Gamma

        epsilon, gamma = Epsilon(epsilon=TINY), Gamma(gamma=0.25, stabilizer=TINY)
        convolution = epsilon if rule == "epsilon" else gamma
        linear = Gamma(gamma=0.05, stabilizer=TINY) if rule == "attnlrp" else convolution
        made = composites.LayerMapComposite(
            [*exact, *composites.layer_map_base(TINY), (Convolution, convolution), (AnyLinear, linear)],
            canonizers=canonizers,
        )
    else:
        kind = {
            "epsilon_plus": composites.EpsilonPlus,
            "epsilon_plus_flat": composites.EpsilonPlusFlat,
            "epsilon_gamma_box": composites.EpsilonGammaBox,
            "alpha2_beta1": composites.EpsilonAlpha2Beta1,
        }[rule]
        more = bounds if rule == "epsilon_gamma_box" else {}
        made = kind(epsilon=TINY, stabilizer=TINY, layer_map=exact, canonizers=canonizers, **more)
    chosen = torch.eye(CLASSES).double()[[k] * len(x)]
    with Gradient(copy.deepcopy(net).requires_grad_(True), made) as attributor:
        return attributor(x, lambda outputs: chosen * outputs)[1].detach()


def normalised(x: Tensor) -> Tensor:
    mean, std = (torch.tensor(one, dtype=x.dtype)[:, None, None] for one in (MEAN, STD))
    return (x - mean) / std


@pytest.mark.parametrize("rule", PRESETS)
@pytest.mark.parametrize("made", [plain, residual])
def test_it_equals_zennit(made: Any, rule: str) -> None:
    net = stirred(made())
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)).double()
    model = Model(net, mean=MEAN, std=STD)
    for k in (0, 3):
        found = direct("lrp", model, x, k, rule=rule, epsilon=TINY)
        assert relative(found.values, zennit(net, normalised(x), rule, k)) <= EXACT
        assert (found.extras["conservation_error"] <= 1e-12).all()


@pytest.mark.parametrize("rule", ["epsilon", "gamma", "plus"])
@pytest.mark.filterwarnings("ignore::UserWarning:captum")  # it sets requires_grad on its inputs
def test_it_equals_captum_where_captum_works(rule: str) -> None:
    from captum.attr import LRP
    from captum.attr._utils import lrp_rules

    net = nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 10, 16), nn.ReLU(), nn.Conv2d(10, CLASSES, 1)),
    )
    net = stirred(net)
    for one in net:
        if isinstance(one, nn.Conv2d) and rule != "epsilon":
            one.bias.zero_()
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(2)).double()
    k = int(net(x).flatten().argmax())
    own = {"epsilon": lambda: lrp_rules.EpsilonRule(TINY), "gamma": lrp_rules.GammaRule}
    peer = copy.deepcopy(net).requires_grad_(True)
    for one in peer:
        if isinstance(one, nn.Conv2d):
            one.rule = own.get(rule, lrp_rules.Alpha1_Beta0_Rule)()
    theirs = LRP(peer).attribute(x, target=(k, 0, 0))
    asked: Any = rule
    preset = replace(PRESETS["epsilon"], convolution=asked, epsilon=TINY)
    model = Model(net, mean=(0.0,) * 3, std=(1.0,) * 3, head=lambda out: out.flatten(1))
    target = ClassLogit(k).pin(torch.zeros(1, CLASSES), int)
    with model.frozen():
        found = relevance(model, x, [target], preset, torch.arange(1))
    assert relative(found.values[0], theirs.detach()) <= 1e-5  # captum adds a stabiliser of its own


def test_what_it_keeps_is_told_and_adds_up(small: Model, x: Tensor) -> None:
    for rule in PRESETS:
        found = explain(small, x, "lrp", 1, rule=rule)
        kept = sum(found.extras[f"absorbed_by_{sink}"] for sink in ("bias", "stabiliser", "softmax", "offset"))
        total = found.values.astype(float).sum((1, 2, 3)) + kept
        np.testing.assert_allclose(total, found.scores, rtol=1e-5)
        np.testing.assert_allclose(found.extras["absorbed"], kept / found.scores, rtol=1e-4)
        assert (found.extras["conservation_error"] < 1e-5).all() and abs(kept).max() > 0
    bare = copy.deepcopy(small.module)
    for one in bare.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.running_mean.zero_()
        if getattr(one, "bias", None) is not None:
            one.bias.data.zero_()
    found = explain(Model(bare, mean=MEAN, std=STD), x, "lrp", 1, rule="epsilon")
    np.testing.assert_allclose(found.values.astype(float).sum((1, 2, 3)), found.scores, rtol=1e-4)


class Sequence(nn.Module):
    """Tokens come first and images second, so that what images keep lies mixed; and a batch norm over tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm, self.fc = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8), nn.Linear(8, 4)
        self.attention = nn.MultiheadAttention(8, 2)
        generator = torch.Generator().manual_seed(3)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.5 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).permute(2, 0, 1)
        y = self.norm(x)
        x = x + self.attention(y, y, y)[0]
        return self.fc(F.gelu(x).mean(0))


def test_images_that_lie_mixed_are_taken_one_by_one(x: Tensor) -> None:
    model = Model(Sequence(), mean=MEAN, std=STD)
    both = explain(model, x, "lrp", 1)
    assert "the rule is 'attnlrp'" in both.notes and (both.extras["conservation_error"] < 1e-5).all()
    for i in range(2):
        alone = explain(model, x[i : i + 1], "lrp", 1)
        np.testing.assert_allclose(both.values[i], alone.values[0], rtol=0, atol=1e-6 * abs(alone.values).max())
        for name, extra in alone.extras.items():
            np.testing.assert_allclose(both.extras[name][i], extra[0], rtol=1e-3, atol=1e-6)


def test_other_scores_are_handed_down_as_well(small: Model, x: Tensor) -> None:
    one, other = (explain(small, x, "lrp", k) for k in (1, 2))
    both = explain(small, x, "lrp", Contrast(1, 2))
    wanted = one.values - other.values
    np.testing.assert_allclose(both.values, wanted, atol=1e-4 * abs(wanted).max())
    for score in ("probability", "log_probability"):
        found = explain(small, x, "lrp", 1, score=score)
        assert (found.extras["conservation_error"] < 1e-5).all() and abs(found.extras["absorbed_by_softmax"]).min() > 0
    squared = explain(small, x, "lrp", lambda outputs: outputs[:, 0] * outputs[:, 1])
    assert (squared.extras["conservation_error"] < 1e-5).all()


def test_where_float32_is_not_enough_float64_is_taken(x: Tensor) -> None:
    class Cancelling(SmallNet):
        """float32 rounds its scores to multiples of 1/32."""

        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) + 3e5 - 3e5

    net = Cancelling()
    found = explain(Model(net, mean=MEAN, std=STD), x, "lrp", 1, rule="epsilon")
    exact = explain(Model(net, mean=MEAN, std=STD), x, "lrp", 1, rule="epsilon", precision="float64")
    assert found.notes == ("computed in float64: in float32 the map misses the score",) and not exact.notes
    assert (found.extras["conservation_error"] < 1e-9).all()
    np.testing.assert_allclose(found.values, exact.values, atol=1e-6 * abs(exact.values).max())


def test_what_breaks_the_sum_is_refused(small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def leaking(_run: Any, function: Any, x: Tensor, *args: Any) -> Tensor:
        return function(x, *args) + 0.01 * (x.sum() - x.sum().detach())

    broken = replace(SCHEME, table={**SCHEME.table, "mean": leaking})
    monkeypatch.setattr("seewhy.model.relevance.traced.SCHEME", broken)
    with pytest.raises(Unsupported, match="misses the score"):
        explain(small, x, "lrp", 1)


def test_a_network_whose_functions_do_not_show_is_refused(x: Tensor) -> None:
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x

        @staticmethod
        def backward(ctx: Any, c: Tensor) -> Tensor:
            return 2 * c

    class Hidden(SmallNet):
        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.bn1(self.conv1(x)))
            return self.fc(torch.relu(self.conv3(Own.apply(x))).mean((2, 3)))

    with pytest.raises(SeewhyError, match=r"don't show|of its own"):
        explain(Model(Hidden(), mean=MEAN, std=STD), x, "lrp", 1)


def test_pixels_that_are_changed_before_the_first_layer_have_no_box(small: Model, x: Tensor) -> None:
    class Scaled(SmallNet):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x * 2)

    model = Model(Scaled(), mean=MEAN, std=STD)
    assert "the rule is 'gamma'" in explain(model, x, "lrp", 1).notes
    assert "the rule is 'epsilon_gamma_box'" in explain(small, x, "lrp", 1).notes
    before = state(model)
    with pytest.raises(SeewhyError, match="rule of its own for the first layer"):
        explain(model, x, "lrp", 1, rule="epsilon_plus_flat")
    assert_same_state(before, state(model))


def test_it_shares_its_forward_with_the_call(small: Model, x: Tensor) -> None:
    explain(small, x, "lrp", 0)
    for targets in ([1], [1, 2, 3]):
        for one in compare(small, x, ["lrp"], targets)["lrp"]:
            assert (one.passes.forward, one.passes.backward) == (2, 2)
    tight = explain(small, x, "lrp", 1, memory=1)
    whole = explain(small, x, "lrp", 1)
    np.testing.assert_allclose(tight.values, whole.values, rtol=0, atol=1e-6 * abs(whole.values).max())


def test_of_the_default_model_most_goes_to_biases_and_that_is_said(chelsea: np.ndarray) -> None:
    found = explain(load("default"), chelsea, "lrp")
    assert found.notes[0] == "the rule is 'epsilon_gamma_box'" and "keep 99% of the score" in found.notes[1]
    assert found.extras["conservation_error"][0] < 1e-5


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "convnext_atto", "deit_tiny_distilled_patch16_224"])
def test_networks_where_others_fail_are_conserved(name: str) -> None:
    """zennit 0.5.1 returns NaN for the first and 1e-7 of the score for the second; captum 0.9.0 refuses both."""
    model = load(f"timm:{name}", weights="random")
    x = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    found = explain(model, x, "lrp", 1)
    assert found.extras["conservation_error"][0] < 1e-4
