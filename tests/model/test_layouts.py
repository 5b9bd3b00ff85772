"""Where tokens lie: layouts that are told apart, windows as timm cuts them, stages brought together."""

import numpy as np
import pytest
import torch
from timm.models.hiera import Unroll
from timm.models.maxxvit import grid_partition
from timm.models.mvitv2 import MultiScaleVit, MultiScaleVitCfg
from timm.models.swin_transformer import SwinTransformer, window_partition
from torch import Tensor

from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model, explain, load
from seewhy.model.attending import attending
from seewhy.model.flow import Flow, resized
from seewhy.model.layouts import Layout, Windows, layouts, of_windows
from seewhy.model.tokens import best, located
from seewhy.model.unrolling import reroll, unroll

SQUARE = (224, 224)


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((197, 768), "1 + 14x14 tokens"),
        ((196, 768), "0 + 14x14 tokens"),
        ((201, 384), "5 + 14x14 tokens"),
        ((7, 7, 768), "7x7, channels last"),
        ((768, 7, 7), "7x7"),
    ],
)
def test_shapes_say_what_may_be(shape: tuple[int, ...], wanted: str) -> None:
    assert wanted in map(str, layouts(shape, SQUARE))


@pytest.mark.parametrize("layout", [Layout("first", (3, 4)), Layout("last", (3, 4)), Layout("tokens", (3, 4), 2)])
def test_maps_are_put_back_as_the_layer_returns_them(layout: Layout) -> None:
    output = torch.rand({"first": (2, 5, 3, 4), "last": (2, 3, 4, 5), "tokens": (2, 14, 5)}[layout.axes])
    maps = layout.maps(output)
    assert maps.shape == (2, 5, 3, 4)
    again = layout.output(maps, output)
    assert torch.equal(again, output) and again.data_ptr() != output.data_ptr(), "a copy: layers may work in place"


@pytest.mark.parametrize("shift", [(0, 0), (3, 3)])
def test_windows_are_cut_as_timm_cuts_them(shift: tuple[int, int]) -> None:
    cells = torch.arange(2 * 14 * 21.0).view(2, 14, 21)
    own = Windows((14, 21), (7, 7), shift)
    rolled = torch.roll(cells, (-shift[0], -shift[1]), (1, 2))
    assert torch.equal(
        own.rows(cells[..., 0, :0], cells).flatten(0, 1), window_partition(rolled[..., None], (7, 7))[..., 0].flatten(1)
    )
    assert torch.equal(own.parts(own.rows(cells[..., 0, :0], cells))[1], cells)
    apart = Windows((14, 21), (7, 7), apart=True)
    scattered = grid_partition(cells[..., None], (7, 7))[..., 0].flatten(1)
    assert torch.equal(apart.rows(cells[..., 0, :0], cells).flatten(0, 1), scattered)
    assert torch.equal(apart.parts(apart.rows(cells[..., 0, :0], cells))[1], cells)
    assert own in of_windows(6, 49, (224, 336))


@pytest.mark.parametrize(("cells", "times"), [((8, 16), 1), ((8, 16), 2), ((8, 16), 3), ((6, 9), 0)])
def test_cells_are_unrolled_as_hiera_unrolls_them(cells: tuple[int, int], times: int) -> None:
    grid = torch.arange(2 * cells[0] * cells[1]).view(2, 1, *cells)
    row = Unroll(cells, (1, 1), [(2, 2)] * times)(grid.flatten(2).transpose(1, 2)).transpose(1, 2)
    assert torch.equal(unroll(grid, times), row) and torch.equal(reroll(row, cells, times), grid)
    layout = Layout("tokens", cells, unrolled=times)
    output = row.transpose(1, 2).float()
    assert torch.equal(layout.maps(output), grid.float()) and torch.equal(layout.output(grid.float(), output), output)
    assert torch.equal(layout.parts(layout.rows(grid[..., 0, :0], grid))[1], grid)


def test_hieras_mask_units_are_unrolled_windows() -> None:
    """Its tokens, unrolled three times, are as many rows of windows as windows have cells: 7x7 windows of 8x8 cells."""
    grid = torch.arange(56 * 56).view(1, 56, 56)
    tokens = Unroll((56, 56), (1, 1), [(2, 2)] * 3)(grid.view(1, -1, 1))[..., 0]
    of_windows = tokens.view(1, 64, 49).transpose(1, 2)  # as MaskUnitAttention cuts them
    place = Windows((56, 56), (8, 8), unrolled=3)
    assert torch.equal(place.rows(grid[..., 0, :0], grid), of_windows)
    assert torch.equal(place.parts(of_windows)[1], grid)


class UnrolledViT(TinyViT):
    """The same numbers on tokens in another order: nothing else tells it from TinyViT."""

    def __init__(self) -> None:
        super().__init__(others=0, pooled=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = unroll(self.patch(x), 2).transpose(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return self.fc(self.norm(tokens).mean(1))


@pytest.mark.parametrize(
    "id",
    [
        *("attention_relevance", "attention_rollout", "gradient_rollout", "legrad", "raw_attention"),
        *("transformer_attribution", "gradcam", "layercam"),
    ],
)
def test_maps_of_unrolled_tokens_are_those_of_tokens_row_by_row(id: str) -> None:
    x = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    nets = TinyViT(others=0, pooled=True), UnrolledViT()
    plain, unrolled = (Model(net, mean=MEAN, std=STD, size=(32, 48)).at("float64") for net in nets)
    layer = {"layer": "blocks.1"} if "cam" in id else {}
    found, wanted = (explain(model, x.double(), id, 1, **layer).values for model in (unrolled, plain))
    assert {str(one.keys) for one in unrolled.census(x).attention} == {"0 + 8x12 unrolled tokens"}
    uneven = wanted - wanted.mean()  # some are nearly all even
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * abs(uneven).max())
    assert abs(uneven - uneven[:, :, ::-1]).max() > 0.1 * abs(uneven).max(), "else any order would do"


@pytest.mark.parametrize(
    ("name", "maps", "layout", "attention"),
    [
        ("vit_tiny_patch16_224", "blocks.11.norm1", "1 + 14x14 tokens", 12),
        ("deit_tiny_distilled_patch16_224", "blocks.11.norm1", "2 + 14x14 tokens", 12),
        ("swin_tiny_patch4_window7_224", "norm", "7x7, channels last", 12),
        ("mvitv2_tiny", "norm", "0 + 7x7 tokens", 10),
        ("convnext_atto", "norm_pre", "7x7", 0),
        ("hiera_tiny_224", "blocks.11", "0 + 7x7 tokens", 12),
    ],
)
def test_timms_families_are_located(name: str, maps: str, layout: str, attention: int) -> None:
    census = load(f"timm:{name}", weights="random").census()
    assert census.maps == maps and str(census.layer(maps).layout) == layout and census.layer(maps).proved
    assert len(census.attention) == attention and all(one.proved for one in census.attention)


def test_tokens_of_a_picture_that_is_not_square_with_registers_lie_where_they_are() -> None:
    census = Model(TinyViT(others=5), mean=MEAN, std=STD, size=(16, 20)).census()
    assert {str(one.keys) for one in census.attention} == {"5 + 4x5 tokens"}
    assert census.start == (1.0,) + (0.0,) * 24, "the scores are read from CLS"
    pooled = Model(TinyViT(others=1, pooled=True), mean=MEAN, std=STD, size=(16, 20)).census()
    assert pooled.maps == "norm" and pooled.start[0] == 0 and np.allclose(pooled.start[1:], 1 / 20)


def test_relevance_keeps_its_sum_between_grids() -> None:
    cells = torch.rand(2, 3, 4, 6)
    for size in ((8, 12), (2, 3), (5, 9), (4, 6)):
        torch.testing.assert_close(resized(cells, size).sum((2, 3)), cells.sum((2, 3)))
    torch.testing.assert_close(resized(cells, (8, 12)), cells.repeat_interleave(2, 2).repeat_interleave(2, 3) / 4)
    whole = Flow(torch.rand(2, 3, 1), cells) + Flow(torch.zeros(2, 3, 4), torch.zeros(2, 3, 8, 12))
    assert whole.others.shape == (2, 3, 4) and whole.cells.shape == (2, 3, 8, 12)


def test_swins_windows_are_scattered_to_the_whole_grid_with_the_shift_undone() -> None:
    """Against whole matrices: each block's windows in an N x N one, a merged cell's share on the four it came from."""
    torch.manual_seed(0)
    net = SwinTransformer(64, 4, num_classes=3, embed_dim=12, depths=(2, 2), num_heads=(2, 2), window_size=4).eval()
    model = Model(net, mean=MEAN, std=STD, size=(64, 64))
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    with torch.no_grad(), attending(net) as calls:
        net((x - mean) / std)
    row = np.full(64, 1 / 64)
    blocks = [block for stage in net.layers for block in stage.blocks]
    assert any(any(block.shift_size) for block in blocks)
    for i in (3, 2, 1, 0):
        side = 8 if i > 1 else 16
        if i == 1:  # patch merging
            row = (np.kron(row.reshape(8, 8), np.ones((2, 2))) / 4).ravel()
        matrix = np.zeros((side * side, side * side))
        index = torch.arange(side * side).view(1, side, side, 1)
        shift = blocks[i].shift_size
        windows = window_partition(torch.roll(index, (-shift[0], -shift[1]), (1, 2)), blocks[i].window_size).flatten(1)
        for window, weights in zip(windows.numpy(), calls[i].weights().mean(1).numpy(), strict=True):
            matrix[np.ix_(window, window)] = weights
        row = row @ (matrix + np.eye(side * side)) / 2
    found = explain(model, x, "attention_rollout").values
    np.testing.assert_allclose(found, row.reshape(1, 1, 16, 16), rtol=1e-4, atol=1e-7)


def test_stages_of_an_mvit_are_brought_together_in_two_dimensions() -> None:
    """Keys are pooled more than queries: what they get lies on the cells that were pooled."""
    torch.manual_seed(0)
    net = MultiScaleVit(
        MultiScaleVitCfg(depths=(1, 1), embed_dim=(16, 32), num_heads=(1, 2), stride_q=((1, 1), (2, 2))),
        64,
        num_classes=3,
    ).eval()
    model = Model(net, mean=MEAN, std=STD, size=(64, 64))
    big = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    with torch.no_grad(), attending(net) as calls:
        net((big - mean) / std)
    shapes = [tuple(one.weights().shape[-2:]) for one in calls]
    assert shapes == [(256, 16), (64, 64)]
    row = np.full(shapes[1][0], 1 / shapes[1][0])
    for call in (calls[1], calls[0]):
        weights = call.weights().mean(1)[0].numpy()
        queries, keys = (int(n**0.5) for n in weights.shape)
        side = max(queries, keys, 16 if call is calls[0] else 0)
        here = int(row.size**0.5)
        row = np.kron(row.reshape(here, here), np.ones((queries // here,) * 2)).ravel() / (queries // here) ** 2
        spread = [
            np.kron(one.reshape(n, n), np.ones((side // n,) * 2)) / (side // n) ** 2
            for one, n in ((row, queries), (row @ weights, keys))
        ]
        row = ((spread[0] + spread[1]) / 2).ravel()
    found = explain(model, big, "attention_rollout").values
    np.testing.assert_allclose(found, row.reshape(found.shape), rtol=1e-4, atol=1e-7)


def test_few_cells_are_not_taken_for_many_because_more_of_any_change_lies_in_their_quarter() -> None:
    """LeViT's last stage: 16 tokens that all change alike are 4x4, and not 7 others and 3x3."""
    before = torch.zeros(2, 16, 8)
    found = located((16, 8), before, before.new_ones(3, 16, 8), SQUARE)
    assert str(best(found, SQUARE)) == "0 + 4x4 tokens"
