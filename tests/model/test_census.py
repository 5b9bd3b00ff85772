from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD, Bright, SmallNet
from seewhy import Model, SeewhyError, explain, predict
from seewhy.model import census as census_of
from seewhy.model.grids import Share
from seewhy.model.layouts import Layout
from seewhy.types import Need


def model(module: nn.Module, size: tuple[int, int] | None = (16, 20), **more: Any) -> Model:
    return Model(module, mean=MEAN, std=STD, size=size, **more)


def test_the_last_maps_are_found_behind_an_in_place_layer() -> None:
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    assert model(net).census().maps == "1"


def test_the_outermost_of_equal_layers_is_named() -> None:
    net = nn.Sequential()
    net.add_module("block", nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    net.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)))
    assert model(net).census().maps == "block"


def test_a_network_without_maps_says_so() -> None:
    flat = model(nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 20, 2)))
    assert flat.census().maps is None and Need.MAPS not in flat.offers
    with pytest.raises(SeewhyError, match="no layer behind the start of this model"):
        flat.layer(None)


class Branched(nn.Module):
    """Two branches of maps, of which the one that ends last is a small part of what the head reads."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.whole = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)
        self.a, self.b = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.side, self.fc = nn.Conv2d(4, 4, 1), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = self.whole(torch.cat([self.a(x), self.b(x)], 1))
        return self.fc(torch.cat([x.mean((2, 3)), self.side(x).amax((2, 3))], 1))


def test_maps_that_the_picture_gets_around_are_not_taken_where_others_are_as_late() -> None:
    assert Model(Branched(), mean=MEAN, std=STD, size=(16, 16)).census().maps == "whole"


class Head(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)
        self.classifier = nn.Conv2d(5, 4, 1)
        self.norm = nn.LayerNorm(5)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).relu()
        if self.how == "mean":
            return self.fc(x.mean((2, 3)))
        if self.how == "mean negative axes":
            return self.fc(x.mean([-1, -2]))
        if self.how == "functional":
            return self.fc(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))
        if self.how == "window":
            return self.fc(nn.functional.avg_pool2d(x, (14, 18)).flatten(1))
        if self.how == "convolution":
            return self.classifier(x.mean((2, 3), keepdim=True)).flatten(1)
        if self.how == "class maps":
            return self.classifier(x).relu().mean((2, 3))
        if self.how == "norm between":
            return self.fc(self.norm(x.mean((2, 3))))
        if self.how == "max":
            return self.fc(x.amax((2, 3)))
        return self.fc(x.mean((2, 3))).softmax(1)


@pytest.mark.parametrize("how", ["mean", "mean negative axes", "functional", "window", "convolution", "class maps"])
def test_pooled_linear_heads_are_found_and_proved(how: str) -> None:
    made = model(Head(how))
    head = made.census().head
    assert head is not None
    x = torch.rand(2, 3, 16, 20)
    with made.frozen(), torch.no_grad():
        maps = made.pooled(x)
        scores = maps.mean((2, 3)) @ head.weight.T + head.bias
        assert torch.allclose(scores, made(x), atol=1e-6)


@pytest.mark.parametrize("how", ["norm between", "max", "softmax"])
def test_other_heads_are_not_taken_for_linear(how: str) -> None:
    assert model(Head(how)).census().head is None


def test_probabilities_are_seen() -> None:
    assert model(Head("softmax")).census().outputs == "probability"
    assert model(Head("mean")).census().outputs == "logit"


@pytest.mark.parametrize(
    ("activation", "offered"), [(nn.ReLU, True), (nn.ReLU6, True), (nn.GELU, False), (nn.SiLU, False)]
)
def test_relu_networks_are_told_from_others(activation: type[nn.Module], offered: bool) -> None:
    assert (Need.RELU in model(SmallNet(activation=activation)).offers) is offered


def test_layers_are_counted_with_their_calls_and_unused_ones() -> None:
    class Reusing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu, self.spare = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True), nn.Linear(1, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.relu(self.conv(self.relu(self.conv(x)))).mean((2, 3))

    census = model(Reusing()).census()
    calls = {layer.name: layer.calls for layer in census.layers}
    assert calls == {"conv": 2, "relu": 2} and census.unused == ("spare",)
    assert [layer.name for layer in census.layers if layer.in_place] == ["relu"]


def test_an_input_size_it_can_not_take_is_said_with_a_hint() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with pytest.raises(SeewhyError, match=r"(?s)fails on an input of shape \(2, 3, 16, 20\).*size=\(height, width\)"):
        model(net).census()


def test_a_model_that_returns_no_scores_is_told_to_use_head() -> None:
    class Dict(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"out": x.mean((2, 3))}

    with pytest.raises(SeewhyError, match="head=lambda"):
        model(Dict()).census()
    assert model(Dict(), head=lambda output: output["out"]).census().output_shape == (3,)


def test_the_probe_leaves_the_module_as_it_was() -> None:
    from contract import assert_same_state, state

    made = model(Bright().train(), size=(32, 40))
    before = state(made)
    made.census()
    assert_same_state(before, state(made))


class Ending(nn.Module):
    def __init__(self, outputs: int, flat: bool = False) -> None:
        super().__init__()
        self.conv, self.fc, self.flat = nn.Conv2d(3, 5, 3), nn.Linear(5, outputs), flat

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(torch.relu(self.conv(x)).mean((2, 3))).sigmoid()
        return y.flatten()[:, None] if self.flat else y


@pytest.mark.parametrize("net", [Ending(1), Ending(1, flat=True), Ending(3)])
def test_a_sigmoid_at_the_end_makes_probabilities(net: nn.Module, x: Tensor) -> None:
    ending = model(net)
    assert ending.census().outputs == "probability"
    found = explain(ending, x, "saliency", 0)
    with ending.frozen():
        p = ending.outputs(x)
    assert predict(ending, x)[0][0].probability == pytest.approx(float(p[0].max()))
    assert found.score == "log_probability" and "log-probability" in found.notes[0]
    np.testing.assert_allclose(found.scores, p[:, 0].log(), rtol=1e-5)


def test_a_sigmoid_inside_makes_none() -> None:
    class Gated(Ending):
        def forward(self, x: Tensor) -> Tensor:
            y = self.conv(x)
            return self.fc((y * y.mean((2, 3), keepdim=True).sigmoid()).mean((2, 3)))

    assert model(Gated(3)).census().outputs == "logit"


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: object, grad: Tensor) -> Tensor:
        return grad * 2


def test_a_function_with_a_backward_of_its_own_is_not_taken_for_a_relu(x: Tensor) -> None:
    class Mixed(Ending):
        def forward(self, x: Tensor) -> Tensor:
            return self.fc(Own.apply(torch.relu(self.conv(x))).mean((2, 3)))

    assert Need.RELU not in model(Mixed(3)).offers
    with pytest.raises(SeewhyError, match="Own of its own, not ReLU"):
        explain(model(Mixed(3)), x, "guided_backprop")


def test_a_head_that_raises_is_told_as_one(x: Tensor) -> None:
    with pytest.raises(SeewhyError, match=r"(?s)head= raised KeyError: 'scores'.*a Tensor"):
        explain(model(Ending(3), head=lambda out: {"a": out}["scores"]), x)


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c", "d"]])
def test_names_that_do_not_fit_the_scores_are_refused(names: list[str], x: Tensor) -> None:
    for call in (explain, predict):
        with pytest.raises(SeewhyError, match=f"{len(names)} class names for 3 scores"):
            call(model(Ending(3), classes=names), x)


def test_maps_that_spread_are_trusted_behind_trusted_ones_on_the_same_cells_and_no_others() -> None:
    def one(
        name: str, locality: float, axes: Literal["first", "tokens"] = "first", cells: tuple[int, int] = (8, 8)
    ) -> census_of.Layer:
        layout = Layout(axes, cells)
        return census_of.Layer(name, "Conv2d", (4, *cells), 1, False, 9, layout, Share(locality))

    def spatial(*layers: census_of.Layer) -> list[str]:
        return census_of._spatial(layers)

    local, spread, chance = one("local", 0.6), one("spread", 0.29), one("chance", 0.26)
    assert spatial(local, spread, chance) == ["local", "spread"]  # of 8x8 cells a quarter is chance
    assert spatial(spread, local) == ["local"]  # what is trusted has to come before
    assert spatial(local, one("other", 0.29, cells=(16, 16))) == ["local"]
    assert spatial(one("tokens", 0.6, "tokens"), one("more", 0.29, "tokens")) == ["tokens"]  # these may be shuffled
