"""The list of layers against the module itself."""

import pytest
import torch
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError
from seewhy.results.receptive import Receptive

look = seewhy.inspect.layers


def twice() -> nn.Module:
    net = SmallNet()
    net.act3 = net.act2
    return net


def test_every_named_layer_with_its_shape_parameters_and_runs() -> None:
    net = twice()
    ran: dict[str, list[tuple[int, ...]]] = {}
    for name, module in net.named_modules():
        module.register_forward_hook(
            lambda _m, _a, out, name=name: ran.setdefault(name, []).append(tuple(out.shape[1:]))
        )
    net.eval()(torch.rand(1, 3, 16, 20))
    found = look(Model(twice(), mean=MEAN, std=STD, size=(16, 20)))
    assert [one.name for one in found] == [name for name, _ in net.named_modules() if name]
    for one in found:
        module = net.get_submodule(one.name)
        assert one.used == ("several" if one.name == "act2" else "once")
        assert one.kind == type(module).__name__
        assert one.parameters == sum(p.numel() for p in module.parameters())
        assert [shape for ((_, shape),) in one.outputs] == ran.get(one.name, [])
        assert one.calls == len(ran.get(one.name, [])) == len(one.receptive)
    assert found.parameters == sum(p.numel() for p in net.parameters()) and found.size == (16, 20)


class Odd(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(1, 2, 3)
        self.two = nn.MaxPool2d(2, return_indices=True)
        self.idle = nn.Conv2d(2, 2, 1)
        self.fc = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.two(self.one(x))[0].mean((2, 3)))


def test_grey_inputs_of_any_size_tuples_and_layers_that_never_run() -> None:
    model = Model(Odd(), mean=(0.5,), std=(0.5,))
    found = look(model, size=(12, 9))
    assert found["one"].output == "2 x 10 x 7" and found["two"].output == "0 2 x 5 x 3, 1 2 x 5 x 3"
    assert found["one"].receptive == (Receptive((3, 3), (1, 1), (0, 0)),) and found["fc"].receptive == (None,)
    idle = found["idle"]
    assert (idle.used, idle.outputs, idle.receptive, idle.parameters) == ("never", (), (), 6)
    assert look(model, size=20).size == (20, 20)


def test_what_cannot_be_written_down_is_listed_without_fields_and_says_so() -> None:
    class Looks(Odd):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) * (2 if float(x.detach().mean()) > 9 else 1)

    found = look(Model(Looks(), mean=(0.5,), std=(0.5,), size=(12, 9)))
    assert found["one"].receptive == (None,) and found["one"].output == "2 x 10 x 7"
    (said,) = found.notes
    assert said.startswith("receptive fields are not known: it looks at the numbers it computes")


def test_finding_looks_at_names_and_types() -> None:
    found = look(Model(Odd(), mean=(0.5,), std=(0.5,), size=(12, 9)))
    assert [one.name for one in found.find("CONV2D")] == ["one", "idle"]
    assert [one.name for one in found.find("conv2d id")] == ["idle"]
    assert len(found.find("")) == 4 and not len(found.find("none such"))


def test_a_function_has_no_layers() -> None:
    box = seewhy.black_box(lambda x: torch.zeros(len(x), 3), size=(8, 8), input="float")
    with pytest.raises(SeewhyError, match="it has no layers"):
        look(box)
