"""A method that needs scores alone, and functions of pictures to explain with it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from conftest import MEAN, STD, SmallNet
from seewhy import Need, registry
from seewhy.model import Model
from seewhy.registry import method
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Pixels

SIDE = 4  # of a window
Predict = Callable[[NDArray[Any]], Any]

PREDICT = """
import numpy as np
import torch
from conftest import MEAN, STD, SmallNet

net = SmallNet().eval()


def logits(pictures):
    assert pictures.dtype == np.float32 and pictures.max() <= 1
    with torch.no_grad():
        return net((torch.from_numpy(pictures).permute(0, 3, 1, 2) - torch.tensor(MEAN)[:, None, None])
                   / torch.tensor(STD)[:, None, None])


def probabilities(pictures):
    assert pictures.dtype == np.uint8
    return logits(pictures.astype(np.float32) / 255).softmax(1).numpy()


class Classifier:
    def predict_proba(self, pictures):
        return probabilities(pictures)


classifier = Classifier()
number = 7


def flat(pictures):
    return pictures.mean((1, 2, 3))


def raises(pictures):
    raise ValueError("no such picture")
"""


def network(pictures: NDArray[Any]) -> Tensor:
    """SmallNet's logits for float pictures (n,h,w,3)."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    with torch.no_grad():
        return SmallNet().eval()((x - mean) / std)


def windows(x: Tensor) -> Iterator[Tensor]:
    """The images (b,c,h,w) with one window black, window by window."""
    for top in range(0, x.shape[2], SIDE):
        for left in range(0, x.shape[3], SIDE):
            hidden = x.clone()
            hidden[:, :, top : top + SIDE, left : left + SIDE] = 0
            yield hidden


@pytest.fixture
def hiding(monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a method that is there for one test: how far each black window lowers the score."""
    registry.list_methods()
    monkeypatch.setattr(registry, "_TABLE", dict(registry._TABLE))

    @method("hiding", Need.SCORES, title="Hiding", family="perturbation", paper="", cost="", score="log_probability")
    class Hiding:
        """Hides one window after the other."""

        def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
            grid = [len(range(0, length, SIDE)) for length in x.shape[2:]]
            found = model.scores([x], target) - model.scores(windows(x), target)
            return Map(found.view(len(x), 1, *grid))

    return "hiding"


def hidden(predict: Predict, x: Tensor, index: int, read: Callable[[Any], Any] = np.asarray) -> NDArray[Any]:
    """What `hiding` should give of a function of float pictures, one at a time: (b,1,r,q)."""

    def score(image: Tensor) -> float:
        return float(read(predict(image.permute(1, 2, 0)[None].numpy().copy()))[0, index])

    grid = [len(range(0, length, SIDE)) for length in x.shape[2:]]
    maps = [[score(one) - score(other[0]) for other in windows(one[None])] for one in x]
    return np.array(maps).reshape(len(x), 1, *grid)
