"""Tiny networks whose evidence is known, and photos that ship with scikit-image."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from comparing import PRECISIONS
from seewhy import Model, load

pytest_plugins = ["commands", "blackboxes", "browsing", "serving", "viewing", "paging"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--plain", action="store_true", help="run every network as it is, without the engine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("plain"):
        for one in items:
            if one.get_closest_marker("engine"):
                one.add_marker(pytest.mark.skip(reason="it asks what the engine saves"))


@pytest.fixture(autouse=True, scope="session")
def plain(pytestconfig: pytest.Config) -> Iterator[None]:
    made = Model.__post_init__

    def slow(model: Model) -> None:
        made(model)
        model._set(fast=False)

    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.getoption("plain"):
            patch.setattr(Model, "__post_init__", slow)
        yield


class Bright(nn.Module):
    """Class 1 grows with the bright red of any place, class 0 falls, class 2 likes green; where there is neither it is
    class 0, not a draw. Dropout and batch norm trap methods that forget the evaluation mode."""

    def __init__(self, activation: type[nn.Module] = nn.ReLU, inplace: bool = True) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 4, stride=4)
        self.norm = nn.BatchNorm2d(8)
        self.act = activation(inplace=inplace) if activation is not nn.GELU else nn.GELU()
        self.mix = nn.Conv2d(8, 8, 3, padding=1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 3)
        with torch.no_grad():
            for p in self.parameters():
                p.copy_(0.02 * torch.randn(p.shape, generator=generator))
            self.norm.weight.fill_(1.0)
            self.conv.weight[:4, 0] += 0.25  # red
            self.conv.weight[:4, 1:] -= 0.12
            self.conv.weight[4:, 1] += 0.25  # green
            self.conv.weight[4:, ::2] -= 0.12
            self.conv.bias.fill_(-0.5)
            self.mix.weight[:, :, 1, 1] += torch.eye(8)
            self.fc.weight[0, :4] -= 1.0
            self.fc.weight[1, :4] += 1.0
            self.fc.weight[2, 4:] += 1.0
            self.fc.bias[0] += 3.0

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.conv(x)))
        x = torch.relu(self.mix(x)) if not isinstance(self.act, nn.GELU) else nn.functional.gelu(self.mix(x))
        return self.fc(self.drop(x.square().mean((2, 3))))


class SmallNet(nn.Module):
    """Random, with what real networks have: an in-place ReLU used twice, a residual, batch norm, max pooling."""

    def __init__(self, classes: int = 4, activation: type[nn.Module] = nn.ReLU, seed: int = 0) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.bn2 = nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv3, self.bn3 = nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)
        self.act = activation(inplace=True) if activation is not nn.GELU else activation()
        self.act2 = activation()
        self.act3 = activation()
        self.fc = nn.Linear(8, classes)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, p in self.named_parameters():
                p.copy_(torch.randn(p.shape, generator=generator) * (0.3 if "bn" not in name else 0.2))
            for m in self.modules():
                if isinstance(m, nn.BatchNorm2d):
                    m.weight.add_(1)
                    m.running_mean.copy_(0.2 * torch.randn(m.num_features, generator=generator))
                    m.running_var.copy_(0.5 + torch.rand(m.num_features, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.act(self.bn1(self.conv1(x))))
        x = self.act2(x + self.bn2(self.conv2(x)))
        x = self.act3(self.bn3(self.conv3(x)))
        return self.fc(x.mean((2, 3)))


MEAN, STD = (0.45, 0.4, 0.35), (0.25, 0.3, 0.2)


@pytest.fixture
def bright() -> Model:
    return Model(Bright(), mean=MEAN, std=STD, size=(32, 40), classes=["dark", "red", "green"])


@pytest.fixture
def planted() -> Tensor:
    """Three noisy grey images (3,3,32,40) with a red square in the top-right corner, where class 1 finds it."""
    x = 0.3 + 0.1 * torch.rand(3, 3, 32, 40, generator=torch.Generator().manual_seed(1))
    x[:, 0, :12, 28:] = 0.95
    x[:, 1:, :12, 28:] *= 0.3
    return x


@pytest.fixture
def small() -> Model:
    return Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes=["a", "b", "c", "d"])


@pytest.fixture
def x() -> Tensor:
    """Two random images (2,3,16,20): not square, so that swapped axes show."""
    return torch.rand(2, 3, 16, 20, generator=torch.Generator().manual_seed(3))


@pytest.fixture
def dark(x: Tensor) -> Tensor:
    """A dark picture for each image, no two pixels alike: in black every window of a max pooling is a tie, which
    rounding decides, and with it where the gradient goes."""
    return x.flip(3) / 50


class Precise(NamedTuple):
    model: Model
    x: Tensor
    tolerance: float


@pytest.fixture(params=PRECISIONS, ids=lambda one: one[0])
def precise(request: pytest.FixtureRequest, small: Model, x: Tensor) -> Precise:
    """The small model and its images in float32 and in float64, each with what a peer's map may differ by."""
    precision, tolerance = request.param
    model = small.at(precision)
    return Precise(model, x.to(model.dtype), tolerance)


@pytest.fixture(scope="session")
def chelsea() -> np.ndarray:
    from skimage.data import chelsea

    return chelsea()


@pytest.fixture(scope="session")
def coffee() -> np.ndarray:
    from skimage.data import coffee

    return coffee()


@pytest.fixture(scope="session")
def default_model() -> Model:
    """The embedded network with its weights; loaded once, never changed."""
    return load("default")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests\nat all")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: None)


@pytest.fixture
def two_cores() -> Iterator[None]:
    """Threads for torch to share out, however many the machine has."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
