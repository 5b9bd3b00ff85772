"""Photos shown to networks of videos: their tokens' time is told from their place, and folded by its mean."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.models.video.mvit import MSBlockConfig, MViT

from conftest import MEAN, STD
from seewhy import Model, compare, explain
from seewhy.model.attending import attending
from seewhy.model.layouts import Layout
from seewhy.model.still import Still


def video(rel_pos: bool = True) -> MViT:
    """4 frames of 64x64 pixels: 2 times 16x16 tokens, then 2 times 8x8."""
    torch.manual_seed(0)
    blocks = [
        MSBlockConfig(1, 8, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 4, 4]),
        MSBlockConfig(2, 16, 16, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 2, 2]),
        MSBlockConfig(2, 16, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 1, 1]),
    ]
    net = MViT(
        (64, 64), 4, blocks, True, False, rel_pos, True, num_classes=5, patch_embed_padding=(1, 3, 3)
    )  # as mvit_v2_s
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim > 1:
                p.mul_(4)
    return net.eval()


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(Still(video(), 4), mean=MEAN, std=STD, size=(64, 64))


@pytest.fixture(scope="module")
def photo() -> Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def normed(x: Tensor) -> Tensor:
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    return (x - mean) / std


def test_time_and_place_are_told_apart(model: Model) -> None:
    census = model.census()
    keys = [str(one.keys) for one in census.attention]
    assert keys == ["1 + 2 times 4x4 tokens", "1 + 2 times 8x8 tokens", "1 + 2 times 8x8 tokens"]
    assert census.maps == "video.blocks.2.norm1" and str(census.layer(census.maps).layout) == keys[-1]
    assert census.layer(census.maps).proved


def test_maps_are_the_mean_over_time_and_what_is_changed_in_them_changes_in_each_time() -> None:
    layout = Layout("tokens", (3, 4), 1, 2)
    output = torch.rand(2, 25, 5)
    maps = layout.maps(output)
    wanted = output[:, 1:].reshape(2, 2, 12, 5).mean(1).transpose(1, 2).reshape(2, 5, 3, 4)
    torch.testing.assert_close(maps, wanted)
    torch.testing.assert_close(layout.output(maps, output), output)
    moved = layout.output(maps + torch.ones(3, 4), output)
    torch.testing.assert_close(moved[:, 1:], output[:, 1:] + 1)
    assert torch.equal(moved[:, :1], output[:, :1])


def test_gradcam_is_that_of_the_video_folded_over_time(model: Model, photo: Tensor) -> None:
    """Weights are the gradient's mean over the cells, summed over time; the maps are the mean."""
    net, seen = model.module.video, []
    hook = net.blocks[2].norm1.register_forward_hook(lambda _m, _a, out: seen.append(out))
    try:
        scores = net(normed(photo).unsqueeze(2).repeat(1, 1, 4, 1, 1))
    finally:
        hook.remove()
    (grad,) = torch.autograd.grad(scores[:, 3].sum(), seen[0])
    tokens, grads = (one[:, 1:].reshape(2, 2, 64, 16) for one in (seen[0].detach(), grad))
    wanted = (tokens.mean(1) * grads.sum(1).mean(1, keepdim=True)).sum(-1).reshape(2, 1, 8, 8)
    found = explain(model, photo, "gradcam", 3)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-5 * float(wanted.abs().max()))
    assert "repeated to 4 frames" in found.notes[0]


def spread(row: np.ndarray, of: int, to: int) -> np.ndarray:
    """Shares of CLS and of 2 times of x of cells, in equal parts on the to x to cells that each stands for."""
    times = [np.kron(one.reshape(of, of), np.ones((to // of,) * 2)).ravel() for one in np.split(row[1:], 2)]
    return np.concatenate([row[:1], *(one / (to // of) ** 2 for one in times)])


@pytest.mark.parametrize("rel_pos", [True, False])
def test_rollout_keeps_times_apart_until_the_end(photo: Tensor, rel_pos: bool) -> None:
    """Against whole matrices over time and place, where a pooled key's share lies on the cells of its own time."""
    model = Model(Still(video(rel_pos), 4), mean=MEAN, std=STD, size=(64, 64))
    with torch.no_grad(), attending(model.module) as calls:
        model.module(normed(photo[:1]))
    row, side = np.eye(1 + 2 * 64)[0], 8
    for call, queries, keys in ((calls[2], 8, 8), (calls[1], 8, 8), (calls[0], 16, 4)):
        weights = call.weights().mean(1)[0].numpy().astype(np.float64)
        assert weights.shape == (1 + 2 * queries**2, 1 + 2 * keys**2)
        row = spread(row, side, queries)
        row = (spread(row, queries, max(queries, keys)) + spread(row @ weights, keys, max(queries, keys))) / 2
        side = max(queries, keys)
    found = explain(model, photo[:1], "attention_rollout")
    wanted = row[1:].reshape(2, 16, 16).mean(0)
    np.testing.assert_allclose(found.values[0, 0], wanted, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(2 * found.values.sum() + found.extras["others"].sum(), 1, rtol=1e-4)


def test_every_kind_of_method_runs_and_leaves_the_network_as_it_was(model: Model, photo: Tensor) -> None:
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    with torch.no_grad():
        scores = model.module.video(normed(photo).unsqueeze(2).repeat(1, 1, 4, 1, 1))
    methods = ["attention_relevance", "gradient_rollout", "raw_attention", "hirescam", "saliency", "ablationcam"]
    found = compare(model, photo, methods, [1, 2])
    for method in methods:
        one = found[method, 2]
        assert np.abs(one.values).max() > 0 and np.isfinite(one.values).all()
        np.testing.assert_allclose(one.scores, scores[:, 2], rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
