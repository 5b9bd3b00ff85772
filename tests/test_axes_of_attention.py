"""Attention whose heads are folded into the batch, or whose windows have an axis of their own, is the usual one."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy import Model, explain
from seewhy.inspect import attention

HEADS, DIM, SIDE, WINDOW = 2, 16, 8, 4
METHODS = ["attention_relevance", "attention_rollout", "gradient_rollout", "raw_attention", "transformer_attribution"]


class Attends(nn.Module):
    """A block of tokens (b,n,d), in windows or all together, whose axes lie as `kind` says."""

    def __init__(self, kind: str, windows: bool, fused: bool) -> None:
        super().__init__()
        self.kind, self.windows, self.fused = kind, windows, fused
        self.bias = nn.Parameter(torch.randn(2 * [WINDOW**2 if windows else SIDE**2]))  # what all axes share
        self.qkv, self.proj = nn.Linear(DIM, 3 * DIM), nn.Linear(DIM, DIM)

    def forward(self, x: Tensor) -> Tensor:
        b, n, _ = x.shape
        given = x
        if self.windows:
            x = x.unflatten(1, (2, WINDOW, 2, WINDOW)).transpose(2, 3).flatten(3, 4).flatten(1, 2)  # (b,w,n,d)
        else:
            x = x[:, None]
        q, k, v = self.qkv(x).unflatten(-1, (3, HEADS, -1)).permute(3, 0, 1, 4, 2, 5)  # (b,w,m,n,e) each
        out = torch.stack([q, k, v])
        match self.kind:
            case "heads":
                found = self.attended(*out.flatten(1, 2)).unflatten(0, (b, -1))
            case "folded":
                found = self.attended(*out.flatten(1, 3)).unflatten(0, (b, -1, HEADS))
            case "windows":
                found = self.attended(*out)
            case "within":
                found = self.attended(*out.transpose(2, 3)).transpose(1, 2)
        found = found.transpose(2, 3).flatten(3)  # (b,w,n,d)
        if self.windows:
            found = found.unflatten(1, (2, 2)).unflatten(3, (WINDOW, WINDOW)).transpose(2, 3).flatten(1, 4)
        return given + self.proj(found.reshape(b, n, DIM))

    def attended(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.fused:
            return F.scaled_dot_product_attention(q, k, v, self.bias)
        return ((q @ k.transpose(-2, -1)) * (DIM // HEADS) ** -0.5 + self.bias).softmax(-1) @ v


class Net(nn.Module):
    def __init__(self, kind: str, windows: bool, fused: bool) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, DIM, 4, 4)
        self.place = nn.Parameter(torch.randn(1, SIDE * SIDE, DIM))
        self.blocks = nn.ModuleList(Attends(kind, windows, fused) for _ in range(2))
        self.head = nn.Linear(DIM, 3)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.place
        for one in self.blocks:
            tokens = one(tokens)
        return self.head(tokens.mean(1))


def model(kind: str, windows: bool, fused: bool) -> Model:
    torch.manual_seed(0)
    return Model(Net(kind, windows, fused), mean=[0.5] * 3, std=[0.25] * 3, size=(32, 32))


PIXELS = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("kind", "windows"), [("folded", False), ("windows", True), ("within", True)])
def test_the_axes_are_found_and_maps_are_those_of_the_usual_axes(kind: str, windows: bool, fused: bool) -> None:
    usual, other = model("heads", windows, fused), model(kind, windows, fused)
    known = other.census(PIXELS).attention
    assert [one.axes.kind for one in known] == [kind] * 2 and all(one.heads == HEADS and one.proved for one in known)
    assert [one.keys for one in known] == [one.keys for one in usual.census(PIXELS).attention]
    for id in [*METHODS, *([] if windows else ["legrad"])]:
        wanted, found = explain(usual, PIXELS, id, target=1).values, explain(other, PIXELS, id, target=1).values
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5 * abs(wanted).max(), err_msg=id)
        assert abs(wanted).max() > 0


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize(("kind", "windows"), [("folded", False), ("windows", True), ("within", True)])
def test_the_viewer_shows_the_same_weights(kind: str, windows: bool, fused: bool) -> None:
    photo = PIXELS[:1]
    wanted, found = (attention(model(own, windows, fused), photo) for own in ("heads", kind))
    for a, b in zip(wanted.calls, found.calls, strict=True):
        np.testing.assert_allclose(a.weights(), b.weights(), atol=1e-5)
