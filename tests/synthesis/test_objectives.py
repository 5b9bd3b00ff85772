"""Objectives against lucent's on the same activations, torchmetrics' total variation, and by hand."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from lucent.optvis import objectives as lucents
from torch import Tensor, nn
from torchmetrics.functional.image import total_variation as metrics_tv

from attentive import TinyViT
from conftest import MEAN, STD, SmallNet
from seewhy import Model, black_box
from seewhy.errors import BadInput, BadOption, SeewhyError, UnknownName, Unsupported
from seewhy.synthesis import objectives as of
from seewhy.synthesis.looking import Eye, Look, eye
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.penalties import blurred


@pytest.fixture
def maps() -> Tensor:
    return torch.randn(4, 6, 5, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def pictures() -> Tensor:
    return torch.rand(4, 3, 16, 20, generator=torch.Generator().manual_seed(1))


class Known(Eye):
    """An eye that knows the shapes of the maps in the test."""

    def __init__(self) -> None:
        object.__setattr__(self, "model", Model(SmallNet(), mean=MEAN, std=STD))

    def layer(self, name: str) -> str:
        return name

    def shape(self, layer: str) -> tuple[int, int, int]:
        return 6, 5, 8

    def proved(self, layer: str) -> bool:
        return True


def value(one: Objective, pictures: Tensor, maps: Tensor) -> Tensor:
    return one.bound(Known(), (16, 20)).values(Look(pictures, {"l": maps, "m": maps.flip(1)}))


def lucent(one: Any, pictures: Tensor, maps: Tensor) -> float:
    """Its loss is minimised: minus what ours is, of the mean of a batch."""
    return -float(one(lambda name: {"input": pictures, "l": maps, "m": maps.flip(1)}[name]))


def test_channels_and_neurons_are_lucents_and_the_middle_is_the_right_way_round(pictures: Tensor, maps: Tensor) -> None:
    assert float(value(of.channel("l", 2), pictures, maps).mean()) == pytest.approx(
        lucent(lucents.channel("l", 2), pictures, maps)
    )
    wanted = lucent(lucents.neuron("l", 2, x=7, y=3), pictures, maps)  # its own middle has rows and columns swapped
    assert float(value(of.neuron("l", 2, 3, 7), pictures, maps).mean()) == pytest.approx(wanted)
    torch.testing.assert_close(value(of.neuron("l", 2), pictures, maps), maps[:, 2, 2, 4])


def test_directions_are_lucents(pictures: Tensor, maps: Tensor) -> None:
    vector = torch.arange(6.0) - 2
    for own, other in (
        (of.direction("l", vector), lucents.direction("l", vector)),
        (of.direction_neuron("l", vector.numpy(), 1, 6), lucents.direction_neuron("l", vector, x=6, y=1)),
    ):
        assert float(value(own, pictures, maps).mean()) == pytest.approx(lucent(other, pictures, maps), abs=1e-6)


def test_weights_of_channels_are_lucents(pictures: Tensor, maps: Tensor) -> None:
    weights = torch.arange(6.0) - 2
    for own, other in (
        (of.weighted("l", weights), lucents.channel_weight("l", weights)),
        (of.weighted_neuron("l", weights.numpy(), 1, 6), lucents.neuron_weight("l", weights, x=6, y=1)),
        (
            of.weighted_neuron("l", weights, 1, 5, rows=2, columns=3),
            lucents.localgroup_weight("l", weights, x=5, y=1, wx=3, wy=2),
        ),
    ):
        assert float(value(own, pictures, maps).mean()) == pytest.approx(lucent(other, pictures, maps), abs=1e-6)
    middle = value(of.weighted_neuron("l", weights), pictures, maps)
    torch.testing.assert_close(middle, (maps[:, :, 2, 4] * weights).mean(1))


def test_objectives_between_pictures_are_lucents(pictures: Tensor, maps: Tensor) -> None:
    for own, other, sign in (
        (of.alignment("l"), lucents.alignment("l"), 1),
        (of.alignment("l", 3.0), lucents.alignment("l", 3.0), 1),
        (of.interpolation("l", 1, "m", 4), lucents.channel_interpolate("l", 1, "m", 4), 1),
        (of.diversity("l"), lucents.diversity("l"), -1),  # which is subtracted there
    ):
        found = float(value(own, pictures, maps).sum())
        assert found == pytest.approx(sign * lucent(other, pictures, maps), rel=1e-5)


def test_blurring_is_lucents(pictures: Tensor) -> None:
    other = lucents.blur_input_each_step()(lambda _name: pictures)
    own = value(of.blur(), pictures, torch.zeros(4, 6, 5, 8))
    assert float(own.sum()) == pytest.approx(-float(other), rel=1e-5)
    x = pictures.clone().requires_grad_()
    (grad,) = torch.autograd.grad(value(0.3 * of.blur(), x, torch.zeros(4, 6, 5, 8)).sum(), x)
    torch.testing.assert_close(pictures - grad, 0.7 * pictures + 0.3 * blurred(pictures))


def test_total_variation_is_torchmetrics(pictures: Tensor) -> None:
    own = value(of.total_variation(), pictures, torch.zeros(4, 6, 5, 8))
    torch.testing.assert_close(own, metrics_tv(pictures, reduction="none"))


def test_the_others_by_hand(pictures: Tensor, maps: Tensor) -> None:
    def near(one: Objective, wanted: Tensor) -> None:
        torch.testing.assert_close(value(one, pictures, maps), wanted)

    near(of.deepdream("l"), maps.pow(2).flatten(1).mean(1))
    near(of.l1(0.25), (pictures - 0.25).abs().flatten(1).sum(1))
    near(of.l2(), pictures.flatten(1).norm(dim=1))


def test_they_add_subtract_and_scale(pictures: Tensor, maps: Tensor) -> None:
    one, other = of.channel("l", 0), of.total_variation()
    a, b = value(one, pictures, maps), value(other, pictures, maps)
    torch.testing.assert_close(value(one + 0.5 * other, pictures, maps), a + b / 2)
    torch.testing.assert_close(value(-one * 3 - other / 4, pictures, maps), -3 * a - b / 4)
    made = one + 0.5 * other
    assert one.terms == of.Objective(one.terms).terms and len(made.terms) == 2, "the parts stay as they were"
    with pytest.raises(BadOption, match="divided by 0"):
        one / 0
    with pytest.raises(TypeError):
        one + 1  # type: ignore[operator]  # a number is no objective
    with pytest.raises(BadOption, match="factor"):
        one * "x"  # type: ignore[operator]  # nor is a text a factor


class TestOnNetworks:
    @pytest.fixture
    def look(self, small: Model) -> Eye:
        return eye(small, (16, 20))

    def test_a_layer_is_what_the_network_returns(self, small: Model, look: Eye, x: Tensor) -> None:
        with small.frozen():
            one = of.channel("conv3", 5).bound(look, (16, 20))
            seen = look.look(x, one.reads)
            (wanted,) = small.maps(x, ["conv3"])
            torch.testing.assert_close(one.values(seen), wanted[:, 5].mean((1, 2)))
            logit = of.logit("c").bound(look, (16, 20))
            torch.testing.assert_close(logit.values(look.look(x, logit.reads)), small(x)[:, 2])

    def test_photos_are_compared_at_the_layer(self, small: Model, look: Eye, x: Tensor) -> None:
        photo = x[1:]
        with small.frozen():
            (own,) = small.maps(x, ["conv2"])
            for one, wanted in (
                (of.style("conv2", photo), lambda a, b: -(a @ a.mT - b @ b.mT).abs().mean((1, 2)) / a.shape[2]),
                (
                    of.caricature("conv2", photo, 2),
                    lambda a, b: ((a * b).sum(1) * F.cosine_similarity(a, b).clamp_min(0.1) ** 2).mean(1),
                ),
            ):
                bound = one.bound(look, (16, 20))
                flat = own.flatten(2)
                found = bound.values(look.look(x, bound.reads))
                torch.testing.assert_close(found, wanted(flat, flat[1:].expand(2, -1, -1)), atol=1e-5, rtol=1e-4)
            near = of.difference(photo).bound(look, (16, 20)).values(Look(x))
            torch.testing.assert_close(near, (x - photo).square().mean((1, 2, 3)).sqrt(), atol=2e-6, rtol=1e-4)

    def test_tokens_are_cells(self, x: Tensor) -> None:
        net = TinyViT(others=3)
        model = Model(net, mean=MEAN, std=STD, size=(16, 20))
        with model.frozen():
            look = eye(model, (16, 20))
            (tokens,) = model.read(x, ["blocks.1"])
            one, cell = (made.bound(look, (16, 20)) for made in (of.channel("blocks.1", 2), of.neuron("blocks.1", 2)))
            seen = look.look(x, one.reads)
            torch.testing.assert_close(one.values(seen), tokens[:, 3:, 2].mean(1))
            torch.testing.assert_close(cell.values(seen), tokens[:, 3 + 2 * 5 + 2, 2])

    def test_what_is_not_there_is_refused(self, small: Model, look: Eye) -> None:
        with small.frozen():
            for wrong, said, kind in (
                (of.channel("conv9", 0), "no layer is named 'conv9'", UnknownName),
                (of.channel("conv1", 6), "channel 6 of layer 'conv1', which has 6", BadOption),
                (of.neuron("conv1", 0, 16, 0), "cell 16,0", BadOption),
                (of.logit("zebra"), "no class is called", UnknownName),
                (of.logit(4), "class 4 of 4", BadOption),
                (of.direction("conv1", np.zeros(6)), "a vector", BadOption),
                (of.direction("conv1", np.ones(5)), "a vector of shape", BadOption),
                (of.weighted("conv1", np.ones(7)), "a vector of shape", BadOption),
                (of.weighted_neuron("conv1", np.ones(6), 0, 0, rows=99), "cells up to row 98", BadOption),
                (of.style("conv1", "nowhere.jpg"), "no such file", SeewhyError),
                (of.deepdream(""), "no layer is named", UnknownName),
            ):
                with pytest.raises(kind, match=said):
                    wrong.bound(look, (16, 20))
        with pytest.raises(BadOption, match="give both"):
            of.neuron("conv1", 0, row=3)
        with pytest.raises(BadOption, match="channel is -1"):
            of.channel("conv1", -1)

    def test_black_boxes_and_layers_without_channels_are_refused(self, x: Tensor) -> None:
        with pytest.raises(Unsupported, match="nothing can be optimised through"):
            eye(black_box(lambda pictures: np.zeros((len(pictures), 3)), input="float", size=(16, 20)), (16, 20))

    def test_a_fixed_network_is_shown_its_own_size(self) -> None:
        rows = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.Flatten(), nn.Linear(80, 3))
        model = Model(rows, mean=MEAN, std=STD, size=(16, 20))
        with model.frozen():
            assert eye(model, (40, 40)).resized and eye(model, (40, 40)).size == (16, 20)
            assert not eye(model, (8, 10)).resized
        free = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
        with free.frozen():
            assert eye(free, (40, 44)).size == (40, 44) and eye(free, (12, 12)).size == (20, 20)
            assert eye(free, (12, 12), enlarge=False).size == (12, 12)


def test_cells_without_a_place_are_refused() -> None:
    class Nowhere(Known):
        def proved(self, layer: str) -> bool:
            return False

    with pytest.raises(BadInput, match="no place"):
        of.neuron("l", 0, 1, 1).bound(Nowhere(), (16, 20))
