from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model, SeewhyError, explain
from seewhy.attentions import unproved as of_calls
from seewhy.cams import unproved as of_layers
from seewhy.model.census import Layer
from seewhy.model.grids import Local, Share, disturbed, early, grid, locality, trusted
from seewhy.model.layouts import Layout
from seewhy.model.tokens import Attended

SQUARE, WIDE = (224, 224), (128, 320)


@pytest.mark.parametrize(
    ("shape", "size", "cells"),
    [
        ((512, 7, 7), SQUARE, (7, 7)),
        ((64, 112, 112), SQUARE, (112, 112)),
        ((3, 224, 224), SQUARE, (224, 224)),
        ((8, 4, 10), WIDE, (4, 10)),
        ((96, 55, 54), SQUARE, (55, 54)),
        ((2, 2, 3), (40, 50), (2, 3)),
        ((1280, 1, 2), (32, 64), (1, 2)),
        ((2, 101, 32), SQUARE, None),
        ((16, 4, 18), (28, 84), (4, 18)),  # LeNet: two 5x5 convolutions without padding
        ((16, 18, 4), (84, 28), (18, 4)),
        ((16, 18, 4), (28, 84), None),
        ((3, 197, 197), (160, 320), None),
        ((7, 7, 768), SQUARE, None),
        ((56, 56, 96), SQUARE, None),
        ((4, 10, 96), WIDE, None),
        ((512, 1, 1), SQUARE, None),
        ((197, 768), SQUARE, None),
        ((1000,), SQUARE, None),
        ((), SQUARE, None),
    ],
)
def test_maps_are_told_from_channels_last_tokens_and_vectors(
    shape: tuple[int, ...], size: tuple[int, int], cells: tuple[int, int] | None
) -> None:
    assert grid(shape, size) == cells


def there(before: Tensor, after: Tensor) -> float:
    found = locality(before, after)
    assert found is not None
    return found.there


def test_maps_are_proved_by_what_changes_with_a_corner_of_the_picture() -> None:
    x = torch.rand(2, 3, 16, 24)
    before, after = x[:, :2], disturbed(x)[:, :2]
    assert there(before, after) == 1
    wrongs = (lambda maps: maps.flip(3), lambda maps: maps.flip(2), lambda maps: maps.mean((2, 3), True) + 0 * maps)
    for wrong in wrongs:
        assert max(locality(wrong(before), wrong(after)) or (0,)) < 0.5
    assert locality(before, torch.cat([before, before[:1]])) is None
    square, changed = x[:, :, :, :16], disturbed(x[:, :, :, :16])
    assert locality(square.transpose(2, 3), changed.transpose(2, 3)) == (0, 0), (
        "that corner is no fixed point of transposing"
    )


def test_the_middle_tells_cells_that_lie_window_by_window() -> None:
    """As Swin's windows and Hiera's mask units do: what changes in a corner stays near that corner."""

    def by_window(maps: Tensor) -> Tensor:
        return maps.unflatten(3, (2, 8)).unflatten(2, (2, 8)).permute(0, 1, 2, 4, 3, 5).reshape(len(maps), -1, 16, 16)

    def halves(maps: Tensor) -> Tensor:  # windows as wide as half of the picture, one below the other
        return maps.unflatten(3, (2, 8)).transpose(2, 3).flatten(2, 3).unflatten(2, (16, 2)).flatten(3)

    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert there(x, disturbed(x)) == 1
    order: Callable[[Tensor], Tensor]
    for order in (by_window, halves):
        assert max(locality(order(x), order(disturbed(x))) or ()) < 0.3


@pytest.mark.parametrize("side", [7, 14])
def test_what_a_place_changes_more_than_others_proves_cells_in_which_most_changes_everywhere(side: int) -> None:
    """As deep cells that have seen all of the picture; and no turned, mirrored or shuffled ones."""
    x = 0.5 + torch.rand(2, 3, 4 * side, 4 * side, generator=torch.Generator().manual_seed(0)) / 2
    uneven = torch.linspace(1, 2, side)[:, None].expand(side, side)

    def net(x: Tensor, more: float = 2.0) -> Tensor:
        return torch.cat([torch.nn.functional.avg_pool2d(x, 4), more * x.mean((2, 3), True) * uneven], 1)

    before, after = net(x), net(disturbed(x))
    found = locality(before, after)
    assert found is not None and found.there < 0.5 < 0.8 < found.distinct

    class Known(Local):
        share = found

    assert Known().proved and Known().spread and not Known().disproved
    shuffled = torch.randperm(side * side, generator=torch.Generator().manual_seed(0))
    orders: list[Callable[[Tensor], Tensor]] = [
        lambda maps: maps.transpose(2, 3),
        lambda maps: maps.flip(2),
        lambda maps: maps.flip(3),
        lambda maps: maps.flatten(2)[:, :, shuffled].view_as(maps),
    ]
    for order in orders:
        wrong = locality(order(before), order(after))
        assert wrong is not None and max(wrong) < 0.5, wrong
    hardly = locality(net(x, 3.0), net(disturbed(x), 3.0))
    assert hardly is not None and hardly.there > 0.28 and hardly.distinct == 0, "not clearly more than by chance stays"
    nothing = locality(net(x, 1e3), net(disturbed(x), 1e3))
    assert nothing is not None and nothing.distinct == 0, "no more stays there than by chance"


def test_cells_that_change_most_in_two_corners_whatever_changes_tell_no_places() -> None:
    """More than by chance lies in either quarter, and each place changes them alike."""
    x = 0.5 + torch.rand(2, 3, 28, 28, generator=torch.Generator().manual_seed(0)) / 2
    hot = torch.ones(7, 7)
    hot[:3, 4:] = hot[4:, :3] = 4.0
    found = locality(*(one.mean((1, 2, 3), True) * hot for one in (x, disturbed(x))))
    assert found is not None and found.there > 0.4 and found.distinct == 0


def test_what_spreads_is_told_and_is_no_longer_called_unproved() -> None:
    call = Attended("attn", 2, (49, 49), Layout("tokens", (7, 7)), Layout("tokens", (7, 7)), Share(0.45, 0.8))
    (note,) = of_calls([call, replace(call, share=Share(0.9, 0.9)), replace(call, share=Share(0.47, 0.7))])
    assert note == "places are told less well by the tokens in 'attn': 45% of a change stays there"
    layers = [Layer("deep", "Conv2d", (4, 7, 7), 1, False, 9, Layout("first", (7, 7)), Share(0.4, 0.8))]
    model: Any = SimpleNamespace(census=lambda _: SimpleNamespace(layers=layers))
    (note,) = of_layers(model, torch.zeros(1, 3, 8, 8), ["deep"])
    assert note == "places are told less well by layer 'deep': 40% of a change stays there"


def test_maps_are_read_unasked_where_more_of_the_change_than_of_the_cells_is_in_place() -> None:
    assert trusted((7, 7), 0.8) and trusted((7, 7), 0.45)
    assert not trusted((49, 49), 0.28), "attention"
    assert not trusted((7, 7), 0.33), "every cell sees everything"
    assert trusted((2, 3), 0.38) and not trusted((2, 3), 0.0) and not trusted((7, 7), None) and not trusted((1, 3), 0.5)


class ChannelsLast(nn.Module):
    """Convolutions, then a layer on channels-last maps, as in a Swin transformer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.mix, self.fc = nn.Conv2d(3, 9, 4, stride=4), nn.Linear(9, 9), nn.Linear(9, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.mix(self.conv(x).permute(0, 2, 3, 1)).relu().mean((1, 2)))


def test_channels_last_maps_are_read_as_they_lie() -> None:
    model = Model(ChannelsLast(), mean=MEAN, std=STD, size=(16, 20))
    assert model.layer(None) == "mix" and str(model.census().layer("mix").layout) == "4x5, channels last"
    x = torch.rand(2, 3, 16, 20)
    with model.frozen():
        maps = model.maps(x, ["mix"])[0]
    assert maps.shape == (2, 9, 4, 5)
    conv = explain(model, x, "gradcam", layer="conv", target=1)
    assert conv.values.shape == explain(model, x, "gradcam", target=1).values.shape


def test_a_vision_transformers_last_maps_are_what_its_last_attention_reads() -> None:
    from seewhy import load

    vit = load("timm:test_vit", weights="random")
    assert vit.census().maps == "blocks.5.norm1", "behind it only CLS is read"
    assert str(vit.census().layer("blocks.5.norm1").layout) == "1 + 10x10 tokens"
    assert not vit.census().layer("blocks.5").read


def test_channels_last_maps_that_look_like_maps_are_told_by_what_changes() -> None:
    class Sideways(nn.Module):
        """(b,16,40,100) at 128x320 could be maps of stride 3.2."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.mix, self.fc = nn.Conv2d(3, 100, 8, stride=8), nn.Linear(100, 100), nn.Linear(100, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.mix(self.conv(x).permute(0, 2, 3, 1)).relu().mean((1, 2)))

    model = Model(Sideways(), mean=MEAN, std=STD, size=(128, 320))
    assert grid((16, 40, 100), (128, 320)) == (40, 100)
    assert model.layer(None) == "mix" and model.census().layer("mix").grid == (16, 40)
    x = torch.rand(1, 3, 128, 320)
    assert explain(model, x, "gradcam", layer="mix").values.shape == (1, 1, 16, 40)


def test_cells_that_do_not_lie_on_the_picture_are_refused() -> None:
    class Turned(nn.Module):
        """Its maps are upside down, and so is nothing else about them."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.turn, self.fc = nn.Conv2d(3, 5, 4, stride=4), Turn(), nn.Linear(5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.turn(self.conv(x)).relu().mean((2, 3)))

    class Turn(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flip(2).flip(3)

    model = Model(Turned(), mean=MEAN, std=STD, size=(32, 32))
    with pytest.raises(SeewhyError, match="do not lie on the picture"):
        explain(model, torch.rand(1, 3, 32, 32), "gradcam", layer="turn")


def test_a_norm_with_its_activation_in_it_is_where_that_ends() -> None:
    ends = [("stem.conv", 9), ("stem.bn.act", 0), *((f"block{i}", 9) for i in range(12))]
    assert early(ends, "stem.bn") and not early(ends, "block11")
