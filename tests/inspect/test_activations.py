"""What layers answer, against the network run by hand; the numbers of channels and where they lie on the photo."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seewhy
from attentive import TinyViT, small_swin
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError
from seewhy.render.activations import scaled
from seewhy.render.colors import SEQUENTIAL, table

look = seewhy.inspect.activations


def model_of(net: nn.Module, size: tuple[int, int] = (16, 20)) -> Model:
    return Model(net, mean=MEAN, std=STD, size=size)


def normalised(x: Tensor) -> Tensor:
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    return (x - mean) / std


def test_ten_layers_cost_one_forward_and_are_what_the_network_computes(x: Tensor) -> None:
    net = SmallNet()
    names = ["bn1", "conv1", "act", "pool", "bn2", "act2", "conv3", "bn3", "act3", "fc"]
    found = look(model_of(net), x[:1], names)
    assert (found.passes.forward, found.passes.backward) == (1, 0)
    conv1 = net.eval().conv1(normalised(x[:1]))
    bn1 = net.bn1(conv1)
    pool = net.pool(bn1.relu())
    act2 = (pool + net.bn2(net.conv2(pool))).relu()
    wanted = {"conv1": conv1, "bn1": bn1, "act": bn1.relu(), "pool": pool, "act2": act2, "fc": net(normalised(x[:1]))}
    assert {one.layer for one in found} == set(names)
    for name, value in wanted.items():
        torch.testing.assert_close(torch.from_numpy(found[name].values), value.detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found["act2"].maps, found["act2"].values[0])
    assert found["act2"].placed and not found["fc"].placed and found["fc"].maps.shape == (4, 1, 1)
    assert [one.layer for one in look(model_of(net), x[:1])] == [model_of(net).layer(None)]


class Dead(nn.Module):
    """Channel 0 is dead, 1 is weak, 2 is strong where the picture is red, 3 is below 0, 4 is NaN if asked for."""

    def __init__(self, strange: bool = False) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.maps = nn.Identity()
        self.fc = nn.Linear(5, 3)
        self.strange = strange

    def forward(self, x: Tensor) -> Tensor:
        red = self.pool(x[:, :1])
        last = red * float("nan") if self.strange else red
        maps = self.maps(torch.cat([0 * red, 0.01 * red, red - red.amin((2, 3), True), -red - 9, last], 1))
        return self.fc(maps[:, :4].mean((2, 3)).repeat(1, 2)[:, :5])


def red_square() -> Any:
    photo = np.full((64, 120, 3), 60, np.uint8)
    photo[8:16, 72:80] = (250, 60, 60)
    return photo


def test_numbers_of_a_channel_and_where_its_maximum_lies_on_the_photo() -> None:
    found = look(model_of(Dead(), (32, 40)), red_square(), "maps")
    (one,) = found
    assert one.name == "maps/0" and one.maps.shape == (5, 8, 10) and one.dead == 1
    assert one.strongest()[:2] == (3, 4) and one.strongest(2) == (3, 4) and one.strongest()[-1] == 0
    numbers, values = one.numbers(2), one.values[0, 2]
    assert numbers.maximum == values.max() and numbers.minimum == values.min() == 0
    assert numbers.mean == pytest.approx(values.mean(), rel=1e-5) and numbers.active == (values > 0).mean()
    assert numbers.cell == tuple(int(at) for at in np.unravel_index(values.argmax(), values.shape))
    x, y = found.where(one, 2) or (0, 0)  # scaled by a half; 10 pixels are cut on each side
    assert 68 <= x < 84 and 4 <= y < 20
    assert found.where(one, 0) is not None and one.numbers(0) == (0, 0, 0, 0, (0, 0))


def test_a_dead_channel_stays_zero_and_each_scale_is_what_it_says() -> None:
    found = look(model_of(Dead(), (32, 40)), red_square(), "maps")
    (one,) = found
    each, shared = (scaled(one, (0, 1, 2, 3), scale) for scale in ("channel", "shared"))
    assert np.isfinite(each).all() and (each[0] == 0).all() and (shared[0] == 0).all()
    np.testing.assert_allclose(np.abs(each[1:]).max((1, 2)), 1, rtol=1e-6)
    np.testing.assert_allclose(shared, one.maps[:4] / np.abs(one.maps).max(), rtol=1e-6)
    for scale in ("channel", "shared"):
        found.figure(scale=scale).canvas.draw()
    with pytest.raises(SeewhyError, match="scale is 'none'"):
        found.figure(scale="none")


def test_what_is_not_finite_is_drawn_as_0_and_said() -> None:
    found = look(model_of(Dead(strange=True), (32, 40)), red_square(), "maps")
    (said,) = found.notes
    assert said == "80 values of maps/0 are NaN or infinite, and are drawn as 0"
    (one,) = found
    assert one.numbers(4) == (0, 0, 0, 0, (0, 0)) and one.strongest()[0] == 3 and np.isnan(one.values[0, 4]).all()
    found.figure().canvas.draw()


def test_figures_are_one_picture_a_layer_in_the_order_of_response(x: Tensor) -> None:
    found = look(model_of(SmallNet()), x[:1], ["act2"])
    (one,) = found
    figure = found.figure(most=3)
    assert [ax.get_label() for ax in figure.axes] == ["photo", "act2/0", "act2/0 colorbar"]
    ax = figure.axes[1]
    assert ax.get_title("left").startswith("act2/0 (ReLU)")
    assert [said.get_text() for said in ax.texts] == [str(channel) for channel in one.strongest(3)]
    pixels = np.asarray(ax.images[0].get_array())
    first = one.maps[one.strongest(1)[0]]
    np.testing.assert_array_equal(pixels[1:9, 1:11], table(SEQUENTIAL)[np.rint(255 * first / first.max()).astype(int)])
    assert [said.get_text() for said in found.figure(channels=[5, 1]).axes[1].texts] == ["5", "1"]
    with pytest.raises(SeewhyError, match="channel 6: 'act2' has 6"):
        found.figure(channels=[6])


def test_tokens_lie_on_their_grid_and_the_others_stand_apart(x: Tensor) -> None:
    net = TinyViT(others=2)
    found = look(model_of(net), x[:1], ["blocks.1", "blocks.0"])
    assert [one.layer for one in found] == ["blocks.0", "blocks.1"]
    one = found["blocks.1"]
    tokens = one.values[0]
    np.testing.assert_array_equal(one.maps, tokens[2:].T.reshape(-1, 4, 5))
    np.testing.assert_array_equal(one.others, tokens[:2])
    assert one.tokens == ("cls", "register-1") and one.placed
    labels = [ax.get_label() for ax in found.figure().axes]
    assert labels[1:4] == ["blocks.0/0", "blocks.0/0 others", "blocks.0/0 colorbar"]
    ticks = found.figure(lang="zh").axes[2].get_yticklabels()
    assert [said.get_text() for said in ticks] == ["CLS", "寄存器 1"]


def test_maps_with_channels_last_are_turned(x: Tensor) -> None:
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = look(model_of(small_swin(), (64, 64)), picture, ["layers.0", "layers.0.blocks.0.attn"])
    stage = found["layers.0"]
    np.testing.assert_array_equal(stage.maps, stage.values[0].transpose(2, 0, 1))
    windows = found["layers.0.blocks.0.attn"]  # a row a window: not the photo's cells
    assert not windows.placed and windows.maps.shape == windows.values.shape


class Told(nn.Module):
    """A layer that runs twice and returns a dict."""

    class Two(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return {"maps": 2 * x, "deep": (x.mean((2, 3)), x.mean(1))}

    def __init__(self) -> None:
        super().__init__()
        self.two = self.Two()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.two(self.two(x)["maps"])["deep"][0])


def test_parts_of_every_call_go_by_name_into_the_file(x: Tensor, tmp_path: Path) -> None:
    found = look(model_of(Told()), x[:1], "two")
    names = [f"two/{call}/{part}" for call in (0, 1) for part in ("maps", "deep.0", "deep.1")]
    assert [one.name for one in found] == names and not any(one.placed for one in found)
    with np.load(found.save_values(tmp_path / "values.npz")) as stored:
        assert list(stored) == names
        torch.testing.assert_close(torch.from_numpy(stored["two/1/maps"]), 4 * normalised(x[:1]))
        assert stored["two/0/deep.0"].shape == (1, 3)
    found.figure().canvas.draw()
    with pytest.raises(SeewhyError, match="nothing was kept of 'three'"):
        found["three"]


def test_refusals() -> None:
    model, photo = model_of(SmallNet()), np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(SeewhyError, match="no layer is named 'conv9'") as refusal:
        look(model, photo, ["conv1", "conv9"])
    assert "conv3" in refusal.value.hint
    with pytest.raises(SeewhyError, match="no layer is asked for"):
        look(model, photo, [])
    box = seewhy.black_box(lambda x: torch.zeros(len(x), 3), size=(8, 8), input="float")
    with pytest.raises(SeewhyError, match="it has no layers"):
        look(box, photo)


def test_the_module_comes_back_as_it_was_also_when_it_fails(x: Tensor) -> None:
    net = SmallNet().train()
    net.conv1.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in net.state_dict().items()}

    def state() -> Any:
        hooks = [name for name, one in net.named_modules() if one._forward_hooks or one._forward_pre_hooks]
        return hooks, [one.training for one in net.modules()], [one.requires_grad for one in net.parameters()]

    was, model = state(), model_of(net)
    inspect = seewhy.inspect
    photo = np.zeros((16, 20, 3), np.uint8)
    inspect.activations(model, photo, ["act2", "fc"])
    inspect.embeddings(model, [photo])
    inspect.examples(model, [photo], "act2")
    inspect.layers(model)
    inspect.kernels(model, "fc")
    assert state() == was and all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    net.fc.weight = nn.Parameter(torch.zeros(4, 9))  # it no longer fits
    was = state()
    for fails in (inspect.activations, inspect.layers, inspect.embeddings, inspect.examples):
        with pytest.raises(SeewhyError, match="fails"):
            fails(model) if fails is inspect.layers else fails(model, [photo] if fails is not look else photo)
        assert state() == was


class Reused(nn.Module):
    """One ReLU for maps of two sizes, and for a row of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.act = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU(inplace=True)
        self.fc, self.last = nn.Linear(6, 5), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.two(self.act(self.one(x))))
        return self.last(self.act(self.fc(x.mean((2, 3)))))


def test_each_run_of_a_layer_used_at_several_sizes_lies_where_its_own_cells_do() -> None:
    found = look(model_of(Reused(), (32, 40)), red_square(), "act")
    assert [(one.name, one.maps.shape, one.placed) for one in found] == [
        ("act/0", (4, 16, 20), True), ("act/1", (6, 8, 10), True), ("act/2", (5, 1, 1), False),
    ]  # fmt: skip
    np.testing.assert_array_equal(found["act/0"].maps, found["act/0"].values[0])
