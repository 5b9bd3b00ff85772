"""What layers return, copied call by call, against hooks of the test's own."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from seewhy import Model, SeewhyError
from seewhy.model.captured import Output, by_modules, captured, shapes, tensors

MEAN, STD = (0.4,) * 3, (0.2,) * 3


BROKEN: list[bool] = []


class Pair(NamedTuple):
    left: Tensor
    right: Tensor


@dataclass
class Held:
    state: Tensor
    count: int


class Nested(nn.Module):
    def forward(self, x: Tensor) -> Any:
        return {"pair": Pair(x, 2 * x), "held": Held(3 * x, 7), "listed": [x.mean(1), None]}


class Tangled(nn.Module):
    """A relu that works in place at two depths, a layer that returns many tensors, one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.nested = Nested()
        self.idle = nn.Linear(2, 2)
        self.fc = nn.Linear(4, 3)
        self.told = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        self.told(None)
        if BROKEN:
            raise ValueError("broken")
        return self.fc(self.nested(x)["pair"].right.mean((2, 3)))


class Plain(Tangled):
    """The same with single tensors alone; what passes on what it is given, and a layer that is another's last."""

    def __init__(self) -> None:
        super().__init__()
        self.passed, self.outer = nn.Identity(), nn.Sequential(self.fc)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        found: Tensor = self.outer(self.passed(x).mean((2, 3)))
        return found


def model_of(net: nn.Module) -> Model:
    return Model(net.eval(), mean=MEAN, std=STD, size=(8, 10)).shared()


def test_every_tensor_of_every_call_is_copied_in_one_forward() -> None:
    net = Tangled()
    model, x = model_of(net), torch.rand(1, 3, 8, 10)
    with model.frozen():
        found = captured(model, x, ["nested", "relu", "first", "second"])
    assert model.meter.forward == 1 and model.meter.backward == 0
    named = {(one.layer, one.call, one.part): one.value for one in found}
    first = net.first((x - 0.4) / 0.2)
    second = net.second(first.clone().relu())
    wanted = {
        ("first", 0, ""): first,  # not what relu made of it in place
        ("relu", 0, ""): first.relu(),
        ("second", 0, ""): second,
        ("relu", 1, ""): second.relu(),
        ("nested", 0, "pair.left"): second.relu(),
        ("nested", 0, "pair.right"): 2 * second.relu(),
        ("nested", 0, "held.state"): 3 * second.relu(),
        ("nested", 0, "listed.0"): second.relu().mean(1),
    }
    assert list(named) == list(wanted)
    for key, value in wanted.items():
        torch.testing.assert_close(named[key], value)
        assert not named[key].requires_grad
    assert not any(module._forward_hooks for module in net.modules())


def test_nothing_behind_the_last_layer_runs_and_hooks_go_also_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Tangled()
    model, x = model_of(net), torch.rand(2, 3, 8, 10)
    ran: list[str] = []
    handle = net.fc.register_forward_hook(lambda *_: ran.append("fc"))
    with model.frozen():
        model.census(x)
        assert ran
        ran.clear()
        (one, _again) = captured(model, x, ["relu"])
    handle.remove()
    assert not ran and one.value.shape == (2, 4, 8, 10)
    for layer, said in (("idle", "is not used"), ("told", "returns no tensor")):
        with model.frozen(), pytest.raises(SeewhyError, match=said):
            captured(model, x, ["relu", layer])
    monkeypatch.setattr(f"{__name__}.BROKEN", [True])
    with pytest.raises(SeewhyError, match="the model raised ValueError: broken"), model.frozen():
        captured(model, x, ["fc"])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def same(found: list[Output], wanted: list[Output]) -> bool:
    names = [[(one.layer, one.call, one.part) for one in some] for some in (found, wanted)]
    pairs = zip(found, wanted, strict=True)
    return names[0] == names[1] and all(torch.equal(one.value, other.value) for one, other in pairs)


def test_what_is_asked_for_again_and_again_comes_by_the_calls_alone_bit_for_bit() -> None:
    net = Plain()
    model, layers = model_of(net), ["passed", "relu", "first", "second", "outer", "fc"]
    ran: list[str] = []
    net.first.register_forward_hook(lambda *_: ran.append("first"))
    with model.frozen():
        model.census(torch.rand(1, 3, 8, 10))
        for modules, images in ((1, 1), (1, 1), (0, 1), (0, 3)):
            x = torch.rand(images, 3, 8, 10)
            wanted = by_modules(model, x, layers)
            ran.clear()
            before = model.meter.forward
            found = captured(model, x, layers)
            assert len(ran) == modules and model.meter.forward == before + images
            assert [one.layer for one in found] == ["first", "relu", "second", "relu", "passed", "fc", "outer"]
            assert same(found, wanted) and not any(one.value.requires_grad for one in found)
        kept = [one.value.clone() for one in found]
        for one in found:
            one.value.add_(1)  # each is a copy of its own: the others stay, and so does the network
        assert all(torch.equal(one.value, own + 1) for one, own in zip(found, kept, strict=True))
        assert same(captured(model, x, layers), wanted)
    with torch.no_grad():
        net.first.weight.mul_(-1)
    for modules in (1, 1, 0):
        with model.frozen():
            ran.clear()
            found = captured(model, x, layers)
            assert len(ran) == modules
            assert same(found, by_modules(model, x, layers)) and not same(found, wanted)


def test_what_does_not_come_by_calls_to_the_last_bit_comes_by_modules() -> None:
    model, x = model_of(Tangled()), torch.rand(1, 3, 8, 10)
    ran: list[str] = []
    model.module.get_submodule("first").register_forward_hook(lambda *_: ran.append("first"))
    with model.frozen():
        for layers in (["nested"], ["relu", "nested"]):  # in parts
            for _ in range(4):
                found = captured(model, x, layers)
            ran.clear()
            assert same(captured(model, x, layers), found) and ran == ["first"]
        strange = x.clone()
        captured(model, strange, ["first"])
        strange[0, 0, 0, 0] = torch.nan  # is equal to nothing
        captured(model, strange, ["first"])
        ran.clear()
        captured(model, x, ["first"])
        assert ran == ["first"]


def test_shapes_of_all_layers_a_run_each() -> None:
    model, x = model_of(Tangled()), torch.rand(1, 3, 8, 10)
    with model.frozen():
        found = shapes(model, x)
    assert found["relu"] == [[("", (1, 4, 8, 10))]] * 2 and "idle" not in found and found["told"] == [[]]
    assert [part for part, _ in found["nested"][0]] == ["pair.left", "pair.right", "held.state", "listed.0"]


def test_an_only_tensor_needs_no_name() -> None:
    one = torch.zeros(1)
    assert list(tensors((one,))) == [("", one)]
    assert list(tensors(OrderedDict(logits=one, states=(one, [one])))) == [
        ("logits", one), ("states.0", one), ("states.1", one),
    ]  # fmt: skip
