"""Layers are read as they return, gradients are those of autograd, and nothing behind them runs."""

from dataclasses import replace

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from comparing import relative
from seewhy import Model
from seewhy.errors import Unsupported
from seewhy.targets import as_target

NETS = {
    "resnet18": (lambda: torchvision.models.resnet18(weights=None), ["layer1.0.relu", "layer2", "layer3.0.conv1"]),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(weights=None), ["features.3", "features.5.conv.0.1"]),
    "vit": (
        lambda: timm.create_model("vit_tiny_patch16_224", img_size=64, depth=3),
        ["patch_embed", "blocks.0.mlp", "blocks.1"],
    ),
    "swin": (
        lambda: timm.create_model("swin_tiny_patch4_window7_224", img_size=64, window_size=4, depths=(1, 1, 1, 1)),
        ["layers.1", "layers.2.blocks.0"],
    ),
}


@pytest.fixture(scope="module", params=NETS)
def net(request: pytest.FixtureRequest) -> tuple[Model, list[str]]:
    make, layers = NETS[request.param]
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        module = make()
    return Model(module, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.25), size=(64, 64)), layers


@pytest.fixture
def x() -> Tensor:
    return torch.rand(5, 3, 64, 64, generator=torch.Generator().manual_seed(3))


def by_hooks(model: Model, x: Tensor, layers: list[str]) -> tuple[list[Tensor], Tensor]:
    """What the layers return in the graph, each hook's copy made before an in-place layer can rewrite it."""
    seen: dict[str, Tensor] = {}
    hooks = [
        model.module.get_submodule(name).register_forward_hook(
            lambda _m, _a, out, name=name: (seen.__setitem__(name, out), out.clone())[1]
        )
        for name in layers
    ]
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in (model.mean, model.std))
    out = model.module.eval()((x - mean) / std)
    for hook in hooks:
        hook.remove()
    return [seen[name] for name in layers], out


@pytest.mark.parametrize("fast", [True, False])
def test_layers_are_read_as_they_return(net: tuple[Model, list[str]], x: Tensor, fast: bool) -> None:
    model, layers = replace(net[0], fast=fast), net[1]
    with model.frozen():
        found = model.read(x, layers)
    with torch.no_grad():
        wanted, _ = by_hooks(model, x, layers)
    for one, other in zip(found, wanted, strict=True):
        assert not one.requires_grad
        assert one.shape == other.shape and relative(one, other) < 1e-5


@pytest.mark.parametrize("fast", [True, False])
def test_pixels_gradients_of_layers_are_autograd_s(net: tuple[Model, list[str]], x: Tensor, fast: bool) -> None:
    model, layers = replace(net[0], fast=fast), net[1]
    weights = torch.Generator().manual_seed(5)

    def loss(values: list[Tensor]) -> Tensor:
        weights.manual_seed(5)
        return torch.stack([(one * torch.rand(one.shape, generator=weights)).mean() for one in values]).sum()

    with model.frozen():
        at = x.clone().requires_grad_()
        (found,) = torch.autograd.grad(loss(model.upto(at, layers)), at)
        at = x.clone().requires_grad_()
        (wanted,) = torch.autograd.grad(loss(by_hooks(model, at, layers)[0]), at)
    assert relative(found, wanted) < 1e-4


@pytest.mark.parametrize("fast", [True, False])
def test_the_score_s_gradients_at_whole_outputs(net: tuple[Model, list[str]], x: Tensor, fast: bool) -> None:
    model, layers = replace(net[0], fast=fast, memory=1), net[1]  # an image at a time: targets follow the rows
    classes = [1, 2, 3, 4, 0]
    with model.frozen():
        targets = [as_target(one).pin(model.outputs(x), model.find) for one in (classes, 7)]
        values, grads = model.sensitivities(x, targets, layers)
    wanted, out = by_hooks(model, x.clone().requires_grad_(), layers)
    for i, score in enumerate([out[torch.arange(5), classes].sum(), out[:, 7].sum()]):
        each = torch.autograd.grad(score, wanted, retain_graph=True)
        for value, at, grad, other in zip(values, wanted, grads, each, strict=True):
            assert relative(value, at.detach()) < 1e-5
            assert grad.shape == (2, *at.shape) and relative(grad[i], other) < 1e-4


@pytest.mark.engine
@pytest.mark.parametrize("layers", [["layer1.0.bn2", "layer2"], ["layer1.0.conv1", "layer1.0.bn1", "layer1"]])
def test_the_fast_way_keeps_copies_of_what_is_rewritten_in_place(x: Tensor, layers: list[str]) -> None:
    """By itself: what it gives is right, so that it need not be refused for the module as it is."""
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        model = Model(torchvision.models.resnet18(weights=None), mean=(0.5,) * 3, std=(0.25,) * 3, size=(64, 64))
    with model.frozen():
        model.read(x, layers)
        model.upto(x.clone().requires_grad_(), layers)
        programs = model.programs(x)
    assert programs is not None and not [key for key in programs.refused if key[0] == "reaching"]


def test_nothing_behind_the_layer_runs(x: Tensor) -> None:
    class Late(nn.Module):
        ran = 0

        def forward(self, x: Tensor) -> Tensor:
            self.ran += len(x)
            return x.mean((2, 3))

    late = Late()
    model = Model(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), late), mean=(0,) * 3, std=(1,) * 3)
    plain = replace(model, fast=False)
    for one in (model, plain):
        with one.frozen():
            one.read(x, ["0"])  # which looks at the network first
            before = late.ran
            (maps,) = one.read(x, ["0"])
        assert late.ran == before
        assert maps.min() < 0, "the convolution's output, not what the ReLU made of it"


def test_a_layer_that_runs_twice_is_read_at_its_last_run(x: Tensor) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act = nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            return self.act(self.act(x) - 0.5).mean((2, 3))

    model = Model(Twice(), mean=(0,) * 3, std=(1,) * 3)
    for one in (model, replace(model, fast=False)):
        with one.frozen():
            (found,) = one.read(x, ["act"])
        assert relative(found, (x - 0.5).clamp(min=0)) < 1e-6


def test_what_can_t_be_read_is_refused(x: Tensor) -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.spare, self.pair = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1), Pair()

        def forward(self, x: Tensor) -> Tensor:
            return self.pair(self.conv(x))[0].mean((2, 3))

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x + 1, x

    model = Model(Two(), mean=(0,) * 3, std=(1,) * 3)
    hooks = [len(one._forward_hooks) for one in model.module.modules()]
    for one in (model, replace(model, fast=False)):
        with one.frozen():
            with pytest.raises(Unsupported, match="'spare' is not used"):
                one.read(x, ["spare"])
            with pytest.raises(Unsupported, match="'pair' deals in tuple"):
                one.read(x, ["conv", "pair"])
            with pytest.raises(Unsupported, match="'spare' is not used"):
                one.sensitivities(x, [as_target(0).pin(one.outputs(x), one.find)], ["spare"])
    assert [len(one._forward_hooks) for one in model.module.modules()] == hooks
