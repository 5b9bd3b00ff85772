"""Feature inversion: closed forms, the paper's loss by hand, and a real photo at three depths."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchmetrics.functional.image import total_variation

from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model, black_box
from seewhy.errors import BadOption, ModelFailed, SeewhyError, UnknownName
from seewhy.synthesis import invert
from seewhy.synthesis.inverting import Regularisers

BARE: dict[str, Any] = {"alpha_weight": 0, "tv_weight": 0, "parametrization": "free"}


@pytest.fixture
def photo() -> Tensor:
    return torch.rand(1, 3, 6, 7, generator=torch.Generator().manual_seed(5))


class Orthogonal(nn.Module):
    """A rotation of all numbers of the input: nothing is lost, all is mixed."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = nn.Linear(126, 126, bias=False)
        with torch.no_grad():
            square = torch.randn(126, 126, generator=torch.Generator().manual_seed(0))
            self.turn.weight.copy_(torch.linalg.qr(square).Q)

    def forward(self, x: Tensor) -> Tensor:
        return self.turn(x.flatten(1))


def shown(image: np.ndarray) -> Tensor:
    return torch.from_numpy(image).permute(2, 0, 1)[None]


@pytest.mark.parametrize("parametrization", ["free", "fourier", "pixels"])
def test_a_layer_that_passes_all_on_gives_the_photo_back(photo: Tensor, parametrization: str) -> None:
    model = Model(nn.Sequential(nn.Identity(), nn.Flatten()), mean=MEAN, std=STD, size=(6, 7))
    photo = 0.15 + 0.7 * photo
    found = invert(model, photo, "0", steps=2500, **{**BARE, "parametrization": parametrization})
    assert float((shown(found[0].image) - photo).abs().max()) < 0.02
    assert found[0].features[-1] < 1e-4 < 0.5 < found[0].features[0]


def test_the_optimum_of_an_orthogonal_layer_is_known(photo: Tensor) -> None:
    """|Q(u - u0)|^2 / |u0|^2 + w mean u^2 is least at u0 / (1 + w |u0|^2 / n)."""
    model = Model(Orthogonal(), mean=MEAN, std=STD, size=(6, 7))
    u0 = model.normalised(photo)
    for weight in (0.0, 0.5):
        found = invert(model, photo, "turn", steps=1500, alpha=2, **{**BARE, "alpha_weight": weight})
        wanted = u0 / (1 + weight * u0.square().sum() / u0.numel())
        pixels = wanted * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
        assert float((shown(found[0].image) - pixels.clamp(0, 1)).abs().max()) < 0.01
        lost = weight * float(wanted.square().mean())
        assert found[0].alpha[-1] == pytest.approx(lost, abs=0.002)


def test_regularisers_are_the_papers(photo: Tensor) -> None:
    u = (photo - 0.5) * 4
    own = Regularisers(alpha=6, alpha_weight=0.25, beta=2, tv_weight=0.5)(u)
    down, across = (torch.zeros_like(u) for _ in range(2))
    down[:, :, :-1], across[:, :, :, :-1] = u.diff(dim=2), u.diff(dim=3)
    assert float(own[0]) == pytest.approx(0.25 * float((u**6).sum()) / u.numel())
    assert float(own[1]) == pytest.approx(0.5 * float((down**2 + across**2).sum()) / u.numel())
    rooted = Regularisers(beta=1, tv_weight=1, alpha_weight=0)(u)[1]
    assert float(rooted) == pytest.approx(float((down**2 + across**2).sqrt().mean()), rel=1e-4)
    stripes = torch.zeros(1, 1, 6, 6)
    stripes[:, :, :, ::2] = 1
    sums = float(Regularisers(beta=1, tv_weight=1, alpha_weight=0)(stripes)[1]) * 36
    assert sums == pytest.approx(float(total_variation(stripes)), rel=1e-4), "one way only: both kinds agree"


def test_the_curves_are_those_of_the_loss(small: Model, x: Tensor) -> None:
    found = invert(small, x[:1], "conv3", steps=5, parametrization="free", alpha_weight=0.1, tv_weight=0.2)
    one = found[0]
    assert len(one.features) == len(one.alpha) == len(one.tv) == 6
    with small.frozen():
        u = 0.1 * torch.randn(1, 3, 16, 20, generator=torch.Generator().manual_seed(0))
        pixels = u * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
        start, wanted = small.read(torch.cat([pixels, x[:1]]), ["conv3"])[0]
        assert one.features[0] == pytest.approx(
            float((start - wanted).square().sum() / wanted.square().sum()), rel=1e-4
        )
        assert one.alpha[0] == pytest.approx(0.1 * float((u**6).mean()), rel=1e-3)
    more = invert(small, x[:1], "conv3", steps=60, parametrization="free")
    assert more[0].fall > 2 and more[0].features[-1] < more[0].features[0]


def test_more_of_a_regulariser_leaves_less_of_it(small: Model, x: Tensor) -> None:
    ends = [
        invert(small, x[:1], "conv2", steps=60, parametrization="free", tv_weight=weight)[0] for weight in (0.05, 5.0)
    ]
    assert ends[1].tv[-1] / 5 < 0.5 * ends[0].tv[-1] / 0.05 and ends[1].features[-1] > ends[0].features[-1]


def test_a_real_photo_at_three_depths(default_model: Model, chelsea: np.ndarray) -> None:
    """The features come ten times nearer than at the start, and the deeper, the less of the photo is left."""
    layers = ["blocks.0", "blocks.2", "blocks.5"]
    small = Model(default_model.module, mean=default_model.mean, std=default_model.std, size=(96, 96))
    found = invert(small, chelsea, layers, steps=150)
    assert [one.layer for one in found.found] == layers and all(one.fall >= 10 for one in found.found)
    photo = found.seen / 255
    alike = [np.corrcoef(one.image.mean(2).ravel(), photo.mean(2).ravel())[0, 1] for one in found.found]
    assert alike[0] > 0.9 and alike[0] > alike[2] + 0.1


def test_tokens_and_logits_have_features_too(x: Tensor) -> None:
    vit = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    found = invert(vit, x[:1], ["blocks.1", "fc"], steps=60)
    assert all(one.fall > 3 for one in found.found)


def test_the_seed_decides_and_several_layers_do_not_meet(small: Model, x: Tensor) -> None:
    both = invert(small, x[:1], ["conv2", "conv3"], steps=8)
    alone, other = (invert(small, x[:1], "conv3", steps=8, seed=seed) for seed in (0, 1))
    assert np.array_equal(both[1].image, alone[0].image) and not np.array_equal(alone[0].image, other[0].image)


def test_it_can_be_stopped(small: Model, x: Tensor) -> None:
    told: list[Any] = []

    def tell(step: Any) -> bool:
        told.append(step)
        return step.done == 7

    found = invert(small, x[:1], ["conv2", "conv3", "fc"], steps=5, tell=tell)
    assert [len(one.features) for one in found.found] == [6, 3] and told[-1].total == 15
    assert told[0].values == pytest.approx((found[0].features[0],))


def test_what_can_not_be_inverted_is_refused(small: Model, x: Tensor) -> None:
    with torch.no_grad():
        small.module.fc.weight.fill_(0)
        small.module.fc.bias.fill_(0)
    with pytest.raises(ModelFailed, match="features at 'fc' are zero"):
        invert(small, x[:1], "fc")
    with pytest.raises(UnknownName, match="no layer is named 'conv9'"):
        invert(small, x[:1], "conv9")
    with pytest.raises(BadOption, match="no layer is asked for"):
        invert(small, x[:1], [])
    with pytest.raises(BadOption, match="alpha_weight"):
        invert(small, x[:1], "conv1", alpha_weight=-1)
    with pytest.raises(SeewhyError, match="batch of 2"):
        invert(small, x, "conv1")
    with pytest.raises(SeewhyError, match="nothing can be optimised"):
        invert(black_box(lambda p: np.zeros((len(p), 3)), input="float"), x[:1], "conv1")


def test_the_model_comes_back_as_it_was(small: Model, x: Tensor) -> None:
    net = small.module.train()
    before = {name: p.clone() for name, p in net.state_dict().items()}
    invert(small, x[:1], ["conv2", "conv3"], steps=3)
    assert net.training and all(p.requires_grad and p.grad is None for p in net.parameters())
    assert all(torch.equal(before[name], p) for name, p in net.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
