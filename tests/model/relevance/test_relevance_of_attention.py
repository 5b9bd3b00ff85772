"""AttnLRP on a small transformer, with the relevance of every node written out from the paper.

Achtibat et al., arXiv:2402.05602: epsilon at linear layers (equation 8), the softmax's expansion (12), half of a matrix
product to each side (14), normalising layers and activations pass it on (17, 9). Each line hands down relevance itself,
from a node to those it was made of; nothing here is a gradient.
"""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from comparing import relative
from relevances import relevance
from seewhy.model.relevance.presets import Preset

EPSILON = 1e-3
N, D, HEADS, CLASSES = 5, 8, 2, 3


class Tiny(nn.Module):
    """Two blocks of attention and GELU over the pixels' columns, a class token, places; attention by `how`."""

    def __init__(self, how: str = "spelled out") -> None:
        super().__init__()
        self.how = how
        self.embed, self.head = nn.Linear(12, D), nn.Linear(D, CLASSES)
        self.cls, self.places = nn.Parameter(torch.zeros(1, 1, D)), nn.Parameter(torch.zeros(1, N + 1, D))
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "norm1": nn.LayerNorm(D),
                    "norm2": nn.LayerNorm(D),
                    "qkv": nn.Linear(D, 3 * D),
                    "out": nn.Linear(D, D),
                    "up": nn.Linear(D, 12),
                    "down": nn.Linear(12, D),
                }
            )
            for _ in range(2)
        )
        generator = torch.Generator().manual_seed(0)
        for p in self.parameters():
            p.requires_grad_(False).copy_(0.6 * torch.randn(p.shape, generator=generator))
        self.double()

    def attend(self, block: Any, x: Tensor) -> Tensor:
        if self.how == "multi-head":
            own = block["qkv"], block["out"]
            shared = (D, HEADS, own[0].weight, own[0].bias, None, None, False, 0.0, own[1].weight, own[1].bias)
            x = x.transpose(0, 1)
            out, _ = F.multi_head_attention_forward(x, x, x, *shared, training=False, need_weights=False)
            return out.transpose(0, 1)
        q, k, v = block["qkv"](x).unflatten(2, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        if self.how == "fused":
            mixed = F.scaled_dot_product_attention(q, k, v)
        else:
            mixed = (q @ k.transpose(-2, -1) * math.sqrt(HEADS / D)).softmax(-1) @ v
        return block["out"](mixed.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x.permute(0, 3, 1, 2).flatten(2))
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.places
        for block in self.blocks:
            x = x + self.attend(block, block["norm1"](x))
            x = x + block["down"](F.gelu(block["up"](block["norm2"](x))))
        return self.head(x[:, 0])


def by_linear(layer: nn.Linear, x: Tensor, r: Tensor) -> Tensor:
    """Equation 8, of tokens (n,i) and relevance (n,o)."""
    z = layer(x)
    z = z + EPSILON * torch.where(z < 0, -1.0, 1.0).double()
    return torch.einsum("ni,oi,no->ni", x, layer.weight, r / z)


def by_norm(norm: nn.LayerNorm, x: Tensor, r: Tensor) -> Tensor:
    """x - mean is a linear layer, the length a constant, weight and bias one more linear layer."""
    centred = x - x.mean(1, keepdim=True)
    scaled = centred / (centred.square().mean(1, keepdim=True) + norm.eps).sqrt() * norm.weight
    r = scaled / (scaled + norm.bias) * r  # the bias keeps its share
    linear = torch.eye(D).double() - 1 / D  # centred_j = sum_i x_i linear_ij
    return torch.einsum("ni,ij,nj->ni", x, linear, r / centred)


def by_sum(a: Tensor, b: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    return a / (a + b) * r, b / (a + b) * r


def by_attention(block: Any, x: Tensor, r: Tensor) -> Tensor:
    q, k, v = block["qkv"](x).unflatten(1, (3, HEADS, -1)).permute(1, 2, 0, 3)
    dots = q @ k.mT * math.sqrt(HEADS / D)
    a = dots.softmax(-1)
    mixed = a @ v
    r = by_linear(block["out"], mixed.transpose(0, 1).flatten(1), r).unflatten(1, (HEADS, -1)).transpose(0, 1)
    parts = a[..., None] * v[:, None] * (r / (2 * mixed))[:, :, None]  # (m,n,n',d): equation 14
    r_a, r_v = parts.sum(3), parts.sum(1)
    r_dots = dots * (r_a - a * r_a.sum(2, keepdim=True))  # equation 12
    parts = q[:, :, None] * k[:, None] * math.sqrt(HEADS / D) * (r_dots / (2 * dots))[..., None]
    r_qkv = torch.stack([parts.sum(2), parts.sum(1), r_v]).permute(2, 0, 1, 3).flatten(1)
    return by_linear(block["qkv"], x, r_qkv)


def by_hand(net: Tiny, image: Tensor, k: int) -> Tensor:
    """Relevance (3,h,w) of one image for class k."""
    patches = image.permute(2, 0, 1).flatten(1)
    x = torch.cat([net.cls[0], net.embed(patches)])
    embedded, seen = x, []
    x = x + net.places[0]
    for block in net.blocks:
        own = net.attend(block, block["norm1"](x)[None])[0]
        y = x + own
        hidden = block["up"](block["norm2"](y))
        seen.append((block, x, own, y, hidden, block["down"](F.gelu(hidden))))
        x = y + seen[-1][-1]
    score = net.head(x[:1])
    r = torch.zeros_like(x)
    r[:1] = by_linear(net.head, x[:1], torch.zeros_like(score).index_fill(1, torch.tensor([k]), float(score[0, k])))
    for block, x, own, y, hidden, up in reversed(seen):
        r, r_up = by_sum(y, up, r)
        r_up = by_linear(block["up"], block["norm2"](y), by_linear(block["down"], F.gelu(hidden), r_up))
        r, r_own = by_sum(x, own, r + by_norm(block["norm2"], y, r_up))
        r = r + by_norm(block["norm1"], x, by_attention(block, block["norm1"](x), r_own))
    r, _ = by_sum(embedded, net.places[0], r)
    return by_linear(net.embed, patches, r[1:]).unflatten(1, (3, -1)).permute(1, 2, 0)


@pytest.mark.parametrize("how", ["spelled out", "fused", "multi-head"])
def test_it_is_what_the_paper_says_node_by_node(how: str) -> None:
    net = Tiny(how)
    x = torch.randn(2, 3, 4, N, generator=torch.Generator().manual_seed(1)).double()
    preset = Preset("attnlrp", "epsilon", "epsilon", None, EPSILON)
    for k in range(CLASSES):
        values, absorbed, scores = relevance(net, x, preset, k)
        assert relative(values, torch.stack([by_hand(net, one, k) for one in x])) <= 1e-10
        kept = sum(absorbed.values())
        torch.testing.assert_close(values.sum((1, 2, 3)) + kept, scores, rtol=1e-10, atol=1e-12)


def test_keys_and_values_of_others_and_weights_that_are_asked_for() -> None:
    own = nn.MultiheadAttention(D, HEADS, kdim=4, vdim=6).double().eval().requires_grad_(False)
    x = torch.randn(2, 5, D, generator=torch.Generator().manual_seed(1)).double()

    def net(x: Tensor) -> Tensor:
        query, key, value = x.transpose(0, 1), x[..., :4].transpose(0, 1), x[..., 2:].transpose(0, 1)
        found, weights = own(query, key, value)
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 5).double())
        return found.transpose(0, 1).flatten(1)

    wide = x[:, None]  # as images of one channel
    values, absorbed, scores = relevance(lambda wide: net(wide[:, 0]), wide, Preset("", "gamma", "gamma"))
    torch.testing.assert_close(values.sum((1, 2, 3)) + sum(absorbed.values()), scores, rtol=1e-10, atol=1e-12)
