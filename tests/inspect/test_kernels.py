"""Kernels and their picture against the layer's own weights."""

import time
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError
from seewhy.render.colors import DIVERGING, table

look = seewhy.inspect.kernels


class Patches(nn.Module):
    """A ViT's patches by a linear layer, colours first or last in each; then maps and a linear layer on all of them."""

    def __init__(self, order: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.order = order
        self.embed = nn.Linear(3 * 4 * 4, 6)
        self.conv = nn.Conv2d(6, 5, (2, 3))
        self.groups = nn.Conv2d(5, 10, 1, groups=5)
        self.up = nn.ConvTranspose2d(10, 4, 2)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 4 * 4, 7)
        self.last = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.unflatten(2, (-1, 4)).unflatten(4, (-1, 4)).permute(*self.axes).flatten(3)  # (b,r,q,d)
        x = self.conv(self.embed(tokens).permute(0, 3, 1, 2))
        x = self.norm(self.up(self.groups(x)))
        return self.last(self.fc(x.flatten(1)).relu())

    @property
    def axes(self) -> tuple[int, ...]:
        return (0, 2, 4, 1, 3, 5) if self.order == "c p q" else (0, 2, 4, 3, 5, 1)


def patches(order: str = "c p q") -> Model:
    return Model(Patches(order), mean=MEAN, std=STD, size=(16, 20))


def sheet(found: Any, **options: Any) -> NDArray[np.uint8]:
    figure = found.figure(**options)
    (tiles,) = [ax for ax in figure.axes if ax.get_label() == "tiles"]
    (image,) = tiles.images
    assert len(figure.axes) == 2
    return np.asarray(image.get_array())


def test_the_weights_are_the_layers_own_and_the_first_is_asked_for_by_none() -> None:
    net = SmallNet()
    found = look(Model(net, mean=MEAN, std=STD, size=(16, 20)))
    np.testing.assert_array_equal(found.weights, net.conv1.weight.detach().numpy())
    assert (found.layer, found.kind, found.of, found.colour, found.tiles) == ("conv1", "Conv2d", (6, 3), True, 6)
    some = look(Model(net, mean=MEAN, std=STD, size=(16, 20)), net.conv2, filters=[4, 0], inputs=range(1, 3))
    np.testing.assert_array_equal(some.weights, net.conv2.weight.detach().numpy()[[4, 0]][:, 1:3])
    assert (some.filters, some.inputs, some.colour, some.tiles) == ((4, 0), (1, 2), False, 4)


def test_zero_is_white_and_one_scale_holds_for_all_tiles_and_pages() -> None:
    net = SmallNet()
    with torch.no_grad():
        net.conv2.weight[0, 0] = 0
        net.conv2.weight[5, 5, 2, 2] = -9.0
    found = look(Model(net, mean=MEAN, std=STD, size=(16, 20)), "conv2")
    colors, whole = table(DIVERGING), sheet(found)
    assert whole.shape == (6 * 4 + 1, 6 * 4 + 1, 3)
    for filter_ in range(6):
        for input_ in range(6):
            tile = whole[1 + 4 * filter_ :, 1 + 4 * input_ :][:3, :3]
            rows = np.rint(128 + 127 * found.weights[filter_, input_] / 9).astype(int)
            np.testing.assert_array_equal(tile, colors[rows])
    assert (whole[1:4, 1:4] == 255).all() and (whole[::4] == 0xE3).all() and found.top == 9
    pages = [sheet(found, most=13, page=page) for page in (1, 2, 3)]  # 12 of 13: two whole filters
    np.testing.assert_array_equal(np.concatenate([one[1:] for one in pages]), whole[1:])
    with pytest.raises(SeewhyError, match="page is 4"):
        found.figure(most=13, page=4)


def test_a_first_layer_is_drawn_in_colour_and_grey_is_zero() -> None:
    net = SmallNet()
    with torch.no_grad():
        net.conv1.weight.zero_()
        net.conv1.weight[1, 0] = 2.0
        net.conv1.weight[2, 2] = -2.0
    model = Model(net, mean=MEAN, std=STD, size=(16, 20))
    tiles = [sheet(look(model, filters=[i]))[1:-1, 1:-1] for i in range(3)]
    drawn = look(model)
    whole = sheet(drawn)
    assert {tuple(one) for one in sheet(look(model, filters=[0, 1]))[1:4, 1:4].reshape(-1, 3)} == {(128, 128, 128)}
    assert {tuple(one) for one in tiles[1].reshape(-1, 3)} == {(255, 128, 128)}
    assert {tuple(one) for one in tiles[2].reshape(-1, 3)} == {(128, 128, 0)}
    assert (whole[1:4, 5:8] == tiles[1]).all() and drawn.colour
    assert not look(model, inputs=[0, 2]).colour and sheet(look(model, inputs=[0, 2])).shape[0] == 6 * 4 + 1


def test_thousands_of_tiles_are_one_picture_in_seconds() -> None:
    net = nn.Sequential(nn.Conv2d(3, 128, 3), nn.Conv2d(128, 128, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    found = look(Model(net, mean=MEAN, std=STD, size=(8, 8)), "1")
    assert found.tiles == 128 * 128
    began = time.process_time()
    whole = sheet(found, most=20000)
    assert whole.shape[:2] == (128 * 4 + 1, 128 * 4 + 1) and time.process_time() - began < 3


@pytest.mark.parametrize("order", ["c p q", "p q c"])
def test_a_linear_layer_over_patches_has_kernels_in_colour(order: str) -> None:
    model = patches(order)
    found = look(model)
    weight = model.module.embed.weight.detach().numpy()
    wanted = weight.reshape(6, 3, 4, 4) if order == "c p q" else weight.reshape(6, 4, 4, 3).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(found.weights, wanted)
    assert (found.layer, found.shape, found.colour, found.of) == ("embed", "patch", True, (6, 3))


def test_other_layers_are_what_they_weigh() -> None:
    model = patches()
    net = model.module
    assert look(model, "conv").weights.shape == (5, 6, 2, 3)
    for _ in range(4):  # what is asked for again and again is told by the module's hooks as well
        maps = look(model, "fc")
        assert maps.shape == "maps"
    np.testing.assert_array_equal(maps.weights, net.fc.weight.detach().numpy().reshape(7, 4, 4, 4))
    assert maps.shape == "maps" and maps.tiles == 28
    assert look(model, "up").weights.shape == (4, 10, 2, 2)
    for name in ("last", "groups"):
        found = look(model, name)
        assert found.shape == "matrix" and found.tiles == 1
        assert sheet(found).shape == (*net.get_submodule(name).weight.shape[:2], 3)


def test_refusals_name_what_there_is() -> None:
    model = patches()
    with pytest.raises(SeewhyError, match=r"layer 'norm' \(BatchNorm2d\) has no kernels") as refusal:
        look(model, "norm")
    assert refusal.value.hint.startswith("near: ") and "fc" in refusal.value.hint and "up" in refusal.value.hint
    with pytest.raises(SeewhyError, match="no layer is named 'cnv'") as refusal:
        look(model, "cnv")
    assert "conv" in refusal.value.hint
    for asked, said in (
        ({"filters": [5]}, "filter 5: 'conv' has 5"),
        ({"inputs": [-1]}, "input -1"),
        ({"filters": []}, "no filter"),
    ):
        with pytest.raises(SeewhyError, match=said):
            look(model, "conv", **asked)
    with torch.no_grad():
        model.module.conv.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(SeewhyError, match="NaN or infinite"):
        look(model, "conv")
    with pytest.raises(SeewhyError, match="has kernels"):
        look(Model(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), mean=MEAN, std=STD, size=(8, 8)))


def test_weights_that_are_all_zero_and_grey_inputs_are_drawn() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    nn.init.zeros_(net[0].weight)
    found = look(Model(net, mean=(0.5,), std=(0.5,), size=(8, 8)))
    assert not found.colour and found.top == 0
    assert (sheet(found)[1:4, 1:4] == 255).all()
