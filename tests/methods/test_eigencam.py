"""Principal components have no sign of their own: which way ours point, and that it is where something is."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seewhy import Model, SeewhyError, explain, get_method
from seewhy.methods.kpcacam import component

UNSIGNED = ["eigencam", "kpcacam"]


class Blob(nn.Module):
    """A red spot excites `sign` times one channel of a layer that has no ReLU."""

    def __init__(self, sign: float) -> None:
        super().__init__()
        self.paint, self.fc = nn.Conv2d(3, 4, 4, stride=4, bias=False), nn.Linear(4, 2)
        with torch.no_grad():
            self.paint.weight.zero_()
            self.paint.weight[1, 0] = sign
            self.paint.weight[2, 0] = 0.3 * sign

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.paint(x).relu().mean((2, 3)))


class Spot(nn.Module):
    """A layer that returns its input."""

    def __init__(self) -> None:
        super().__init__()
        self.same, self.fc = nn.Identity(), nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.same(x).mean((2, 3)))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("id", UNSIGNED)
def test_the_component_is_positive_where_the_maps_are_strong_whatever_their_sign(id: str, sign: float) -> None:
    model = Model(Blob(sign), mean=(0, 0, 0), std=(1, 1, 1), size=(24, 32))
    x = 0.02 * torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    x[:, 0, 4:8, 20:28] = 1
    values = explain(model, x, id, 0, layer="paint").values[0, 0]
    assert np.unravel_index(values.argmax(), values.shape) in {(1, 5), (1, 6)}
    assert values.max() > -values.min()


@pytest.mark.parametrize("layer", ["bn2", "blocks.4"])
@pytest.mark.parametrize("id", UNSIGNED)
def test_the_sign_is_fixed_on_the_default_model(id: str, layer: str, default_model: Model, chelsea: Any) -> None:
    first = explain(default_model, chelsea, id, layer=layer).values
    other = explain(default_model, chelsea[:, ::-1].copy(), id, layer=layer).values[..., ::-1]
    assert np.corrcoef(first.ravel(), other.ravel())[0, 1] > 0.5, "the mirrored photo's map is the mirrored map"


def test_eigengradcam_grows_where_hirescam_does(small: Model, x: Tensor) -> None:
    for layer in ("act2", "bn2", "conv1"):
        found = explain(small, x, "eigengradcam", [1, 3], layer=layer).values.reshape(2, -1)
        guide = explain(small, x, "hirescam", [1, 3], layer=layer).values.reshape(2, -1)
        assert all(np.corrcoef(one, along)[0, 1] > 0 for one, along in zip(found, guide, strict=True))


def test_segeigencams_peak_is_positive(small: Model, x: Tensor) -> None:
    for layer in ("act2", "bn2", "conv1", "act3"):
        values = explain(small, x, "segeigencam", [1, 3], layer=layer).values
        assert (values.max((1, 2, 3)) >= -values.min((1, 2, 3))).all()


def test_segeigencams_peak_is_positive_where_the_weighted_maps_dip() -> None:
    x = torch.ones(1, 3, 6, 8)
    x[..., 1, 6] = 0  # the layer's maps are 0 but for -1 here
    model = Model(Spot(), mean=(1, 1, 1), std=(1, 1, 1), size=(6, 8))
    values = explain(model, x, "segeigencam", 0, layer="same").values[0, 0]
    assert np.unravel_index(values.argmax(), values.shape) == (1, 6) and values.max() > -values.min()


@pytest.mark.parametrize("cells", [20, 300], ids=["few cells", "many cells"])
@pytest.mark.parametrize("kind", ["sigmoid", "rbf"])
@pytest.mark.parametrize("gamma", [None, 0.7])
def test_the_kernel_component_is_that_of_the_definition(kind: str, gamma: float | None, cells: int) -> None:
    x = torch.randn(cells, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
    width = 1 / 5 if gamma is None else gamma
    distances = ((x[:, None] - x) ** 2).sum(2)
    kernel = np.tanh(width * x @ x.T + 1) if kind == "sigmoid" else np.exp(-width * distances)
    centring = np.eye(cells) - 1 / cells
    values, vectors = np.linalg.eigh(centring @ kernel @ centring)
    wanted = vectors[:, -1:] * values[-1] ** 0.5
    found = component(torch.from_numpy(x), kind, gamma).numpy()
    assert min(abs(found - wanted).max(), abs(found + wanted).max()) < 1e-9 * abs(wanted).max()


def test_a_flat_map_has_no_kernel_component() -> None:
    assert not component(torch.zeros(300, 5), "sigmoid", None).any()


def test_a_kernel_of_too_many_cells_is_refused(small: Model) -> None:
    with pytest.raises(SeewhyError, match=r"64 x 80 cells, more than 4096\n.*deeper layer"):
        explain(small, torch.rand(1, 3, 64, 80), "kpcacam", 1, layer="conv1")


def test_fem_weighs_a_channel_by_the_share_of_its_cells_that_stand_out() -> None:
    x = torch.zeros(1, 3, 5, 8)
    x[0, 0, 1, 6] = 1  # 1 of 40 cells, far above its mean
    x[0, 1] = 1  # flat: no cell stands out
    model = Model(Spot(), mean=(0, 0, 0), std=(1, 1, 1), size=(5, 8))
    np.testing.assert_allclose(explain(model, x, "fem", 0, layer="same").values[0, 0], x[0, 0] / 40)
    assert explain(model, x, "fem", 0, layer="same", k=10).blank == (True,)
    assert get_method("fem").k == 2


def test_gradient_free_maps_take_no_backward(small: Model, x: Tensor) -> None:
    for id in (*UNSIGNED, "fem"):
        made = explain(small, x, id)
        assert (made.passes.forward, made.passes.backward) == (2, 0)  # of two images
