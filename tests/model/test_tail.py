"""The network from a layer on: by its calls, by its modules played again, or as a whole, and always the same."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from comparing import relative
from seewhy import Model

MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
FROM, WITHOUT, WHOLE = "from", "without the modules", "the whole network"


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu = nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.relu(self.conv(x)))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second = nn.Conv2d(3, 8, 3, 2), Block(), Block()
        self.pair, self.head = Pair(), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(self.looked_at(self.stem(x)))
        one, other = self.pair(self.second(first))
        return self.head((one + 0.5 * other + first).mean((2, 3)))

    def looked_at(self, x: Tensor) -> Tensor:
        return x


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.tanh(), x


class Looking(Residual):
    """It looks at the numbers it computes, so that its calls are no tape."""

    def looked_at(self, x: Tensor) -> Tensor:
        return x if float(x.detach().abs().max()) > 0 else x + 1


class Mixing(Looking):
    """The images of a batch are shuffled between modules: no row of theirs is an image's own."""

    def looked_at(self, x: Tensor) -> Tensor:
        return super().looked_at(x).flip(0)


class Summing(Looking):
    """A module returns one row for all images."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Flatten(0)

    def looked_at(self, x: Tensor) -> Tensor:
        return super().looked_at(x) + self.mean(x.mean(0)).mean()


def made(kind: type[nn.Module]) -> Model:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return Model(kind(), mean=MEAN, std=STD, size=(16, 20)).at("float64")


LAYERS = ["stem", "first.conv", "first.relu", "first", "second.conv", "second", "second.relu"]


@pytest.mark.parametrize("at", ["output", "input"])
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("kind", "hows"), [(Residual, {FROM, WITHOUT}), (Looking, {WITHOUT})])
def test_it_is_the_network_with_other_maps_in_the_layers_place(
    kind: type[nn.Module], hows: set[str], layer: str, at: Any
) -> None:
    net, x = made(kind), torch.rand(3, 3, 16, 20, dtype=torch.float64)
    rows = torch.tensor([2, 0, 0, 1])
    with net.frozen():
        tail = net.tail(x, layer, at=at)
        if (layer, at) == ("stem", "input") and kind is Looking:
            assert tail.how == WHOLE, "nothing ends before it"
        else:
            assert any(how in tail.how for how in hows), tail.how
        maps = tail.maps()
        with torch.no_grad():
            assert relative(tail(maps, torch.arange(3)), net(x)) < 1e-12
        others = (maps[rows].flip(2) / 2).requires_grad_()
        wanted = tail._whole(x[rows], others)
        found = tail(others, rows)
        assert relative(found, wanted) < 1e-12 and relative(found, net(x[rows])) > 1e-3
        grads = [torch.autograd.grad(one[:, 1].sum(), others)[0] for one in (found, wanted)]
        assert relative(*grads) < 1e-12 and grads[0].abs().max() > 0
    assert "forward" not in {key for module in net.module.modules() for key in vars(module)}, "nothing is left behind"


@pytest.mark.parametrize("kind", [Mixing, Summing])
def test_where_a_replay_would_be_another_network_the_whole_one_runs(kind: type[nn.Module]) -> None:
    net, x = made(kind), torch.rand(3, 3, 16, 20, dtype=torch.float64)
    with net.frozen():
        assert net.tail(x, "second").how == WHOLE


def test_modules_played_again_do_not_run() -> None:
    net, x, ran = made(Looking), torch.rand(2, 3, 16, 20, dtype=torch.float64), []
    for name in ("stem", "first.conv", "second.conv"):
        net.module.get_submodule(name).register_forward_hook(lambda module, args, out, name=name: ran.append(name))
    with net.frozen():
        tail = net.tail(x, "second.conv")
        maps = tail.maps()
        ran.clear()
        tail(maps, torch.arange(2))
    assert ran == ["stem", "second.conv"], "but hooks are told of what the maximal ones return"


def test_a_network_that_fails_within_a_replay_comes_back_as_it_was() -> None:
    class Failing(Looking):
        fails = False

        def looked_at(self, x: Tensor) -> Tensor:
            if self.fails:
                raise RuntimeError("no more")
            return super().looked_at(x)

    net, x = made(Failing), torch.rand(2, 3, 16, 20, dtype=torch.float64)
    own = net.module.stem.forward
    net.module.first.forward = kept = net.module.first.forward
    with net.frozen():
        tail = net.tail(x, "second")
        maps = tail.maps()
        Failing.fails = True
        with pytest.raises(Exception, match="no more"):
            tail(maps, torch.arange(2))
    assert net.module.stem.forward == own and "forward" not in vars(net.module.stem)
    assert net.module.first.forward is kept
