"""Attention of a photo against the weights of the network's own forward, within the error that is stated."""

import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from timm.models.swin_transformer import window_partition
from torch import Tensor, nn

import seewhy
from attentive import BrightTokens, TinyViT, small_mvit, small_swin
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, explain, load
from seewhy.model.attending import attending
from seewhy.results.attention import AttentionCall

look = seewhy.inspect.attention
HERE = sys.modules["seewhy.inspect.attention"]  # whose name in the room is the function's


def model_of(net: nn.Module, size: tuple[int, int]) -> Model:
    return Model(net, mean=MEAN, std=STD, size=size)


def picture(side: int = 64) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def truth(net: nn.Module, x: Tensor) -> list[NDArray[np.float32]]:
    """(windows,m,n,n') of each call, in a forward of the network alone."""
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    with torch.no_grad(), attending(net.eval()) as calls:
        net((x - mean) / std)
    return [call.weights().numpy() for call in calls]


def off(call: AttentionCall, wanted: NDArray[np.float32]) -> float:
    return float(np.abs(call.weights() - wanted.transpose(1, 0, 2, 3)).max())


@pytest.mark.parametrize("how", ["fused", "plain", "module"])
def test_stored_weights_are_the_networks_within_the_error_that_is_stated(how: str, x: Tensor) -> None:
    plain = TinyViT("plain", others=3)
    found = look(model_of(TinyViT(how, others=3), (16, 20)), x[:1])
    truth(plain, x[:1])
    assert len(found) == 3 and found.calls[1].layer == ("blocks.1.attn" if how == "module" else "blocks.1")
    for call, block in zip(found.calls, plain.blocks, strict=True):
        wanted = block.weights.detach().numpy()
        assert call.codes.dtype == np.uint8 and call.codes.shape == (2, 1, 23, 23) and call.levels == 255
        assert off(call, wanted) <= call.error + 1e-6  # two ways to the same weights round differently
        assert 0 < call.error <= 0.5001 * call.step.max() and call.step.max() <= 1 / 255
        rows = wanted.transpose(1, 0, 2, 3).max(-1)
        np.testing.assert_allclose(call.step * 255, rows, rtol=1e-4)
    assert found.error == max(call.error for call in found.calls)


def test_the_error_is_the_largest_there_is(x: Tensor) -> None:
    net = TinyViT("plain")
    found = look(model_of(net, (16, 20)), x[:1])
    for call, block in zip(found.calls, net.blocks, strict=True):
        assert off(call, block.weights.detach().numpy()) == pytest.approx(call.error, rel=1e-4)
        for levels in (127, 31):
            fewer = call.coarser(levels)
            assert fewer.levels == levels >= fewer.codes.max() and fewer.error > call.error
            assert off(fewer, block.weights.detach().numpy()) <= fewer.error
            assert fewer.error <= 0.51 * (fewer.step.max() + call.step.max())


def test_weights_below_zero_are_kept() -> None:
    """Talking heads are mixed behind the softmax, and what comes out is no share."""

    class Mixed(TinyViT):
        def __init__(self) -> None:
            super().__init__("plain")
            for block in self.blocks:
                block.attend = lambda x, own=block: talk(own, x)

    def talk(block: Any, x: Tensor) -> Tensor:
        made = nn.functional.linear(x, block.attn.in_proj_weight, block.attn.in_proj_bias)
        q, k, v = made.unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        shares = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).softmax(-1)
        mix = torch.tensor([[1.0, -0.5], [0.25, 1.0]])
        weights = nn.functional.linear(shares.permute(0, 2, 3, 1), mix).permute(0, 3, 1, 2)
        return block.attn.out_proj((weights @ v).transpose(1, 2).flatten(2))

    net, x = Mixed(), torch.rand(1, 3, 16, 20, generator=torch.Generator().manual_seed(0))
    found = look(model_of(net, (16, 20)), x)
    for call, wanted in zip(found.calls, truth(net, x), strict=True):
        assert wanted.min() < -0.01 and call.low.min() == pytest.approx(wanted.min())
        assert off(call, wanted) == pytest.approx(call.error, rel=1e-3)


@pytest.mark.parametrize("head", [0, 1, "mean", "max", "min"])
def test_the_row_of_cls_is_raw_attentions(head: Any, x: Tensor) -> None:
    model = model_of(TinyViT(others=2), (16, 20))
    found = look(model, x[:1])
    for i, call in enumerate(found.calls):
        wanted = explain(model, x[:1], "raw_attention", attention=i, head=head)
        others, cells = call.attended("cls", head)
        np.testing.assert_allclose(cells, wanted.values[0, 0], atol=call.error + 1e-7)
        np.testing.assert_allclose(others, wanted.extras["others"][0], atol=call.error + 1e-7)


def test_rows_and_columns_of_one_matrix(x: Tensor) -> None:
    call = look(model_of(TinyViT(others=2), (16, 20)), x[:1]).calls[0]
    matrix = call.weights()[1, 0]
    np.testing.assert_array_equal(call.attended((2, 3), 1).cells, matrix[2 + 2 * 5 + 3, 2:].reshape(4, 5))
    back = call.attended((2, 3), 1, reverse=True)
    np.testing.assert_array_equal(back.cells, matrix[2:, 2 + 2 * 5 + 3].reshape(4, 5))
    np.testing.assert_array_equal(back.others, matrix[:2, 2 + 2 * 5 + 3])
    np.testing.assert_allclose(call.attended("mean", "max").cells.ravel(), call.weights().max(0)[0, 2:, 2:].mean(0))
    np.testing.assert_array_equal(call.attended("register-1", 1).others, matrix[1, :2])


@pytest.mark.parametrize(
    ("others", "pooled", "names"),
    [(1, False, ["cls"]), (3, False, ["cls", "register-1", "register-2"]), (2, True, ["register-1", "register-2"])],
)
def test_tokens_are_named_by_what_the_scores_are_read_from(
    others: int, pooled: bool, names: list[str], x: Tensor
) -> None:
    found = look(model_of(TinyViT(others=others, pooled=pooled), (16, 20)), x[:1])
    for call in found.calls:
        assert [str(one) for one in call.queries.others] == [str(one) for one in call.keys.others] == names


def test_windows_lie_where_they_were_cut_and_other_windows_are_not_attended() -> None:
    net, x = small_swin(), picture()
    found = look(model_of(net, (64, 64)), x)
    blocks = [block for stage in net.layers for block in stage.blocks]
    assert any(any(block.shift_size) for block in blocks)
    for block, call, weights in zip(blocks, found.calls, truth(net, x), strict=True):
        side = call.keys.cells[0]
        index = torch.arange(side * side).view(1, side, side, 1)
        rolled = torch.roll(index, [-one for one in block.shift_size], (1, 2))
        windows = window_partition(rolled, block.window_size).flatten(1).numpy()
        matrix = np.full((side * side, side * side), np.nan)
        for window, own in zip(windows, weights.mean(1), strict=True):
            matrix[np.ix_(window, window)] = own
        for row, column in ((0, 0), (1, side - 2), (side - 1, 3)):
            at = row * side + column
            cells = call.attended((row, column)).cells
            assert np.isfinite(cells).sum() == 16 and cells[row, column] > 0
            np.testing.assert_allclose(cells.ravel(), matrix[at], atol=call.error)
            back = call.attended((row, column), reverse=True).cells
            np.testing.assert_allclose(back.ravel(), matrix[:, at], atol=call.error)
        np.testing.assert_allclose(
            call.attended().cells.ravel(), np.nansum(matrix, 0) / side**2, atol=16 / side**2 * call.error
        )


def test_grids_of_queries_and_keys_may_differ() -> None:
    net, x = small_mvit(), picture()
    found = look(model_of(net, (64, 64)), x)
    assert [(one.queries.cells, one.keys.cells) for one in found.calls] == [((16, 16), (4, 4)), ((8, 8), (8, 8))]
    weights = truth(net, x)[0][0, 0]
    call = found.calls[0]
    np.testing.assert_allclose(call.attended((3, 10)).cells.ravel(), weights[3 * 16 + 10], atol=call.error)
    back = call.attended((1, 2), reverse=True).cells
    np.testing.assert_allclose(back.ravel(), weights[:, 1 * 4 + 2], atol=call.error)


def test_attention_lies_on_the_photo_the_right_way_up() -> None:
    """CLS attends to the bright red square, in the top right of a photo that is not square."""
    model = Model(BrightTokens(), mean=MEAN, std=STD, size=(32, 40))
    photo = np.full((120, 150, 3), 76, np.uint8)
    photo[:30, 120:] = (242, 23, 23)
    found = look(model, photo)
    for call in found.calls:
        others, cells = call.attended("cls", 0)
        assert cells.shape == (8, 10) and len(others) == 1
        assert cells[:2, 8:].min() > 3 * np.delete(cells.ravel(), [8, 9, 18, 19]).max()
        assert found.photo.geometry.place(cells)[4, 145] > 5 * found.photo.geometry.place(cells)[100, 20]


def test_many_weights_are_stored_as_their_mean_which_is_said(x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of(TinyViT(), (16, 20))
    mean = look(model, x[:1], heads="mean")
    assert not mean.notes and [one.fused for one in mean.calls] == ["mean"] * 3
    monkeypatch.setattr(HERE, "APART", 3 * 2 * 21 * 21 - 1)
    found, each = look(model, x[:1]), look(model, x[:1], heads="all")
    assert found.notes == ("only the mean of the heads is stored: 2646 weights are many, 'all' keeps each head",)
    for one, whole in zip(found.calls, each.calls, strict=True):
        assert one.codes.shape == (1, 1, 21, 21) and one.heads == 2 and not whole.fused
        np.testing.assert_allclose(one.weights()[0], whole.weights().mean(0), atol=one.error + whole.error)
        np.testing.assert_array_equal(one.attended("cls").cells, one.weights()[0, 0, 0, 1:].reshape(4, 5))
        with pytest.raises(SeewhyError, match="only the mean was stored"):
            one.attended("cls", 0)
    monkeypatch.setattr(HERE, "MOST", 3 * 21 * 21 - 1)
    with pytest.raises(SeewhyError, match="too many to look at"):
        look(model, x[:1], heads="mean")
    assert len(look(model, x[:1], heads="mean", layers=[0, -1])) == 2


def test_layers_are_asked_for_by_number_or_name(x: Tensor) -> None:
    model = model_of(TinyViT(), (16, 20))
    assert [one.number for one in look(model, x[:1], layers=[-1, 0]).calls] == [0, 2]
    assert [one.number for one in look(model, x[:1], layers="blocks.1").calls] == [1]
    for asked, said in ((3, "there are 3 calls"), ("blocks", "no attention runs"), ([], "no layer"), ([1.5], "whole")):
        with pytest.raises(SeewhyError, match=said):
            look(model, x[:1], layers=asked)


def test_what_has_no_attention_or_unknown_tokens_is_refused(x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="no attention was found"):
        look(model_of(SmallNet(), (16, 20)), x[:1])
    with pytest.raises(SeewhyError, match="on no grid that can be proved"):
        look(load("timm:xcit_nano_12_p16_224", weights="random"), torch.rand(1, 3, 224, 224))
    with pytest.raises(SeewhyError, match="heads is 'some'"):
        look(model_of(TinyViT(), (16, 20)), x[:1], heads="some")
    with pytest.raises(SeewhyError, match="batch of 2"):
        look(model_of(TinyViT(), (16, 20)), x)


def test_tokens_and_heads_that_are_not_there_are_refused(x: Tensor) -> None:
    call = look(model_of(TinyViT(), (16, 20)), x[:1]).calls[0]
    for token in ("clf", "register-1", (4, 0), (0, 5), (-1, 0), (1, 2, 3), 3):
        with pytest.raises(SeewhyError, match=r"no token|row is|column is"):
            call.attended(token)
    for head in (2, -1, "sum", True):
        with pytest.raises(SeewhyError, match="head is"):
            call.attended("cls", head)


def test_the_model_comes_back_as_it_was(x: Tensor) -> None:
    model = model_of(TinyViT("module").train(), (16, 20))
    before = {name: p.clone() for name, p in model.module.state_dict().items()}
    look(model, x[:1])
    assert model.module.training and all(p.requires_grad and p.grad is None for p in model.module.parameters())
    assert all(torch.equal(before[name], p) for name, p in model.module.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.module.modules())
