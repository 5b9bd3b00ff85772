"""Chefer, Gur and Wolf's relevance of attention, node by node from the paper, on a tiny transformer.

arXiv:2012.09838: equation 3 at layers (positive products, no bias), 8 at sums and products, 10 to 12 to keep totals.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attentive import Block, TinyViT
from comparing import relative
from conftest import MEAN, STD
from seewhy import Model
from seewhy.errors import Unsupported
from seewhy.model.relevance.at_attention import positive_relevance, relevance_at_attention
from seewhy.targets import ClassLogit, Contrast


def by_layer(weight: Tensor, x: Tensor, r: Tensor) -> Tensor:
    """Of tokens (n,i) and their relevance (n,o): each product on its own."""
    products = (x[:, :, None] * weight.T[None]).clamp(min=0)  # (n,i,o)
    total = products.sum(1, keepdim=True)
    return torch.where(total > 0, products / total, 0.0).mul(r[:, None]).sum(2)


def by_sum(a: Tensor, b: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    parts = [one / (a + b) * r for one in (a, b)]
    sizes = [one.sum().abs() for one in parts]
    first, second = (one * size / sum(sizes) * r.sum() / one.sum() for one, size in zip(parts, sizes, strict=True))
    return first, second


def by_block(block: Block, x: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    """Relevance (n,d) of what a block was given, and (m,n,n) of its weights."""
    own = block.attn
    normed = block.norm1(x)
    qkv = F.linear(normed, own.in_proj_weight, own.in_proj_bias)
    q, k, v = qkv.unflatten(1, (3, 2, -1)).permute(1, 2, 0, 3)  # (m,n,d)
    weights = (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1)
    mixed = weights @ v
    y = x + own.out_proj(mixed.transpose(0, 1).flatten(1))
    hidden = block.mlp[0](block.norm2(y))
    up = block.mlp[2](F.gelu(hidden))
    r_y, r_up = by_sum(y, up, r)
    r_up = by_layer(block.mlp[0].weight, block.norm2(y), by_layer(block.mlp[2].weight, F.gelu(hidden), r_up))
    r_x, r_own = by_sum(x, y - x, r_y + r_up)
    r_mixed = by_layer(own.out_proj.weight, mixed.transpose(0, 1).flatten(1), r_own)
    r_mixed = r_mixed.unflatten(1, (2, -1)).transpose(0, 1)
    parts = weights[..., None] * v[:, None] * (r_mixed / mixed)[:, :, None]  # (m,n,n',d)
    r_weights, r_v = parts.sum(3) / 2, parts.sum(1) / 2
    parts = q[:, :, None] * k[:, None] * (r_weights / (q @ k.mT))[..., None]
    r_qkv = torch.stack([parts.sum(2) / 2, parts.sum(1) / 2, r_v]).permute(2, 0, 1, 3).flatten(1)
    return r_x + by_layer(own.in_proj_weight, normed, r_qkv), r_weights


def by_hand(net: TinyViT, image: Tensor, k: int) -> tuple[list[Tensor], Tensor]:
    """Relevance of the weights of each block, and of the image (3,h,w) by the box rule at the patches."""
    others = net.others.shape[1]
    inputs = [torch.cat([net.others[0], net.patch(image[None]).flatten(2)[0].T])]
    for block in net.blocks:
        inputs.append(block(inputs[-1][None])[0])
    tokens = net.norm(inputs[-1])
    read = tokens[others:].mean(0) if net.pooled else tokens[0]
    r = by_layer(net.fc.weight, read[None], torch.eye(4).double()[k][None])[0]
    if net.pooled:
        r = F.pad(tokens[others:] / tokens[others:].sum(0) * r, (0, 0, others, 0))
    else:
        r = F.pad(r[None], (0, 0, 0, len(tokens) - 1))
    found = []
    for block, x in zip(reversed(net.blocks), reversed(inputs[:-1]), strict=True):
        r, weights = by_block(block, x, r)
        found.insert(0, weights)
    return found, by_box(net.patch, image, r[others:])


def by_box(patch: nn.Conv2d, image: Tensor, r: Tensor) -> Tensor:
    """Of patches of 4 pixels (cells,d), five in a row."""
    mean, std = (torch.tensor(one, dtype=torch.float64) for one in (MEAN, STD))
    low, high = (((limit - mean) / std).view(3, 1, 1) for limit in (0.0, 1.0))
    found = torch.zeros_like(image)
    for at, one in enumerate(r):
        down, right = 4 * (at // 5), 4 * (at % 5)
        own, w = image[:, down : down + 4, right : right + 4], patch.weight  # (d,3,4,4)
        share = own * w - low * w.clamp(min=0) - high * w.clamp(max=0)
        found[:, down : down + 4, right : right + 4] = (share * (one / share.sum((1, 2, 3))).view(-1, 1, 1, 1)).sum(0)
    return found


@pytest.fixture
def pictures() -> Tensor:
    return torch.rand(3, 3, 16, 20, generator=torch.Generator().manual_seed(5)).double()


@pytest.mark.parametrize("how", ["fused", "plain", "module"])
@pytest.mark.parametrize(("others", "pooled"), [(1, False), (2, True)])
def test_it_is_the_papers_node_by_node(how: str, others: int, pooled: bool, pictures: Tensor) -> None:
    net = TinyViT(how, others=others, pooled=pooled).double().eval()
    model = Model(net, mean=MEAN, std=STD)
    targets = [ClassLogit(k).pin(torch.zeros(3, 4), int) for k in (2, [0, 1, 3])]
    with model.frozen():
        found = relevance_at_attention(model, pictures, targets)
        full = positive_relevance(model, pictures, targets)
        normal = model.normalised(pictures)
        assert [tuple(one.shape) for one in found] == [(2, 3, 2, 20 + others, 20 + others)] * 3
        for at, classes in enumerate(([2, 2, 2], [0, 1, 3])):
            for i, k in enumerate(classes):
                wanted, pixels = by_hand(net, normal[i], k)
                for call, one in zip(found, wanted, strict=True):
                    assert relative(call[at, i], one) <= 1e-8
                assert relative(full[at, i], pixels) <= 1e-8


class Odd(nn.Module):
    """Tokens first, images second; weights that are biased and dropped, a sum in place, a gate."""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.first, self.patch = first, nn.Conv2d(3, 8, 4, 4)
        self.norm, self.qkv, self.fc = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 4)
        self.bias = nn.Parameter(torch.zeros(20, 20))
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.5 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).permute((2, 0, 1) if self.first else (0, 2, 1))
        y = self.norm(x).transpose(0, 1) if self.first else self.norm(x)
        q, k, v = self.qkv(y).chunk(3, -1)
        y = F.dropout((q @ k.mT / 3 + self.bias).softmax(-1), 0.1, self.training) @ v
        x = x * 1  # a copy
        x += y.transpose(0, 1) if self.first else y
        x = x * x.sigmoid()
        return self.fc(x.mean(0 if self.first else 1)).mul(1)


def test_images_that_lie_on_another_axis_are_taken_one_by_one(pictures: Tensor) -> None:
    targets = [ClassLogit(2).pin(torch.zeros(3, 4), int), Contrast(1, 2).pin(torch.zeros(3, 4), int)]
    results = []
    for first in (False, True):
        model = Model(Odd(first).double().eval(), mean=MEAN, std=STD)
        with model.frozen():
            both = relevance_at_attention(model, pictures, targets), positive_relevance(model, pictures, targets)
            (alone,) = relevance_at_attention(model, pictures[1:2], targets, torch.tensor([1]))
        results.append(both)
        assert relative(both[0][0][:, 1:2], alone) <= 1e-9
    (one,), full = results[0]
    (other,), other_full = results[1]
    assert one.shape == (2, 3, 20, 20) and relative(one, other) <= 1e-9 and relative(full, other_full) <= 1e-9


def test_without_attention_there_is_nothing_to_ask(small: Model, x: Tensor) -> None:
    with small.frozen(), pytest.raises(Unsupported, match="no weights of attention"):
        relevance_at_attention(small, x, [ClassLogit(1).pin(torch.zeros(2, 4), int)])


def test_weights_that_are_mixed_among_heads_are_weights_still(pictures: Tensor) -> None:
    class Talking(Odd):
        """Of CaiT: the heads' weights are mixed behind the softmax."""

        def forward(self, x: Tensor) -> Tensor:
            x = self.norm(self.patch(x).flatten(2).transpose(1, 2))
            q, k, v = self.qkv(x).unflatten(2, (3, 2, 4)).permute(2, 0, 3, 1, 4)
            weights = (q @ k.mT / 2).softmax(-1).permute(0, 2, 3, 1)
            weights = F.linear(weights, self.bias[:2, :2]).permute(0, 3, 1, 2)
            return self.fc((x + (weights @ v).transpose(1, 2).flatten(2)).mean(1))

    model = Model(Talking(False).double().eval(), mean=MEAN, std=STD)
    with model.frozen():
        (found,) = relevance_at_attention(model, pictures, [ClassLogit(2).pin(torch.zeros(3, 4), int)])
    assert found.shape == (1, 3, 2, 20, 20) and found.abs().sum() > 0
