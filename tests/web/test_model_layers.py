"""The layers that a slider goes through: readable, in order, few, and with the default among them."""

from collections.abc import Callable

import torch
from starlette.testclient import TestClient
from torch import Tensor, nn

import seewhy
from attentive import BrightTokens
from conftest import MEAN, STD
from seewhy import Model
from seewhy.web.layers import MOST, listed


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return x + self.act(self.conv(x))


class Deep(nn.Module):
    """Stages of blocks of layers; idle has nothing to do, and tail loses the places."""

    def __init__(self, stages: int, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.idle = nn.Identity()
        self.stages = nn.ModuleList(
            [nn.Sequential(*[Block(4) for _ in range(blocks)], nn.MaxPool2d(2)) for _ in range(stages)]
        )
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.idle(self.stem(x))
        for stage in self.stages:
            x = stage(x)
        return self.head(x.mean((2, 3)))


def model(stages: int = 2, blocks: int = 2) -> Model:
    return Model(Deep(stages, blocks).eval(), mean=MEAN, std=STD, size=(32, 32))


def test_layers_come_in_the_order_they_run_with_their_grids() -> None:
    found = listed(model())
    assert [one["name"] for one in found] == [
        "stem",
        "stages.0.0.conv", "stages.0.0", "stages.0.1.conv", "stages.0.1", "stages.0",
        "stages.1.0.conv", "stages.1.0", "stages.1.1.conv", "stages.1.1", "stages.1",
    ]  # fmt: skip
    grids = {one["name"]: (one["rows"], one["columns"], one["channels"]) for one in found}
    assert grids["stem"] == (32, 32, 4) and grids["stages.0"] == (16, 16, 4) and grids["stages.1"] == (8, 8, 4)
    assert [one["name"] for one in found if one["default"]] == [model().census().maps] == ["stages.1"]


def test_stages_and_blocks_come_before_what_is_in_them() -> None:
    names = [one["name"] for one in listed(model(2, 10))]
    assert len(names) <= MOST and {"stem", "stages.0", "stages.1", "stages.0.0", "stages.1.9"} <= set(names)
    assert not [one for one in names if one.endswith((".conv", ".act"))]


def test_a_flat_network_is_thinned_out() -> None:
    layers = [nn.Conv2d(3, 4, 3, padding=1), *(nn.Conv2d(4, 4, 3, padding=1) for _ in range(90))]
    flat = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    found = listed(Model(flat.eval(), mean=MEAN, std=STD, size=(32, 32)))
    numbers = [int(one["name"]) for one in found]
    assert 20 < len(found) <= MOST and numbers == sorted(numbers) and sum(one["default"] for one in found) == 1


def test_every_layer_that_is_listed_makes_a_map(x: Tensor) -> None:
    one = model()
    for layer in listed(one):
        e = seewhy.explain(one, torch.rand(1, 3, 32, 32), "hirescam", layer=layer["name"])
        assert e.values.shape[2:] == (layer["rows"], layer["columns"])


def test_tokens_have_grids_and_a_function_has_no_layers(served: Callable[..., TestClient]) -> None:
    vit = Model(BrightTokens().eval(), mean=MEAN, std=STD, size=(32, 40))
    function = seewhy.black_box(lambda images: images.mean((1, 2)), size=(16, 16), input="float")
    client = served({"org/name:vit": vit, "function": function})
    assert client.get("/api/models/function/layers").json() == {"layers": []}
    found = client.get("/api/models/org%2Fname:vit/layers").json()["layers"]
    assert found and all(one["rows"] > 1 and one["channels"] > 1 for one in found)
    assert client.get("/api/models/nothing/layers").status_code == 404
