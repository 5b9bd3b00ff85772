"""zennit and captum for layer-wise relevance propagation: the same rules, given the normalised input."""

from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import tiny
from benchmarks.answers import but_for_kinks
from benchmarks.row import Call, Case, Gate, Peer, Setting, WrongAnswer

ADDS_UP = 1e-5
FROZEN, LEARNING = Setting("frozen"), Setting("not frozen", frozen=False)


def zennit(rule: str, target: float) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        from zennit import composites
        from zennit.attribution import Gradient

        normalise, net = case.copy(setting, inplace=False)
        x, low, high = (normalise(one) for one in (case.x, torch.zeros_like(case.x[:1]), torch.ones_like(case.x[:1])))
        kind = {"epsilon_plus": "EpsilonPlus", "epsilon_gamma_box": "EpsilonGammaBox"}[rule]
        more = {"low": low, "high": high} if rule == "epsilon_gamma_box" else {}
        made = getattr(composites, kind)(canonizers=_canonizers(), **more)
        chosen = torch.eye(_width(case), device=x.device)[case.classes]

        def call() -> Tensor:
            with Gradient(net, made) as attributor:
                return attributor(x, lambda outputs: chosen * outputs)[1].detach()

        return call

    return Peer("zennit", "zennit", target, make, _conserved, (FROZEN, LEARNING))


def captum(target: float) -> Peer:
    """Its default rule, epsilon; it has none for sums of two modules."""

    def make(case: Case, setting: Setting) -> Call:
        from captum.attr import LRP

        normalise, net = case.copy(setting, inplace=False)
        peer, x, classes = LRP(net), normalise(case.x), torch.tensor(case.classes, device=case.x.device)
        return lambda: peer.attribute(x.clone().requires_grad_(), target=classes).detach()

    return Peer("captum", "captum", target, make, _conserved, (FROZEN, LEARNING))


def _conserved(case: Case, ours: Any, theirs: Any) -> Gate:
    """The same maps; and with what constants kept, ours adds up to the score. A tie of a max pooling that rounding
    decides moves relevance by a pixel or two, so that the largest difference is no measure."""
    error = float(ours.extras["conservation_error"].max())
    if not error <= ADDS_UP:
        raise WrongAnswer(f"ours misses the score by {error:.1e} of it")
    return but_for_kinks(case, ours, theirs)


def _width(case: Case) -> int:
    return case.model.census(case.x).output_shape[0]


def _canonizers() -> list[Any]:
    """What makes sums and means of a residual network into modules: torchvision's, by zennit; the tiny stand-in's."""
    from zennit.canonizers import AttributeCanonizer
    from zennit.layer import Sum
    from zennit.torchvision import ResNetCanonizer

    def attributes(_name: str, module: Any) -> dict[str, Any] | None:
        if isinstance(module, tiny.Block):
            return {"forward": _summed.__get__(module), "canonizer_sum": Sum()}
        if isinstance(module, tiny.Residual):
            return {"forward": _pooled.__get__(module), "pool": nn.AdaptiveAvgPool2d(1)}
        return None

    return [ResNetCanonizer(), AttributeCanonizer(attributes)]


def _summed(block: Any, x: Tensor) -> Tensor:
    own = block.conv2(block.act1(block.bn1(block.conv1(x))))
    found: Tensor = block.act2(block.canonizer_sum(torch.stack([x, own], dim=-1)))
    return found


def _pooled(net: Any, x: Tensor) -> Tensor:
    found: Tensor = net.fc(net.pool(net.layer4(net.layer3(net.stem(x)))).flatten(1))
    return found
