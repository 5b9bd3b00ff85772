"""Scores by what windows reach are the network's own, whatever it is made of, wherever it goes on with whole maps."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import seewhy.model.plan as planning
from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.errors import Unsupported
from seewhy.model.incremental import KEPT, Clean, Incremental, replaced
from seewhy.model.occluding import Occluded
from seewhy.model.plan import Plan, planned
from seewhy.targets import ClassLogit, Pinned

pytestmark = pytest.mark.engine
SIZE = (45, 58)


class Vgg(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            *(
                nn.Conv2d(3, 8, 3, padding=1),
                nn.ReLU(inplace=True),
                nn.Conv2d(8, 8, 3, padding=1),
                nn.ReLU(inplace=True),
            ),
            *(nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2)),
            *(nn.Conv2d(12, 12, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d((3, 4)), nn.Flatten(1)),
            *(nn.Linear(144, 20), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(20, 5)),
        )


class Bottlenecks(nn.Module):
    """A stem with a max pooling, sums in place, shortcuts with and without a convolution, some of a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(8), nn.ReLU(True))
        self.first = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(True), nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.second = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 10, 3, stride=2, padding=1))
        self.shortcut = nn.Sequential(nn.Conv2d(8, 10, 1, stride=2, bias=False), nn.BatchNorm2d(10))
        self.fc = nn.Linear(10, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.stem(x), 3, 2, 1)
        out = self.first(x)
        out += x
        x = F.relu(out, inplace=True)
        out = self.second(x)
        out += self.shortcut(x)
        return self.fc(F.relu_(out).mean((2, 3)))


class Uneven(nn.Module):
    """Depthwise convolutions behind paddings that differ from side to side, ReLU6, a linear bottleneck."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.bn = nn.Conv2d(3, 8, 3, stride=2, bias=False), nn.BatchNorm2d(8)
        self.deep, self.deeper = nn.Conv2d(8, 8, 5, stride=2, groups=8), nn.Conv2d(8, 8, 5, padding=2, groups=8)
        self.point, self.fc = nn.Conv2d(8, 8, 1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.bn(self.stem(F.pad(x, (0, 1, 0, 1)))))
        x = self.point(F.relu6(self.deep(F.pad(x, (1, 2, 0, 3)))))
        return self.fc((x + self.point(F.relu6(self.deeper(x)))).mean((2, 3)))


class Dense(nn.Module):
    """Batch norms and rectifiers before convolutions, concatenations, mean poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (6, 10, 14))
        self.convs = nn.ModuleList(nn.Conv2d(n, 4, 3, padding=1, bias=False) for n in (6, 10))
        self.last, self.fc = nn.Conv2d(14, 8, 1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        seen = [self.stem(x)]
        for norm, conv in zip(self.norms, self.convs, strict=False):
            seen.append(conv(F.relu(norm(torch.cat(seen, 1)), inplace=True)))
        x = F.avg_pool2d(self.last(F.relu(self.norms[2](torch.cat(seen, 1)))), 2, 2)
        return self.fc(F.avg_pool2d(x, 3, 1, padding=1, count_include_pad=False).tanh().mean((2, 3)))


class Odd(nn.Module):
    """Even kernels, dilations, strides of 3, groups, poolings that go over the edge, a channel shuffle, one channel for
    all, parts of channels, padding by name, activations that are not rectifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.even, self.wide = nn.Conv2d(3, 8, (4, 2), padding=(1, 1)), nn.Conv2d(8, 8, 3, padding=4, dilation=(3, 4))
        self.third, self.groups = nn.Conv2d(8, 8, 3, stride=3, padding=1), nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.same, self.gate = nn.Conv2d(8, 8, (3, 5), padding="same"), nn.Conv2d(8, 1, 3, padding=1)
        self.act, self.fc = nn.PReLU(8), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x[:, 0].unsqueeze(1) * 0.9 + 0.1, x[:, 1:] * 1.1], 1)
        x = F.silu(self.wide(F.gelu(self.even(x))))
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        x = F.avg_pool2d(x, (2, 3), 2, padding=(1, 1), ceil_mode=True)
        x = self.groups(self.act(self.third(x)))
        b, _, h, w = x.shape
        x = x.view(b, 2, 4, h, w).transpose(1, 2).reshape(b, 8, h, w)
        one, other = x.chunk(2, 1)
        x = self.same(torch.cat([F.hardswish(one), F.elu(other)], 1))
        x = x * torch.sigmoid(self.gate(x))
        return self.fc(F.max_pool2d(F.pad(x, (2, 1, 1, 0), value=0.3), 2, 1, 1).mean((2, 3)))


class Squeezed(nn.Module):
    """A gate made of the mean of a map, early: from there on all is changed."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 8, 5, padding=2), nn.Conv2d(8, 8, 1)
        self.last, self.fc = nn.Conv2d(8, 8, 3, padding=1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.fc(F.relu(self.last(x)).mean((2, 3)))


NETS: list[Callable[[], nn.Module]] = [Vgg, Bottlenecks, Uneven, Dense, Odd, Squeezed, SmallNet]


def made(net: Callable[[], nn.Module], precision: str = "float32", size: tuple[int, int] = SIZE) -> Model:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = net()
        for one in module.modules():
            if isinstance(one, nn.BatchNorm2d):
                one.running_mean.normal_()
                one.running_var.uniform_(0.5, 2)
                nn.init.normal_(one.weight)
    return Model(module.eval(), mean=MEAN, std=STD, size=size).at(precision)


def drawn(model: Model, seed: int = 3) -> tuple[Tensor, Tensor]:
    """A picture and another (1,3,h,w) each."""
    x = torch.rand(2, 3, *SIZE, generator=torch.Generator().manual_seed(seed)).to(model.dtype)
    return x[:1], x[1:]


def some_boxes(n: int = 12, seed: int = 0) -> Tensor:
    """Windows of differing sizes: in each corner, at each side, anywhere."""
    rng, (h, w) = np.random.default_rng(seed), SIZE
    found = [(0, 0, 7, 9), (0, w - 6, 5, w), (h - 4, 0, h, 8), (h - 9, w - 7, h, w), (20, 0, 26, 3), (h - 1, 30, h, 31)]
    while len(found) < n:
        top, left = int(rng.integers(0, h - 3)), int(rng.integers(0, w - 3))
        found.append((top, left, min(h, top + int(rng.integers(1, 12))), min(w, left + int(rng.integers(1, 12)))))
    return torch.tensor(found)


def parts_of(model: Model, x: Tensor) -> Incremental:
    programs = model.programs(x)
    assert programs is not None, model.census(x).why_no_tape
    found = programs.incremental()
    assert found is not None, programs.refused
    return found


def by_parts(plan: Plan, x: Tensor, fill: Tensor) -> Tensor:
    clean = Clean(plan, x)
    found: dict[int, Tensor] = {}
    for group in plan.groups:
        found |= dict(zip(group.windows.tolist(), clean.outputs(fill, group, slice(None)), strict=True))
    return torch.stack([found[at] for at in range(len(plan.boxes))])


def by_the_network(model: Model, x: Tensor, fill: Tensor, boxes: Tensor) -> Tensor:
    with torch.no_grad():
        return model._forward(torch.cat([replaced(x, fill, box) for box in boxes]))


def off(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).abs().max() / wanted.abs().max())


@pytest.fixture
def cut_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Go over to whole maps at this call, or before it where parts end."""

    def patch(at: int) -> None:
        monkeypatch.setattr(planning, "_cut", lambda outline, products, moves: (min(at, len(products)), 0.0))

    return patch


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("float64", 1e-11)])
@pytest.mark.parametrize("net", NETS)
def test_it_is_the_network_wherever_it_goes_over_to_whole_maps(
    net: Any, precision: str, tolerance: float, cut_at: Callable[[int], None]
) -> None:
    model = made(net, precision)
    x, fill = drawn(model)
    boxes = some_boxes()
    with model.frozen():
        outline = parts_of(model, x).outline
        wanted = by_the_network(model, x, fill, boxes)
        assert len(wanted.unique(dim=0)) == len(boxes), "windows that change nothing test nothing"
        whole = 0
        for at in range(len(outline.parts) + 1):
            if any(len(outline.shapes[slot]) != 4 for slot in outline.live(at) if slot in outline.changed):
                continue
            cut_at(at)
            plan = planned(outline, boxes)
            assert plan is not None and {one.cut for one in plan.groups} == {at}
            assert off(by_parts(plan, x, fill), wanted) < tolerance, f"cut at {at}"
            whole += 1
        assert whole > 3


@pytest.mark.parametrize(
    ("net", "mixes"),
    [(Vgg, "adaptive_avg_pool2d"), (Bottlenecks, "mean"), (Uneven, "mean"), (Dense, "mean"), (Odd, "mean")],
)
def test_parts_go_as_far_as_places_are_kept_apart(net: Any, mixes: str) -> None:
    model = made(net)
    x, _ = drawn(model)
    with model.frozen():
        outline = parts_of(model, x).outline
    assert outline.calls[len(outline.parts)].name == mixes


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_every_kernel_stride_padding_and_dilation(
    kernel: int, stride: int, padding: int, cut_at: Callable[[int], None]
) -> None:
    for dilation in (1, 2, 3):
        conv = nn.Conv2d(3, 4, kernel, stride, padding, dilation)
        model = made(lambda: nn.Sequential(conv, nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Flatten(1)), "float64")  # noqa: B023  # called at once
        x, fill = drawn(model)
        with model.frozen():
            cut_at(100)
            plan = planned(parts_of(model, x).outline, some_boxes())
            assert plan is not None and plan.groups[0].cut == len(plan.outline.parts)
            assert off(by_parts(plan, x, fill), by_the_network(model, x, fill, plan.boxes)) < 1e-11


@pytest.mark.parametrize("net", [Vgg, Bottlenecks, Uneven])
def test_the_multiplications_told_are_those_made(net: Any) -> None:
    model = made(net, "float64")
    x, fill = drawn(model)
    windows = torch.tensor([(top, left, top + 6, left + 6) for top in (0, 16, 39) for left in (0, 16, 32, 52)])
    with model.frozen():
        parts = parts_of(model, x)
        plan = planned(parts.outline, windows)
        assert plan is not None and 0.2 < plan.skipped < 1
        with FlopCounterMode(display=False) as counted:
            by_parts(plan, x, fill)
        with FlopCounterMode(display=False) as once:
            Clean(plan, x)
        with FlopCounterMode(display=False) as whole:
            parts.whole(x)
    all_of_it = whole.get_total_flops()
    assert all_of_it == 2 * sum(plan.outline.products) and 0 < once.get_total_flops() <= all_of_it
    assert counted.get_total_flops() == round((1 - plan.skipped) * len(windows) * all_of_it)


def test_a_window_on_vgg_16_leaves_out_four_fifths() -> None:
    module = torchvision.models.vgg16(weights=None, init_weights=False).eval()
    model = Model(module, mean=MEAN, std=STD, size=(224, 224))
    x = torch.rand(1, 3, 224, 224)
    boxes = torch.tensor([(16 * i, 16 * j, 16 * i + 32, 16 * j + 32) for i in range(13) for j in range(13)])
    with model.frozen():
        plan = planned(parts_of(model, x).outline, boxes)
    assert plan is not None and sum(plan.outline.products) == 15_470_264_320  # times 2: the usual 30.9 GFLOPs
    assert plan.skipped > 0.8


def occluded(model: Model, x: Tensor, fills: list[Tensor], boxes: Tensor, how: Any = "auto") -> tuple[Occluded, Any]:
    run = model.shared()
    with run.frozen():
        targets: list[Pinned] = [ClassLogit(one).pin(run.outputs(x), run.find) for one in (1, 3)]
        return run.occluded(x, boxes, fills, targets, how), run


def test_scores_are_the_same_either_way_and_of_each_image() -> None:
    model = made(Bottlenecks)
    x = torch.rand(3, 3, *SIZE, generator=torch.Generator().manual_seed(5))
    fills, boxes = [torch.zeros_like(x), x.flip(0)], some_boxes(70)
    always, _ = occluded(model, x, fills, boxes, "always")
    never, run = occluded(model, x, fills, boxes, "never")
    assert always.scores.shape == (2, 2, 3, 70) and always.whole == "" and never.whole == "asked"
    assert 0 < always.skipped < 1 and never.skipped == 0
    assert off(always.scores, never.scores) < 1e-5
    assert run.meter.forward == 3 + 2 * 3 * 70
    alone, _ = occluded(replace(model, memory=1), x[1:2], [one[1:2] for one in fills], boxes, "always")
    assert off(alone.scores, always.scores[:, :, 1:2]) < 1e-5, "one window at a time"
    with model.frozen():
        groups = parts_of(model, x).plan(boxes)
    assert isinstance(groups, Plan) and len(groups.groups) > 3, "many windows are grouped"


def test_new_weights_are_followed() -> None:
    model = made(Vgg)
    x, fill = drawn(model)
    before, _ = occluded(model, x, [fill], some_boxes(), "always")
    with torch.no_grad():
        model.module[5].weight.mul_(-1)
    after, _ = occluded(model, x, [fill], some_boxes(), "always")
    wanted, _ = occluded(model, x, [fill], some_boxes(), "never")
    assert off(after.scores, before.scores) > 0.03 and off(after.scores, wanted.scores) < 1e-5


def test_whole_passes_are_made_where_nothing_is_gained_and_it_is_said() -> None:
    x, fill = drawn(made(Vgg))
    small, large = some_boxes(), torch.tensor([(0, 0, 40, 50), (5, 8, 45, 58)])
    reached, _ = occluded(made(Vgg), x, [fill], large)
    assert reached.whole == "reach" and reached.skipped == 0
    one, _ = occluded(made(Vgg), x, [fill], small[:1])
    assert one.whole == "reach", "the picture's own maps would cost as much"
    early, _ = occluded(made(Squeezed), x, [fill], large)
    assert early.whole == "reach"
    unwritten, _ = occluded(replace(made(Vgg), fast=False), x, [fill], small)
    assert unwritten.whole == "unwritten"
    tight, _ = occluded(replace(made(Vgg), memory=1), x, [fill], small)
    assert tight.whole == "memory"
    for model, boxes in ((made(Vgg), large), (replace(made(Vgg), fast=False), small)):
        with pytest.raises(Unsupported, match="windows can't be scored by what they reach"):
            occluded(model, x, [fill], boxes, "always")


@pytest.mark.parametrize("side", [1, 6])
def test_parts_that_do_not_give_what_the_network_gives_are_not_believed(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seewhy.model.incremental.paste", lambda onto, *_: onto)  # forgets what was changed
    model = made(Vgg)
    x, fill = drawn(model)
    boxes = torch.tensor([(8 * i, 9 * i, 8 * i + side, 9 * i + side) for i in range(5)])
    found, _ = occluded(model, x, [fill], boxes)
    wanted, _ = occluded(model, x, [fill], boxes, "never")
    assert found.whole == "wrong" and torch.equal(found.scores, wanted.scores)


def test_whole_passes_are_made_where_memory_runs_out_for_the_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: Any) -> None:
        raise torch.OutOfMemoryError("none left")

    monkeypatch.setattr("seewhy.model.incremental.Clean", none_left)
    x, fill = drawn(made(Vgg))
    assert occluded(made(Vgg), x, [fill], some_boxes())[0].whole == "memory"


@pytest.mark.parametrize("slower", [False, True])
def test_the_quicker_way_is_taken(slower: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def seconds(run: Callable[[], Tensor], device: torch.device) -> float:
        asked.append(len(run()))
        return float(len(asked) if slower else -len(asked))  # first whole passes, then by reach

    monkeypatch.setattr("seewhy.model.incremental._seconds", seconds)
    model = made(Vgg)
    x, fill = drawn(model)
    found, _ = occluded(model, x, [fill], some_boxes())
    assert found.whole == ("slower" if slower else "") and asked == [4, 4]
    assert occluded(model, x, [fill], some_boxes(), "always")[0].whole == ""


def test_the_plans_used_last_are_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    planned_for: list[int] = []

    def plan(outline: Any, boxes: Tensor) -> Plan | None:
        planned_for.append(len(boxes))
        return planned(outline, boxes)

    monkeypatch.setattr("seewhy.model.incremental.planned", plan)
    monkeypatch.setattr("seewhy.model.incremental._seconds", lambda run, device: len(run()))  # never quicker
    model = made(Vgg)
    x, _ = drawn(model)
    with model.frozen():
        run = parts_of(model, x)
        for n in (7, 8, 9, 10, 7, 11, 12, 7):  # 7 is used again before it would go
            assert isinstance(run.plan(some_boxes(n)), Plan) and run.slower(some_boxes(n))
        assert planned_for == [7, 8, 9, 10, 11, 12]
        assert len(run._plans) == len(run._slower) == KEPT
        run.plan(some_boxes(8))
        assert planned_for[-1] == 8, "it was forgotten"
        assert len(run._plans) == KEPT and len(run._slower) == KEPT
