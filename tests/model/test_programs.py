"""Fast programs give what the network gives, follow its weights, and are not used where they don't."""

from dataclasses import replace
from typing import Any

import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from comparing import relative
from seewhy import Model, explain
from seewhy.model.attention import Attention
from seewhy.model.chain import Affine
from seewhy.model.fold import ConvArgs
from seewhy.model.packed import Convolution
from seewhy.model.program import Program
from seewhy.model.programs import Programs
from seewhy.model.sums import Summed
from seewhy.model.tape import Call, Slot

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)


def lively(module: nn.Module) -> nn.Module:
    """Random networks' batch norms are all alike: give them averages of their own."""
    generator = torch.Generator().manual_seed(1)
    for one in module.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.running_mean.copy_(0.1 * torch.randn(one.num_features, generator=generator))
            one.running_var.copy_(0.5 + torch.rand(one.num_features, generator=generator))
    return module


@pytest.fixture(
    scope="module", params=["tv:resnet18", "tv:mobilenet_v2", "tv:densenet121", "timm:tf_efficientnet_lite0"]
)
def net(request: pytest.FixtureRequest) -> Model:
    source, _, name = request.param.partition(":")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = torchvision.models.get_model(name, weights=None) if source == "tv" else timm.create_model(name)
    return Model(lively(made), mean=MEAN, std=STD, size=(64, 80))


def programs(model: Model, x: Tensor) -> Programs:
    found = model.programs(x)
    assert found is not None, model.census(x).why_no_tape
    return found


def gradient(run: Any, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(run(x)[:, 1].sum(), x)
    return grad


def test_folded_scores_are_the_networks(net: Model) -> None:
    x = torch.rand(3, 3, 64, 80, generator=torch.Generator().manual_seed(4))
    with net.frozen(), torch.no_grad():
        run = programs(net, x).scoring()
        assert run is not None
        assert relative(run(x), net(x)) < 1e-5


def test_no_batch_norm_behind_a_convolution_is_left_to_be_run() -> None:
    net = Model(lively(torchvision.models.resnet18(weights=None)), mean=MEAN, std=STD, size=(64, 64))
    x = torch.rand(1, 3, 64, 64)
    with net.frozen():
        run = programs(net, x).scoring()
        assert run is not None
        program = run.program
        names = [call.name for call in program.calls]
        sums = [call.function.conv for call in program.calls if isinstance(call.function, Summed)]
        convolutions = [call.function for call in program.calls if isinstance(call.function, Convolution)]
    assert not {"batch_norm", "relu", "add", "__iadd__"} & set(names) and (len(convolutions), len(sums)) == (12, 8)
    assert all(one.rectifier for one in sums), "a rectifier behind the sum"
    assert sum(bool(one.rectifier) for one in convolutions) == 9


def test_a_chained_gradient_is_autograds_to_rounding(net: Model) -> None:
    x = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(2))
    x = x.contiguous(memory_format=torch.channels_last)
    with net.frozen():
        run = programs(net, x).backward()
        assert run is not None
        with torch.no_grad():
            assert torch.equal(run(x), net(x)), "the forward is the network's own to the bit"
        assert relative(gradient(run, x), gradient(net, x)) < 1e-5


@pytest.mark.parametrize(
    ("inner", "own"), [(nn.Identity(), True), (nn.Conv2d(64, 64, 1), False)], ids=["vgg", "bottleneck"]
)
def test_nothing_but_long_sums_is_added_up_as_the_network_does(inner: nn.Module, own: bool) -> None:
    convolutions = (
        nn.Conv2d(3, 64, 3),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        inner,
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
    )
    module = nn.Sequential(*convolutions, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 5))
    net = Model(module, mean=MEAN, std=STD, size=(16, 16))
    x = torch.rand(2, 3, 16, 16)
    with net.frozen(), torch.no_grad():
        made = programs(net, x)
        run, parts = made.backward(), made.parts(["0"])
        assert run is not None and parts is not None, made.refused
        ways = run.program.layout, parts.before.layout
        if own:
            assert torch.equal(run(x), net(x)), "to the bit, in the layout that the network is used in"
    assert ways[0] == (torch.contiguous_format if own else torch.channels_last)
    assert ways[1] == torch.channels_last, "so few units behind it that rounding turns none over"


@pytest.mark.parametrize("last", [True, False])
def test_pixels_are_laid_out_once_they_are_normalised(last: bool) -> None:
    layout = torch.channels_last if last else torch.contiguous_format
    x = torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.contiguous_format if last else torch.channels_last)
    net = Model(nn.Conv2d(3, 6, 3), mean=MEAN, std=STD, size=(4, 5), head=lambda maps: maps.mean((2, 3)))
    with net.frozen(), torch.no_grad():
        calls = programs(net, x).tape.calls
        plain = Program(calls, (0,), (5, calls[-1].out.number))
        assert [call.name for call in calls[5:7]] == ["sub", "div_"], "in place"
        laid = replace(plain, layout=layout)
        pixels, scores = laid([x], 2)
        assert pixels.is_contiguous(memory_format=layout) and relative(scores, net(x)) < 1e-6
        assert torch.equal(pixels, net.normalised(x))
        order = [step.function.__name__ for step in laid._steps]
        assert order.index("_laid") == (order.index("conv2d") - 1 if last else 0)
        turned = Call(torch.Tensor.__getitem__, (Slot(5), (slice(None), [2, 1, 0])), {}, Slot(9))  # as BGR is read
        order = [step.function.__name__ for step in Program((*calls[:8], turned), (0,), (9,), layout)._steps]
        assert order.index("_laid") == (len(order) - 2 if last else 0)
        nothing = Program(calls[:5], (0,), (2,), layout)([x], 2)  # the pixels are not read behind these
        assert torch.equal(nothing[0], torch.tensor(MEAN)[:, None, None])
        assert Program((), (0,), (0,), layout)([x], 2)[0].is_contiguous(memory_format=layout)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize(("kernel", "padding", "dilation"), [(1, 0, 1), (3, 1, 1), (3, 0, 2), (2, 1, 1), (3, 4, 1)])
def test_a_convolutions_backward_is_autograds(
    kernel: int, padding: int, dilation: int, groups: int, stride: int
) -> None:
    module = nn.Sequential(
        nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 3)
    )
    module = nn.Sequential(module[0], lively(module[1]), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 3))
    net = Model(module, mean=(0.5,) * 4, std=(0.5,) * 4, size=(11, 13)).at("float64")
    x = torch.rand(2, 4, 11, 13, dtype=torch.float64)
    with net.frozen():
        made = programs(net, x)
        run = made.backward()
        assert run is not None, made.refused
        program = run.program
        (affine,) = [call.function for call in program.calls if isinstance(call.function, Affine)]
        assert affine.conv is not None and affine.scale is not None
        assert relative(gradient(run, x), gradient(net, x)) < 1e-12


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_weights_of_a_strided_convolution_are_laid_out_once_for_the_way_back(layout: torch.memory_format) -> None:
    weight = torch.rand(8, 6, 3, 3, dtype=torch.float64)
    affine, x = Affine((), ConvArgs(None, weight, None, 2, 1)), torch.rand(2, 6, 9, 8, dtype=torch.float64)
    x.requires_grad_()
    out = F.conv2d(x, weight, None, 2, 1)
    grad = torch.rand_like(out).contiguous(memory_format=layout)
    (wanted,) = torch.autograd.grad(out, x, grad)
    assert relative(affine.backward(grad, x.shape, layout), wanted) < 1e-12
    assert affine._turned[0].is_contiguous(memory_format=layout)


@pytest.mark.parametrize("first", [True, False])
def test_tokens_that_attend_to_each_other_do_so_in_products_of_all_images(first: bool) -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Conv2d(3, 16, 4, 4), nn.Linear(16, 5)
            self.attention = nn.MultiheadAttention(16, 4, batch_first=first)

        def forward(self, x: Tensor) -> Tensor:
            own = self.embed(x).flatten(2).transpose(1, 2)
            own = own if first else own.transpose(0, 1)
            ways = {"need_weights": False}, {}, {"attn_mask": torch.ones(16, 16).tril() == 0, "need_weights": False}
            others = ((own, own), (own, own), (own, own), (own + 1, own * 2))
            found = [self.attention(own, *other, **way)[0] for other, way in zip(others, (*ways, ways[0]), strict=True)]
            return self.head(torch.stack(found).sum(0).mean(1 if first else 0))

    net = Model(Attends(), mean=MEAN, std=STD, size=(16, 16)).at("float64")
    x = torch.rand(3, 3, 16, 16, dtype=torch.float64)
    with net.frozen():
        run = programs(net, x).backward()
        assert run is not None
        assert relative(run(x), net(x)) < 1e-12 and relative(gradient(run, x), gradient(net, x)) < 1e-12
    ours = [isinstance(one.function, Attention) for one in run.program.calls if one.name.startswith("multi_head")]
    assert ours == [True, False, False, False], "whose weights are asked for, masked ones and others are left alone"


def test_parts_go_on_where_the_layers_end(net: Model) -> None:
    passing = ("Identity", "Dropout")  # they return what they are given: who reads it is not known
    net = net.at("float64")
    names = [one.name for one in net.census().layers if one.grid and one.calls == 1 and one.kind not in passing]
    x = torch.rand(2, 3, 64, 80, dtype=torch.float64)
    with net.frozen():
        for layers in ([names[-1]], [names[len(names) // 2]], [names[3], names[-3]]):
            made = programs(net, x)
            parts = made.parts(layers)
            assert parts is not None, made.refused
            outputs, seen = parts.go_on(parts.crossing(x))
            wanted = [net_maps(net, x, name) for name in layers]
            assert relative(outputs, net(x)) < 1e-12
            for name, maps in zip(layers, wanted, strict=True):
                assert relative(seen[name], maps) < 1e-12


def net_maps(net: Model, x: Tensor, layer: str) -> Tensor:
    with torch.no_grad():
        return replace(net, fast=False).maps(x, [layer])[0]


@pytest.mark.parametrize("change", ["in place", "through data", "an optimizer", "another layer", "a buffer"])
def test_what_was_made_of_weights_follows_them(change: str, small: Model, x: Tensor) -> None:
    before = explain(small, x, "scorecam", 1).values
    module: Any = small.module
    with torch.no_grad():
        if change == "in place":
            module.conv2.weight.mul_(1.5)
        elif change == "a buffer":
            module.bn1.running_mean.add_(0.5)
    if change == "through data":
        module.bn3.weight.data.copy_(2 * module.bn3.weight.data)
    elif change == "an optimizer":
        module(x).sum().backward()
        torch.optim.SGD(module.parameters(), lr=0.1).step()
        module.zero_grad(set_to_none=True)
        module.eval()
    elif change == "another layer":
        module.conv3 = nn.Conv2d(6, 8, 5, stride=2, padding=2)
    found = explain(small, x, "scorecam", 1).values
    plain = explain(replace(small, fast=False, _known={}), x, "scorecam", 1).values
    assert relative(found, plain) < 1e-5 < relative(found, before)


def test_a_network_given_another_attribute_is_looked_at_anew(small: Model, x: Tensor) -> None:
    before = explain(small, x, "gradcam", 1).values
    small.module.bn2.eps = 2.0
    assert relative(explain(small, x, "gradcam", 1).values, before) > 1e-3


def test_a_program_that_gives_something_else_is_not_believed(small: Model, x: Tensor, monkeypatch: Any) -> None:
    rectified = Convolution.rectified
    monkeypatch.setattr(Convolution, "rectified", lambda self, kind: rectified(self, "relu6" if kind else ""))
    with small.frozen():
        made = programs(small, x)
        assert made.scoring() is None
        assert "from what the network gives" in made.refused["scores"]
        assert torch.allclose(small.scored(x), small(x), atol=0), "the network runs as it is"


@pytest.mark.parametrize("id", ["gradcam", "layercam", "scorecam", "ablationcam", "saliency", "guided_backprop"])
def test_fast_and_plain_give_the_same_map(id: str, default_model: Model, chelsea: Any) -> None:
    from comparing import part_of

    x = part_of(chelsea, default_model)
    options = {"layer": "blocks.1"} if id in ("scorecam", "ablationcam") else {}
    found, plain = (explain(one, x, id, 282, **options) for one in (default_model, replace(default_model, fast=False)))
    assert relative(found.values, plain.values) < 1e-5


@pytest.mark.parametrize("sides", [(0, 1, 0, 1), (1, 0, 2, 1), (1, 1, 0, 0), (0, 2, 0, 1)])
def test_a_padding_is_taken_along_by_the_convolution_behind_it(sides: tuple[int, ...]) -> None:
    class Padding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 4, 3, stride=2, padding=(1, 0)), nn.Linear(4, 5)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.conv(nn.functional.pad(x, sides)).square().mean((2, 3)))

    net = Model(Padding(), mean=MEAN, std=STD, size=(13, 16)).at("float64")
    x = torch.rand(2, 3, 13, 16, dtype=torch.float64)
    with net.frozen(), torch.no_grad():
        run = programs(net, x).scoring()
        assert run is not None, programs(net, x).refused
        program = run.program
        left = "pad" in [call.name for call in program.calls]
        assert left == (max(abs(sides[0] - sides[1]), abs(sides[2] - sides[3])) > 1)
        assert relative(run(x), net(x)) < 1e-12
