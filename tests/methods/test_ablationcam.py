"""Ablation-CAM beside the paper's formula; grad-cam departs from it on negative maps and negative scores."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from pytorch_grad_cam import AblationCAM
from torch import Tensor, nn

from comparing import in_float64, part_of, relative
from conftest import MEAN, STD, SmallNet
from peers import for_peer, grad_cam, maps_of, shown
from seewhy import Model, SeewhyError, explain
from seewhy.model.recorded import Recorded

TARGETS = [1, 3]


def reference(net: nn.Sequential, layer: str, x: Tensor, targets: Any, read: Any = lambda y: y) -> Tensor:
    """One forward an image and channel."""
    maps = maps_of(net, layer, x)
    found = torch.zeros_like(maps[:, :1])
    for i, index in enumerate(targets):
        y = read(net(x[i : i + 1]))[0, index]
        for k in range(maps.shape[1]):
            variant = maps[i : i + 1].clone()
            variant[:, k] = 0
            handle = net[1].get_submodule(layer).register_forward_hook(lambda *_, v=variant: v)
            lost = y - read(net(x[i : i + 1]))[0, index]
            handle.remove()
            found[i, 0] += (lost / y.abs()).detach() * maps[i, k]
    return found


@pytest.mark.parametrize("layer", ["act3", "act2", "bn2"])  # bn2: negative maps
@pytest.mark.parametrize("score", ["logit", "probability"])
def test_it_is_the_papers_formula(layer: str, score: Any, small: Model, x: Tensor) -> None:
    found = in_float64("ablationcam", small, x, TARGETS, layer=layer, score=score).values
    read = (lambda y: y.softmax(1)) if score == "probability" else (lambda y: y)
    assert relative(found, reference(for_peer(small, torch.float64), layer, x.double(), TARGETS, read)) < 1e-9


@pytest.mark.parametrize("target", [[1, 3], "contrast"])
@pytest.mark.parametrize("score", ["logit", "probability"])
def test_the_closed_form_before_a_pooled_head_is_the_general_path(
    target: Any, score: Any, small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seewhy.targets import Contrast

    target = Contrast(1, 2) if target == "contrast" else target
    closed = in_float64("ablationcam", small, x, target, score=score).values
    monkeypatch.setattr(Recorded, "pooled", lambda *_: False)
    assert relative(closed, in_float64("ablationcam", small, x, target, score=score).values) < 1e-9


@pytest.mark.engine
def test_the_closed_form_is_weight_times_mean_and_takes_no_forward(small: Model, x: Tensor) -> None:
    made = explain(small, x, "ablationcam", TARGETS)
    assert made.passes.forward == len(x) and made.passes.backward == 0
    net = for_peer(small, torch.float64)
    maps, y = maps_of(net, "act3", x.double()), net(x.double())[range(2), TARGETS]
    weights = net[1].fc.weight[TARGETS] * maps.mean((2, 3)) / y.abs()[:, None]
    assert relative(made.values, torch.einsum("bd,bdrq->brq", weights, maps)[:, None]) < 1e-5


def test_a_layer_that_does_not_feed_the_head_takes_the_general_path(small: Model, x: Tensor) -> None:
    made = explain(small, x, "ablationcam", TARGETS, layer="bn3")  # as many channels as the head has, before its ReLU
    assert made.passes.forward == 2 + 8 * 2


def test_dead_channels_cost_nothing_and_weigh_nothing(x: Tensor) -> None:
    net = SmallNet()
    with torch.no_grad():
        net.bn1.weight[:4], net.bn1.bias[:4] = 0, -1  # four of six channels die in the ReLU behind
    model = Model(net, mean=MEAN, std=STD, size=(16, 20))
    made = explain(model, x, "ablationcam", TARGETS, layer="pool")
    assert made.passes.forward == 2 + 2 * 2
    assert relative(made.values, reference(for_peer(model), "pool", x, TARGETS)) < 1e-5
    with torch.no_grad():
        net.bn1.weight[:], net.bn1.bias[:] = 0, -1
    dead = explain(model, x, "ablationcam", TARGETS, layer="pool")
    assert not dead.values.any() and dead.passes.forward == 2 and dead.blank == (True, True)


def test_a_negative_score_does_not_turn_the_map_over(small: Model, x: Tensor) -> None:
    before = explain(small, x, "ablationcam", 1, layer="act2")
    with torch.no_grad():
        small.module.fc.bias -= 100  # every channel adds to the score what it added before
    after = explain(small, x, "ablationcam", 1, layer="act2")
    assert (after.scores < 0).all() and (before.values * after.values > 0).all()


@pytest.mark.parametrize("layer", ["act3", "act2"])
def test_it_is_grad_cams_where_maps_and_scores_are_positive(layer: str, small: Model, x: Tensor) -> None:
    """grad-cam divides by y and, where a map's minimum is not zero, sets channels far below it, not to zero."""
    with torch.no_grad():
        small.module.fc.bias += 20
    net = for_peer(small)
    assert (net(x) > 0).all() and (maps_of(net, layer, x).amin((1, 2, 3)) == 0).all()
    wanted = grad_cam(AblationCAM, small, x, [layer], TARGETS)
    values = explain(small, x, "ablationcam", TARGETS, layer=layer).values
    assert relative(shown(values, x.shape[2:]), wanted) < 1e-5


def test_it_is_the_papers_formula_on_the_default_model(default_model: Model, chelsea: Any) -> None:
    x = part_of(chelsea, default_model)
    found = explain(default_model, x, "ablationcam", 281, layer="blocks.0").values
    assert relative(found, reference(for_peer(default_model), "blocks.0", x, [281])) < 1e-5


def test_a_layer_that_runs_twice_is_refused() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.conv(self.conv(x).relu()).tanh().mean((2, 3)))

    model = Model(Twice(), mean=MEAN, std=STD, size=(8, 8))
    with pytest.raises(SeewhyError, match="runs several times"):
        explain(model, torch.rand(1, 3, 8, 8), "ablationcam", 0, layer="conv")


@pytest.mark.engine
def test_it_says_how_much_of_the_network_runs_for_a_channel(small: Model, x: Tensor) -> None:
    found = explain(small, x, "ablationcam", 1, layer="act2")
    assert found.notes == ("each channel of 'act2' is ablated by the network from 'act2' on",)
    plain = explain(replace(small, fast=False), x, "ablationcam", 1, layer="act2")
    assert plain.notes == ("each channel of 'act2' is ablated by the whole network",)
    assert relative(found.values, plain.values) < 1e-5
    assert explain(small, x, "ablationcam", 1, layer="act3").notes == (), "a closed form"
