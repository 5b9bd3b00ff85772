"""Methods of attention against short references written from their papers, with whole matrices."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model, SeewhyError, compare, explain, load
from seewhy.model.attending import attending
from seewhy.model.relevance.at_attention import positive_relevance, relevance_at_attention
from seewhy.targets import ClassLogit

HOWS = ("fused", "plain", "module")


def of_paper(net: TinyViT, x: Tensor, target: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Weights and their gradients (b,m,n,n) of each block, by plain autograd on attention that is in the graph."""
    mean, std = (torch.tensor(one, dtype=x.dtype)[:, None, None] for one in (MEAN, STD))
    score = net((x - mean) / std)[:, target].sum()
    weights = [block.weights for block in net.blocks]
    grads = torch.autograd.grad(score, weights)
    return [one.detach().numpy() for one in weights], [one.numpy() for one in grads]


def rollout(weights: list[np.ndarray], fuse: Any = lambda a, _g: a.mean(1), grads: Any = None, ratio: float = 0) -> Any:
    """Abnar and Zuidema: the product of (A + I) / 2 with rows that sum to 1, of each image."""
    found = []
    for i in range(len(weights[0])):
        total = np.eye(weights[0].shape[-1])
        for at, one in enumerate(weights):
            fused = fuse(one, None if grads is None else grads[at])[i].copy()
            if ratio:
                smallest = np.argsort(fused, axis=None, kind="stable")[: int(ratio * fused.size)]
                fused.reshape(-1)[smallest] = 0
            mixed = (fused + np.eye(len(fused))) / 2
            total = mixed / mixed.sum(-1, keepdims=True) @ total
        found.append(total)
    return np.stack(found)


def relevance(weights: list[np.ndarray], grads: list[np.ndarray]) -> np.ndarray:
    """Chefer, Gur and Wolf, ICCV 2021: R = R + mean of the heads' positive gradient times attention, times R; less I,
    which the row of CLS has nothing of in its patches."""
    total = np.broadcast_to(np.eye(weights[0].shape[-1]), (len(weights[0]), *weights[0].shape[-2:])).copy()
    for one, grad in zip(weights, grads, strict=True):
        total = total + np.maximum(grad * one, 0).mean(1) @ total
    return total - np.eye(weights[0].shape[-1])


def row(total: np.ndarray, others: int, pooled: bool) -> np.ndarray:
    read = total[:, others:].mean(1) if pooled else total[:, 0]
    return read[:, others:].reshape(len(total), 1, 4, 5)


def model_of(how: str, x: Tensor, **more: Any) -> tuple[Model, TinyViT]:
    """A model, and the same network with its attention in the graph, for references."""
    return Model(TinyViT(how, **more), mean=MEAN, std=STD, size=(16, 20)), TinyViT("plain", **more).eval()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("others", "pooled"), [(1, False), (5, False), (1, True), (0, True)])
def test_relevance_is_the_papers(how: str, others: int, pooled: bool, x: Tensor) -> None:
    model, plain = model_of(how, x, others=others, pooled=pooled)
    weights, grads = of_paper(plain, x, 2)
    wanted = row(relevance(weights, grads), others, pooled)
    found = explain(model, x, "attention_relevance", target=2)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-5 * abs(wanted).max())
    assert found.extras["others"].shape == (2, others)
    assert (found.passes.forward, found.passes.backward) == (2, 2), "one forward and one backward an image"


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("others", "pooled"), [(1, False), (2, False), (0, True)])
def test_rollout_is_the_papers(how: str, others: int, pooled: bool, x: Tensor) -> None:
    model, plain = model_of(how, x, others=others, pooled=pooled)
    weights, _ = of_paper(plain, x, 0)
    for fusion, fuse in (("mean", np.mean), ("max", np.max), ("min", np.min)):
        for ratio in (0.0, 0.9):
            wanted = row(rollout(weights, lambda a, _g, by=fuse: by(a, 1), ratio=ratio), others, pooled)
            options = {"head_fusion": fusion, "discard_ratio": ratio}
            found = explain(model, x, "attention_rollout", **options)
            np.testing.assert_allclose(found.values, wanted, rtol=2e-4, atol=1e-5 * wanted.max())
    assert np.allclose(found.values.sum((1, 2, 3)) + found.extras["others"].sum(1), 1, atol=1e-5)
    assert found.passes.forward == 2 and "no class" in found.notes[0]


def test_gradient_rollout_is_rollout_of_what_raises_the_score(x: Tensor) -> None:
    model, plain = model_of("fused", x)
    weights, grads = of_paper(plain, x, 1)
    wanted = row(rollout(weights, lambda a, g: np.maximum(a * g, 0).mean(1), grads), 1, False)
    found = explain(model, x, "gradient_rollout", target=1)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-5 * wanted.max())


def test_raw_attention_is_the_row_of_cls(x: Tensor) -> None:
    model, plain = model_of("module", x, others=2)
    weights, _ = of_paper(plain, x, 0)
    for options, wanted in (
        ({}, weights[-1].mean(1)),
        ({"attention": 0, "head": 1}, weights[0][:, 1]),
        ({"attention": -2, "head": "max"}, weights[1].max(1)),
    ):
        found = explain(model, x, "raw_attention", **options)
        np.testing.assert_allclose(found.values, row(wanted, 2, False), rtol=1e-4, atol=1e-6)


def test_layers_before_the_first_asked_for_take_no_part(x: Tensor) -> None:
    model, plain = model_of("fused", x)
    weights, grads = of_paper(plain, x, 2)
    for start in (1, -1):
        wanted = row(relevance(weights[start:], grads[start:]), 1, False)
        found = explain(model, x, "attention_relevance", target=2, start_layer=start)
        np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-6)


def test_properties_of_the_rule(x: Tensor) -> None:
    """Depth one is the row itself; turning the picture's patches turns the map."""
    model, plain = model_of("fused", x, depth=1)
    weights, grads = of_paper(plain, x, 3)
    found = explain(model, x, "attention_relevance", target=3)
    wanted = row(np.maximum(weights[0] * grads[0], 0).mean(1), 1, False)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-6)
    deep, _ = model_of("fused", x)  # it has no position embedding
    moved = explain(deep, x.roll(4, 3), "attention_relevance", target=3).values
    np.testing.assert_allclose(
        moved, np.roll(explain(deep, x, "attention_relevance", target=3).values, 1, 3), rtol=1e-3
    )


def test_methods_and_targets_share_one_forward(x: Tensor) -> None:
    calls: list[int] = []
    model, _ = model_of("fused", x)
    model.module.register_forward_hook(lambda *_: calls.append(1))
    model.census()
    calls.clear()
    found = compare(
        model, x, ["attention_rollout", "attention_relevance", "raw_attention", "gradient_rollout"], [0, 1, 2]
    )
    assert len(calls) == 1
    for id, target in (("attention_relevance", 2), ("gradient_rollout", 0)):
        np.testing.assert_array_equal(found[id, target].values, explain(model, x, id, target).values)


def test_a_network_without_attention_and_numbers_out_of_range_are_refused(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="no attention was found"):
        explain(small, x, "attention_rollout")
    model, _ = model_of("fused", x)
    for options in ({"start_layer": 3}, {"start_layer": -4}):
        with pytest.raises(SeewhyError, match="there are 3 calls of attention"):
            explain(model, x, "attention_relevance", **options)
    for options in ({"attention": 7}, {"head": 2}, {"head": "sum"}, {"head": True}):
        with pytest.raises(SeewhyError, match=r"0 to|there are 3"):
            explain(model, x, "raw_attention", **options)


class Branches(torch.nn.Module):
    """Two transformers beside each other, as CrossViT's: what attends in the second is not behind the first's."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = TinyViT(), TinyViT("plain", depth=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) + self.b(x)


def test_branches_are_refused(x: Tensor) -> None:
    model = Model(Branches(), mean=MEAN, std=STD, size=(16, 20))
    assert [one.behind for one in model.census().attention] == [True, True, True, False, True]
    for method in ("attention_rollout", "attention_relevance"):
        with pytest.raises(SeewhyError, match=r"'b.blocks.0' is not behind what attends before it"):
            explain(model, x, method)
    assert explain(model, x, "attention_rollout", start_layer=3).blank == (False, False)
    assert explain(model, x, "raw_attention", attention=1).blank == (False, False)


def test_attention_over_channels_is_refused() -> None:
    model = load("timm:xcit_nano_12_p16_224", weights="random")
    with pytest.raises(SeewhyError, match="on no grid that can be proved"):
        explain(model, torch.rand(1, 3, 224, 224), "attention_rollout")


class Mixed(nn.Module):
    """Attention of two parts, of what is alike and of what is near, mixed by a gate and brought to sum 1 in place, as
    ConViT's. hidden: its product with the values is spelled out."""

    def __init__(self, hidden: bool) -> None:
        super().__init__()
        self.hidden = hidden

    def forward(self, x: Tensor) -> Tensor:
        near = torch.eye(x.shape[1]).expand(len(x), -1, -1)
        weights = (1 - x.mean().sigmoid()) * (x @ x.transpose(1, 2) / 3).softmax(
            -1
        ) + x.mean().sigmoid() * near.softmax(-1)
        weights /= weights.sum(-1).unsqueeze(-1)
        return (weights[..., None] * x[:, None]).sum(2) if self.hidden else weights @ x


class Streams(nn.Module):
    """Attention in one stream, or in two side by side, as CrossViT's."""

    def __init__(self, two: bool = False, hidden: bool = False) -> None:
        super().__init__()
        self.patch, self.first, self.second = nn.Conv2d(3, 12, 4, stride=4), Mixed(False), Mixed(hidden)
        self.two, self.fc = two, nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        first = tokens + self.first(tokens)
        second = (tokens if self.two else first) + self.second(tokens if self.two else first)
        return self.fc(((first + second) if self.two else second).mean(1))


def test_mixed_attention_is_followed_and_what_can_not_be_is_refused(x: Tensor) -> None:
    torch.manual_seed(0)
    model = Model(Streams(), mean=MEAN, std=STD, size=(16, 20))
    with model.frozen(), torch.no_grad(), attending(model.module) as calls:
        model(x)
    rows = torch.full((2, 1, 20), 1 / 20)
    for call in reversed(calls):
        rows = (rows + rows @ call.weights()) / 2
    assert len(calls) == 2
    found = explain(model, x, "attention_rollout").values
    np.testing.assert_allclose(found, rows.reshape(2, 1, 4, 5), rtol=1e-4, atol=1e-7)
    for wrong, why in (({"hidden": True}, "can't be followed"), ({"two": True}, "branches")):
        with pytest.raises(SeewhyError, match=why):
            explain(Model(Streams(**wrong), mean=MEAN, std=STD, size=(16, 20)), x, "attention_relevance")


def attribution(net: TinyViT, image: Tensor, target: int) -> np.ndarray:
    """Chefer, Gur and Wolf, CVPR 2021, equations 13 and 14, of one image: from relevance that its own test holds."""
    wide = Model(net, mean=MEAN, std=STD)
    with wide.frozen():
        relevances = relevance_at_attention(wide, image[None], [ClassLogit(target).pin(torch.zeros(1, 4), int)])
    _, grads = of_paper(net, image[None], target)
    total = np.eye(relevances[0].shape[-1])
    for one, grad in zip(relevances, grads, strict=True):
        total = total + np.maximum(grad[0] * one[0, 0].numpy(), 0).mean(0) @ total
    return total


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("others", "pooled"), [(1, False), (5, False), (1, True), (0, True)])
def test_transformer_attribution_is_the_papers(how: str, others: int, pooled: bool, x: Tensor) -> None:
    model, plain = model_of(how, x, others=others, pooled=pooled)
    found = explain(model, x, "transformer_attribution", target=[2, 0])
    wide = plain.double()
    wanted = np.stack([attribution(wide, one.double(), k) for one, k in zip(x, (2, 0), strict=True)])
    wanted = row(wanted, others, pooled)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-5 * abs(wanted).max())
    assert (found.passes.forward, found.passes.backward) == (4, 4)
    tight = explain(model, x, "transformer_attribution", target=[2, 0], memory=1)
    np.testing.assert_allclose(tight.values, found.values, rtol=0, atol=1e-5 * abs(found.values).max())


def test_transformer_attribution_goes_down_to_the_pixels_where_asked(x: Tensor) -> None:
    model, _ = model_of("fused", x)
    found = explain(model, x, "transformer_attribution", target=1, full=True)
    assert found.values.shape == (2, 3, 16, 20)
    wide = model.at("float64")
    with wide.frozen():
        wanted = positive_relevance(wide, x.double(), [ClassLogit(1).pin(torch.zeros(2, 4), int)])[0]
    np.testing.assert_allclose(found.values, wanted, rtol=1e-5, atol=1e-6 * float(wanted.abs().max()))
    both = compare(model, x, ["transformer_attribution"], [1, 2])["transformer_attribution"]
    alone = explain(model, x, "transformer_attribution", target=2)
    np.testing.assert_allclose(both[1].values, alone.values, rtol=1e-5, atol=1e-7)
    later = explain(model, x, "transformer_attribution", target=2, start_layer=1).values
    assert not np.allclose(later, alone.values, rtol=1e-3)
