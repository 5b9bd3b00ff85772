"""Layers read at some of their channels: the same values and gradients, and no others are computed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model
from seewhy.errors import BadOption
from seewhy.model import parted
from seewhy.model.fused_chain import Stretch, fused
from seewhy.model.program import reach
from seewhy.synthesis import objectives, visualize
from seewhy.synthesis.looking import Reads, eye

CHANNELS = (5, 2, 11)


def network(name: str) -> nn.Module:
    """With batch norms that are not ones, so that folding them moves every channel otherwise."""
    with torch.random.fork_rng():
        torch.default_generator.manual_seed(0)
        made: nn.Module = getattr(torchvision.models, name)(weights=None).eval()
        for one in made.modules():
            if isinstance(one, nn.BatchNorm2d):
                one.weight.data.uniform_(0.5, 1.5)
                one.bias.data.normal_(0, 0.3)
                assert one.running_mean is not None
                one.running_mean.normal_(0, 0.1)
    return made


@pytest.fixture(scope="module")
def nets() -> dict[str, Model]:
    names = ("resnet18", "mobilenet_v2", "vgg11")
    return {name: Model(network(name), mean=MEAN, std=STD, size=(64, 64), fold=True) for name in names}


def photos(count: int) -> Tensor:
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def same(found: Sequence[Tensor], wanted: Sequence[Tensor], tolerance: float) -> None:
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=tolerance * float(other.abs().max()), rtol=0)


def slopes(model: Model, x: Tensor, layer: str, channels: Sequence[int], *, narrow: bool) -> tuple[Tensor, Tensor]:
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        (out,) = model.upto(own, [layer], channels={layer: channels} if narrow else None)
        out = out if narrow else out[:, list(channels)]
        weights = torch.linspace(-1, 1, out[0].numel()).view(out.shape[1:]).to(out)
        (grad,) = torch.autograd.grad((out * weights).sum(), own)
    return out.detach(), grad


def narrowed(model: Model, x: Tensor, layer: str) -> list[Any]:
    """The last call of what was made for some channels of the layer."""
    programs = model.programs(x)
    assert programs is not None and not programs.refused
    return [one.program.calls[-1].function for one in programs._made["reaching", True, layer]._narrowed.values()]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "layer", "shortcut"),
    [
        ("resnet18", "layer1", True),  # a rectified sum
        ("resnet18", "layer2.0", True),  # with a shortcut that is a convolution
        ("resnet18", "layer2.0.bn2", False),
        ("mobilenet_v2", "features.3", True),  # a sum that is not rectified
        ("mobilenet_v2", "features.4", False),
        ("vgg11", "features.1", False),
    ],
)
@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_channels_that_nobody_reads_are_not_made(
    nets: dict[str, Model], name: str, layer: str, shortcut: bool, images: int, dtype: Any
) -> None:
    model = nets[name] if dtype == "float32" else nets[name].at(dtype)
    x = photos(images).to(getattr(torch, dtype))
    same(slopes(model, x, layer, CHANNELS, narrow=True), slopes(model, x, layer, CHANNELS, narrow=False), 1e-5)
    if dtype == "float64":  # where no rounding moves a unit over its kink
        plain = replace(model, fast=False, fold=False)
        same(slopes(model, x, layer, CHANNELS, narrow=True), slopes(plain, x, layer, CHANNELS, narrow=False), 1e-9)
    (last,) = narrowed(model, x, layer)
    assert isinstance(last, Stretch)
    assert len(last.steps[-1].conv.weight) == len(CHANNELS) and (last.steps[-1].channels is not None) is shortcut


@pytest.mark.engine
def test_a_wide_value_in_groups_is_narrowed_too(nets: dict[str, Model], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first group's part is added to the shortcut."""
    monkeypatch.setattr(parted, "HELD", 2**16)
    model = Model(nets["mobilenet_v2"].module, mean=MEAN, std=STD, size=(64, 64), fold=True)
    x = photos(2)
    wanted = slopes(replace(model, fast=False), x, "features.3", CHANNELS, narrow=False)
    same(slopes(model, x, "features.3", CHANNELS, narrow=True), wanted, 1e-3)
    (last,) = narrowed(model, x, "features.3")
    steps = last.parts([x])  # of as many pictures
    assert len(steps) > len(last.steps) and sum(one.channels is not None for one in steps) == 1


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("layer", ["features.2.conv.1", "features.3.conv.1.0", "features.0", "classifier"])
def test_where_all_must_be_made_some_are_picked(nets: dict[str, Model], layer: str, fast: bool) -> None:
    """Of what works channel by channel, of what a rectifier stands behind, of a vector, of modules that are run."""
    model = replace(nets["mobilenet_v2"].at("float64"), fast=fast)
    x = photos(2).double()
    wanted = slopes(replace(model, fast=False, fold=False), x, layer, CHANNELS, narrow=False)
    same(slopes(model, x, layer, CHANNELS, narrow=True), wanted, 1e-9)


@pytest.mark.engine
def test_two_names_of_one_value_have_channels_each(nets: dict[str, Model]) -> None:
    model = nets["resnet18"]
    x = photos(2)
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        whole, some = model.upto(own, ["layer1", "layer1.1"], channels={"layer1.1": [3, 1]})
        (again,) = model.upto(own, ["layer1"])
    assert torch.equal(whole[:, [3, 1]], some) and torch.equal(whole, again)


@pytest.mark.engine
def test_what_was_asked_for_last_is_kept_and_no_more(nets: dict[str, Model]) -> None:
    model = nets["resnet18"]
    x = photos(1)
    for channels in ((1,), (2,), (1, 2)):
        slopes(model, x, "layer1", channels, narrow=True)
        (kept,) = narrowed(model, x, "layer1")
        assert len(kept.steps[-1].conv.weight) == len(channels)


def test_what_an_objective_reads_of_a_layer() -> None:
    both = objectives.channel("l", 3) + 0.5 * objectives.neuron("l", 1) - objectives.interpolation("m", 4, "m", 0)
    assert both.reads.layers == ("l", "m") and not both.reads.outputs
    assert both.reads.of("l") == (1, 3) and both.reads.of("m") == (0, 4)
    whole = both + objectives.deepdream("l")
    assert whole.reads.of("l") == () and whole.reads.of("m") == (0, 4)
    assert Reads.together([whole.reads, objectives.logit(0).reads]).outputs


@pytest.mark.parametrize("together", [False, True])
def test_pictures_are_those_of_the_whole_layer(small: Model, together: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["conv3:1", "conv3:0 - 0.1*conv3:1", "conv3:7"]
    asked = asked if together else asked[:1]
    found = visualize(small, asked, size=(16, 20), steps=4, redirect=1)
    monkeypatch.setattr("seewhy.synthesis.looking.Eye.channels", lambda _self, _reads: {})
    wanted = visualize(small, asked, size=(16, 20), steps=4, redirect=1)
    for one, other in zip(found.found, wanted.found, strict=True):
        torch.testing.assert_close(torch.tensor(one.values), torch.tensor(other.values), atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(torch.tensor(one.images), torch.tensor(other.images), atol=2e-3, rtol=0)


def test_few_channels_of_maps_alone(small: Model) -> None:
    """More than half of a layer is read whole."""
    with small.frozen():
        look = eye(small, (16, 20), (16, 20))
        channels = look.shape("conv3")[0]
        few, many = (
            Reads(channels=tuple(("conv3", at) for at in range(n))) for n in (channels // 2, channels // 2 + 1)
        )
        assert look.channels(few) == {"conv3": tuple(range(channels // 2))} and look.channels(many) == {}
        assert look.channels(Reads(("conv3",), channels=(("conv3", 0),))) == {}
        with pytest.raises(BadOption):
            objectives.channel("conv3", channels).bound(look, (16, 20))


@pytest.mark.engine
def test_gradients_that_are_somebody_elses_stay_as_they_are(nets: dict[str, Model]) -> None:
    """A shortcut that is read as well brings a gradient of its own."""
    model, x = nets["resnet18"], photos(1)
    with model.frozen(), torch.enable_grad():
        own = x.clone().requires_grad_()
        shortcut, some = model.upto(own, ["layer1.0", "layer1.1"], channels={"layer1.1": [3, 1]})
        grads = [torch.ones_like(one).contiguous(memory_format=torch.channels_last) for one in (shortcut, some)]
        torch.autograd.grad([shortcut, some], own, grads)
    assert all(bool((one == 1).all()) for one in grads)


@pytest.mark.engine
def test_a_value_that_is_read_inside_is_made_whole_and_turned_kernels_keep_what_is_added(
    nets: dict[str, Model],
) -> None:
    model, x = nets["mobilenet_v2"], photos(1)
    with model.frozen():
        programs = model.programs(x)
        assert programs is not None
        calls, wanted = reach(programs.tape, ["features.3"]) or ([], ())
    stretch = next(one.function for one in fused(calls, wanted) if isinstance(one.function, Stretch))
    last = stretch.steps[-1]
    assert last.other is not None and stretch.narrowed(last.other, CHANNELS) is None
    both = Stretch(stretch.steps, stretch.given, (last.other, last.out))
    assert both.narrowed(last.other, CHANNELS) is None
    narrow = stretch.narrowed(last.out, CHANNELS)
    assert narrow is not None
    two = both.narrowed(last.out, CHANNELS)
    assert two is not None
    given = torch.rand(1, 3, 64, 64).contiguous(memory_format=torch.channels_last).requires_grad_()
    out = two(given)
    grads = [torch.ones_like(one) for one in out]
    torch.autograd.grad(out, given, grads)
    assert all(bool((one == 1).all()) for one in grads), "a gradient that somebody else holds was written to"
    again = narrow.steps[-1].by(narrow.steps[-1].conv)
    assert again.channels is not None and again.channels.tolist() == list(CHANNELS)
