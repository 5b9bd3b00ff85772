"""Receptive fields against those found by asking which pixels a cell's value depends on, in float64."""

from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from seewhy import Model, load
from seewhy.model.receptive import fields
from seewhy.results.receptive import Receptive

MEAN, STD = (0.4,) * 3, (0.2,) * 3


def found(net: nn.Module, size: tuple[int, int]) -> dict[str, tuple[Receptive | None, ...]]:
    model = Model(net.eval(), mean=MEAN, std=STD, size=size)
    with model.frozen():
        tape = model.census().tape
        assert tape is not None, model.census().why_no_tape
        return fields(tape, torch.rand(1, 3, *size).to(model.pixel_dtype))


def seen(net: nn.Module, layer: str, x: Tensor, of: Any) -> tuple[list[int], list[int]]:
    """Top, left, and bottom, right, of the pixels on which what `of` picks of the layer's last output depends."""
    kept: list[Tensor] = []
    handle = net.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.append(out))
    x = x.clone().requires_grad_()
    net(x)
    handle.remove()
    part = of(kept[-1])
    weights = torch.rand(part.shape, generator=torch.Generator().manual_seed(1)).to(part) + 0.5
    (grad,) = torch.autograd.grad((part * weights).sum(), x)
    places = (grad[0].abs().sum(0) > 0).nonzero()
    return places.amin(0).tolist(), (places.amax(0) + 1).tolist()


def clipped(one: Receptive, cell: tuple[int, int], size: tuple[int, int]) -> tuple[list[int], list[int]]:
    first = [one.start[i] + one.step[i] * cell[i] for i in (0, 1)]
    last = [first[i] + one.size[i] for i in (0, 1)]
    return [max(0, at) for at in first], [min(last[i], size[i]) for i in (0, 1)]


def smooth(net: nn.Module) -> nn.Module:
    """Without dead units or maxima, which hide pixels that a cell can see: what it sees stays the same."""
    for name, child in net.named_children():
        if isinstance(child, nn.ReLU | nn.ReLU6 | nn.Hardtanh):
            setattr(net, name, nn.Softplus())
        elif isinstance(child, nn.MaxPool2d):
            setattr(net, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))
        elif type(child).__name__ == "BatchNormAct2d":
            child.act = nn.Softplus()
        else:
            smooth(child)
    return net


class Mixed(nn.Module):
    """Two paths of other lengths, dilation, asymmetric kernels and paddings, strides that differ, a relu used twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, (5, 3), stride=(2, 1), padding=(2, 0))
        self.act = nn.Softplus()
        self.far = nn.Conv2d(4, 4, 3, dilation=3, padding=3)
        self.near = nn.Conv2d(4, 4, 1)
        self.same = nn.Conv2d(4, 4, 5, padding="same", dilation=2)
        self.mirrored = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.pool = nn.AvgPool2d((3, 2), (2, 2), padding=(1, 0))
        self.join = nn.Identity()
        self.every = nn.Identity()
        self.shuffled = nn.Identity()
        self.last = nn.Identity()
        self.rows = nn.Identity()
        self.squeeze = nn.Identity()
        self.scaled = nn.Identity()
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.stem(x))
        x = self.act(self.join(self.far(x) + self.near(x)))
        x = self.pool(self.mirrored(self.same(x)))
        x = torch.cat([x, nn.functional.pad(x, (1, 0, 0, 0))[..., :-1]], 1)
        x = self.every(x[:, :, 1::2])
        x = self.shuffled(x.view(len(x), 2, 4, *x.shape[2:]).transpose(1, 2).reshape(x.shape))
        x = self.last(nn.functional.layer_norm(x.permute(0, 2, 3, 1), (8,)))
        rows = self.rows(x.flatten(1, 2))
        x = rows.transpose(1, 2).reshape(len(x), 8, *x.shape[1:3])
        gate = self.squeeze(x.mean((2, 3), keepdim=True))
        return self.fc(self.scaled(x * gate.sigmoid()).mean((2, 3)))


SIZE = (70, 60)


@pytest.mark.parametrize(
    ("layer", "cell"),
    [
        ("stem", (3, 4)), ("act", (12, 20)), ("far", (0, 0)), ("far", (12, 20)), ("near", (5, 9)), ("join", (15, 20)),
        ("same", (15, 30)), ("mirrored", (15, 30)), ("pool", (7, 13)), ("every", (4, 13)), ("shuffled", (3, 12)),
    ],
)  # fmt: skip
def test_a_cell_sees_the_pixels_its_value_depends_on(layer: str, cell: tuple[int, int]) -> None:
    net = Mixed().double()
    one = found(net, SIZE)[layer][-1]
    assert one is not None
    x = torch.rand(1, 3, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert seen(net, layer, x, lambda out: out[0, :, cell[0], cell[1]]) == clipped(one, cell, SIZE)


def test_channels_last_and_rows_of_cells_have_theirs_and_what_is_mixed_has_none() -> None:
    net = Mixed().double()
    known = found(net, SIZE)
    x = torch.rand(1, 3, *SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    last, rows = known["last"][0], known["rows"][0]
    assert last == rows == known["shuffled"][0] and last is not None
    assert seen(net, "last", x, lambda out: out[0, 3, 12, :]) == clipped(last, (3, 12), SIZE)
    wide = 28  # columns: of 58 by pools of 2, padded and cut again
    assert seen(net, "rows", x, lambda out: out[0, 3 * (out.shape[1] // 9) + 12]) == clipped(last, (3, 12), SIZE), wide
    assert [known[name] for name in ("squeeze", "scaled", "fc")] == [(None,)] * 3
    first, second = known["act"]
    assert first is not None and second is not None and first.size == (5, 3) and second.size == (5 + 2 * 6, 3 + 6)


def test_networks_have_the_fields_that_are_published_and_that_the_formula_gives() -> None:
    """Araujo et al., Computing Receptive Fields of Convolutional Neural Networks, Distill 2019: table 1 and (2)."""
    assert found(torchvision.models.alexnet(weights=None), (64, 64))["features"][0].size == (195, 195)
    vgg = found(torchvision.models.vgg16(weights=None), (64, 64))
    assert vgg["features"][0] == Receptive((212, 212), (32, 32), (-90, -90))
    resnet = found(torchvision.models.resnet50(weights=None), (96, 64))
    size, jump = 7 + 2 * 2, 4  # conv1 and the pooling
    for stage, blocks in enumerate((3, 4, 6, 3), 1):  # of each block the 3x3 kernel, of a stage's first with stride
        size += 2 * jump
        jump *= 2 if stage > 1 else 1
        size += 2 * jump * (blocks - 1)
        assert resnet[f"layer{stage}"][0].size == (size, size) and resnet[f"layer{stage}"][0].step == (jump, jump)
    assert size == 427 and resnet["fc"] == (None,) and resnet["avgpool"] == (None,)


def googlenet() -> nn.Module:
    net: nn.Module = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=False)
    return net


@pytest.mark.parametrize(
    ("build", "layer", "cell"),
    [
        (lambda: torchvision.models.resnet18(weights=None), "layer2", (9, 12)),
        (googlenet, "inception3a", (9, 12)),
        (lambda: torchvision.models.shufflenet_v2_x0_5(weights=None), "stage2", (9, 12)),
        (lambda: timm.create_model("convnext_atto"), "stages.1", (9, 12)),
    ],
    ids=["resnet18", "googlenet", "shufflenet", "convnext"],
)  # fmt: skip
def test_known_networks_see_what_their_gradients_tell(build: Any, layer: str, cell: tuple[int, int]) -> None:
    torch.manual_seed(0)
    size = (160, 192)
    net = smooth(build()).double().eval()
    with torch.no_grad():
        for module in net.modules():  # layer scales near nothing hide what passes through them
            if hasattr(module, "gamma") and isinstance(module.gamma, nn.Parameter):
                module.gamma.fill_(1.0)
    one = found(net, size)[layer][-1]
    assert one is not None
    x = torch.rand(1, 3, *size, dtype=torch.float64)
    assert seen(net, layer, x, lambda out: out[0, :, cell[0], cell[1]]) == clipped(one, cell, size)


def test_the_patches_of_a_vit_have_theirs_and_what_attends_has_none() -> None:
    model = load("timm:vit_tiny_patch16_224", weights="random")
    with model.frozen():
        known = fields(model.census().tape, torch.rand(1, 3, 224, 224))
    patch = Receptive((16, 16), (16, 16), (0, 0))
    assert known["patch_embed"] == known["pos_drop"] == known["blocks.0.norm1"] == (patch,)
    assert {known[name] for name in ("blocks.0.attn", "blocks.0", "norm", "head")} == {(None,)}


@pytest.mark.parametrize(("name", "stem"), [("swin_tiny_patch4_window7_224", "patch_embed"), ("mixer_s32_224", "stem")])
def test_windows_and_mixers_claim_nothing_behind_their_patches(name: str, stem: str) -> None:
    known = found(timm.create_model(name), (224, 224))
    patches = known[stem][0]
    assert patches is not None and patches.size == patches.step
    later = [one for one in known if one.endswith(("attn", "mlp_tokens", "norm", "head")) and stem not in one]
    assert later and not any(known[one][0] for one in later)
