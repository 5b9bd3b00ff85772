"""Which layers a class activation map reads, and what several of them or several views become."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from conftest import MEAN, STD, SmallNet
from seewhy import Model, SeewhyError, explain, get_method, list_methods

CAMS = sorted(one.id for one in list_methods() if one.info.family == "cam" and hasattr(get_method(one.id), "layer"))
OWN_UNITS = {"sess"}  # merges layers window by window, and keeps the mean of its weighted windows as it is


def test_a_layer_is_given_by_name_or_as_the_module(small: Model, x: Tensor) -> None:
    named = explain(small, x, "gradcam", 1, layer="bn2")
    module = explain(small, x, "gradcam", 1, layer=small.module.bn2)
    assert named.layers == module.layers == ("bn2",) and np.array_equal(named.values, module.values)
    assert named.options["layer"] == module.options["layer"] == "bn2"


def test_several_layers_are_given_by_name_or_as_modules_and_counted_once(small: Model, x: Tensor) -> None:
    asked = ["act2", small.module.act3, "act3"]
    made = explain(small, x, "gradcam", 1, layer=asked)
    assert made.layers == made.options["layer"] == ("act2", "act3")


def test_the_layer_chosen_for_the_user_is_written_down(small: Model, x: Tensor, default_model: Model) -> None:
    assert explain(small, x, "gradcam", 1).layers == ("act3",)
    assert explain(default_model, torch.rand(1, 3, 64, 96), "gradcam", 1).layers == ("bn2",)


@pytest.mark.parametrize("id", CAMS)
def test_an_early_layer_gives_a_finer_map(id: str, small: Model, x: Tensor) -> None:
    made = explain(small, x, id, 1, layer="conv1")
    assert made.layers == ("conv1",) and made.heatmap().shape == (2, 16, 20)


def test_a_layer_nobody_knows_is_refused_with_those_near_it(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match=r"'conv9'\n  hint: near: conv3, conv2, conv1"):
        explain(small, x, "gradcam", layer="conv9")
    with pytest.raises(SeewhyError, match="not in the model"):
        explain(small, x, "gradcam", layer=nn.Conv2d(3, 6, 3))
    with pytest.raises(SeewhyError, match="an empty list of layers"):
        explain(small, x, "gradcam", layer=[])


@pytest.mark.parametrize("id", CAMS)
def test_a_layer_without_a_place_to_its_values_is_refused(id: str, small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match=r"'fc' returns \(4,\)"):
        explain(small, x, id, 1, layer="fc")


class Odd(nn.Module):
    """A layer that returns a tuple, one that is never used, and one that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.pair, self.again, self.idle = Pair(), nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.fc = nn.Linear(3, 4)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(torch.randn(p.shape, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.pair(x)
        return self.fc((self.again(self.again(first).relu()) + second).relu().mean((2, 3)))


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv(x), x.flip(2)


@pytest.fixture
def odd() -> Model:
    return Model(Odd(), mean=MEAN, std=STD, size=(16, 20))


@pytest.mark.parametrize("id", CAMS)
def test_a_tuple_is_refused(id: str, odd: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match=r"'pair' deals in tuple.*\n.*inside or behind it"):
        explain(odd, x, id, 1, layer="pair")


@pytest.mark.parametrize("id", CAMS)
def test_a_layer_that_never_runs_is_refused_before_the_first_pass(id: str, odd: Model, x: Tensor) -> None:
    calls = []
    odd.module.register_forward_hook(lambda *_: calls.append(1))
    odd.census(x)
    calls.clear()
    with pytest.raises(SeewhyError, match="'idle' is not used in a forward"):
        explain(odd, x, id, 1, layer="idle")
    assert not calls


def test_of_a_layer_that_runs_twice_the_last_output_is_read_and_the_map_says_so(odd: Model, x: Tensor) -> None:
    made = explain(odd, x, "hirescam", 1, layer="again")
    assert made.notes == ("layer 'again' runs 2 times: its last output is read",)

    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    net = odd.module
    first, second = net.pair((x - mean) / std)
    last = net.again(net.again(first).relu())
    score = net.fc((last + second).relu().mean((2, 3)))[:, 1].sum()
    (grad,) = torch.autograd.grad(score, last)
    wanted = (grad * last).sum(1).detach().numpy()
    assert abs(made.values[:, 0] - wanted).max() < 1e-5 * abs(wanted).max()


def test_an_in_place_layer_behind_does_not_rewrite_what_is_read(x: Tensor) -> None:
    """`act` follows bn1 in place; what bn1 returned has negative values, and the map must know them."""
    made = []
    for inplace in (True, False):
        module = SmallNet()
        module.act.inplace = inplace
        made.append(explain(Model(module, mean=MEAN, std=STD, size=(16, 20)), x, "hirescam", 1, layer="bn1").values)
    assert np.array_equal(*made)


def test_several_layers_cost_one_forward_and_one_backward(small: Model, x: Tensor) -> None:
    made = explain(small, x, "gradcam", 1, layer=["conv1", "act2", "act3"])
    assert (made.passes.forward, made.passes.backward) == (2, 2)  # of two images


@pytest.mark.parametrize("id", sorted({*CAMS} - OWN_UNITS))
def test_several_layers_and_views_give_maps_from_zero_to_one(id: str, small: Model, x: Tensor) -> None:
    layers = ["act2", "act3"]
    for maps, options in (
        (2, {"layer": layers}),
        (6, {"aug_smooth": True}),
        (6, {"layer": layers, "aug_smooth": True}),
    ):
        values = explain(small, x, id, 1, **options).values
        assert values.min() >= 0 and 1 / maps <= values.max() <= 1 + 1e-6, "each of the maps reaches 1 somewhere"


def test_a_view_is_forgotten_once_it_is_read(small: Model, x: Tensor, monkeypatch: Any) -> None:
    """Six graphs at a time would take six times the memory."""
    from seewhy.model.recorded import Recorded

    kept = []
    made = Recorded.__init__

    def watched(self: Recorded, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        kept.append(self.keep)

    monkeypatch.setattr(Recorded, "__init__", watched)
    explain(small, x, "gradcam", 1, aug_smooth=True)
    explain(small, x, "smoothgradcam++", 1)
    assert sum(kept) == 2 and len(kept) == 1 + 6 + 1 + 4  # the clean image's alone


def test_options_that_would_do_nothing_are_not_there() -> None:
    for id in ("eigencam", "eigengradcam", "kpcacam", "segeigencam"):
        assert not hasattr(get_method(id), "eigen_smooth"), "they are principal components already"
