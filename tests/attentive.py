"""Tiny transformers: one whose evidence is known, and one that shows its attention to the tests."""

import torch
import torch.nn.functional as F
from timm.models.mvitv2 import MultiScaleVit, MultiScaleVitCfg
from timm.models.swin_transformer import SwinTransformer
from torch import Tensor, nn

from conftest import MEAN, STD, Bright
from seewhy import Model, get_method
from seewhy.types import Need


class Heads(nn.Module):
    """A block of attention of CLS and patches by colour: one head asks for red, the other for green."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        heads = x.unflatten(2, (2, 4)).transpose(1, 2)
        out = F.scaled_dot_product_attention(torch.full_like(heads, 2.0), heads, heads)
        return x + self.scale * out.transpose(1, 2).flatten(2)


class BrightTokens(nn.Module):
    """Bright's classes on the tokens of patches: class 1 grows with the bright red that CLS attends to."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv, self.norm, self.act = nn.Conv2d(3, 8, 4, stride=4), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.first, self.last = Heads(0.2), Heads(1.0)
        self.drop, self.fc = nn.Dropout(0.5), nn.Linear(8, 3)
        self.cls = nn.Parameter(torch.zeros(1, 1, 8))
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.02 * torch.randn(p.shape, generator=generator))
            self.norm.weight.fill_(1.0)
            self.conv.weight[:4, 0] += 0.15  # red
            self.conv.weight[:4, 1:] -= 0.07
            self.conv.weight[4:, 1] += 0.15  # green
            self.conv.weight[4:, ::2] -= 0.07
            self.conv.bias.fill_(-0.3)
            self.fc.weight[0, :4] -= 1.0
            self.fc.weight[1, :4] += 1.0
            self.fc.weight[2, 4:] += 1.0
            self.fc.bias[0] += 3.0

    def forward(self, x: Tensor) -> Tensor:
        patches = self.act(self.norm(self.conv(x))).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), patches], 1)
        x = self.last(self.first(x))
        return self.fc(self.drop(x[:, 0]))


def evident(id: str) -> Model:
    """The network with planted evidence that has what a method needs."""
    needs = get_method(id).info.needs
    net = BrightTokens() if Need.ATTENTION in needs else Bright()
    return Model(net, mean=MEAN, std=STD, size=(32, 40), classes=["dark", "red", "green"])


class Block(nn.Module):
    """A block whose attention is computed in one of three ways: "fused", "plain" or "module"."""

    def __init__(self, width: int, how: str) -> None:
        super().__init__()
        self.how, self.norm1, self.norm2 = how, nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.weights: Tensor | None = None  # of the last forward, in its graph: for the tests' own arithmetic

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))

    def attend(self, x: Tensor) -> Tensor:
        if self.how == "module":
            return self.attn(x, x, x, need_weights=False)[0]
        made = F.linear(x, self.attn.in_proj_weight, self.attn.in_proj_bias)
        q, k, v = made.unflatten(2, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        if self.how == "fused":
            out = F.scaled_dot_product_attention(q, k, v)
        else:
            self.weights = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).softmax(-1)
            out = F.dropout(self.weights, 0.1, self.training) @ v
        return self.attn.out_proj(out.transpose(1, 2).flatten(2))


class TinyViT(nn.Module):
    """Random: patches of 4 pixels, `others` tokens before them, of which the first is CLS. pooled: the head reads the
    mean of the patches instead."""

    def __init__(self, how: str = "fused", others: int = 1, depth: int = 3, pooled: bool = False) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.patch, self.others = nn.Conv2d(3, 12, 4, stride=4), nn.Parameter(torch.zeros(1, others, 12))
        self.blocks = nn.ModuleList([Block(12, how) for _ in range(depth)])
        self.norm, self.fc, self.pooled = nn.LayerNorm(12), nn.Linear(12, 4), pooled
        with torch.no_grad():
            for name, p in self.named_parameters():
                if "norm" not in name:
                    p.copy_(0.5 * torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patch(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.others.expand(len(x), -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.norm(tokens)
        return self.fc(tokens[:, self.others.shape[1] :].mean(1) if self.pooled else tokens[:, 0])


def small_swin() -> nn.Module:
    """Random: 16x16 cells in windows of 4x4, shifted in the second call of each stage, then 8x8."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = SwinTransformer(64, 4, num_classes=3, embed_dim=12, depths=(2, 2), num_heads=(2, 2), window_size=4)
    return net.eval()


def small_mvit() -> nn.Module:
    """Random: 16x16 cells ask 4x4, then 8x8 ask 8x8."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stages = MultiScaleVitCfg(depths=(1, 1), embed_dim=(16, 32), num_heads=(1, 2), stride_q=((1, 1), (2, 2)))
        net = MultiScaleVit(stages, 64, num_classes=3)
    return net.eval()
