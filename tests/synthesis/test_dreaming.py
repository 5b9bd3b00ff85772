"""Deep dream: octaves, colours, what grows, and the photo's own size."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2yiq
from torch import Tensor, nn

from conftest import MEAN, STD
from seewhy import Model, black_box
from seewhy.errors import BadOption, SeewhyError
from seewhy.synthesis import dream, objectives
from seewhy.synthesis.dreaming import _roughness, evened, lightness_only, middle, octave_sizes, opened


def test_octaves_grow_to_the_full_size() -> None:
    assert octave_sizes((280, 140), 3, 1.4) == [(143, 71), (200, 100), (280, 140)]
    assert octave_sizes((40, 40), 4, 1.4) == [(40, 40)], "none is smaller than a network can make sense of"


def test_colours_of_the_photo_are_kept(default_model: Model, chelsea: np.ndarray) -> None:
    how = {"octaves": 2, "steps": 4, "longest": 160}
    kept = dream(default_model, chelsea, "deepdream:blocks.2", **how)
    free = dream(default_model, chelsea, "deepdream:blocks.2", keep_colors=False, **how)
    photo = kept.photo / 255
    inside = ((kept[0].image > 0.01) & (kept[0].image < 0.99)).all(-1)  # colours that had room
    apart = [np.abs(rgb2yiq(one[0].image) - rgb2yiq(photo))[inside].mean(0) for one in (kept, free)]
    assert apart[0][0] > 0.02 and apart[0][1:].max() < 0.003 < apart[1][1:].max()
    for one in (kept, free):
        values = one[0].values[:, 0]
        assert values[3] > values[0] and values[-1] > values[4], "it grows in each octave"


def test_the_photo_keeps_its_shape(small: Model, chelsea: np.ndarray) -> None:
    found = dream(small, chelsea, "conv3:5", longest=90, steps=2, octaves=2)
    assert found[0].image.shape == (60, 90, 3) and found.options["sizes"] == [[43, 64], [60, 90]]
    assert found.photo is not None and found.photo.shape == (60, 90, 3)
    small_photo = chelsea[:40, :50]
    assert dream(small, small_photo, "conv3:5", steps=1)[0].image.shape == (40, 50, 3)
    assert opened(small, chelsea, 1000).shape == (1, 3, 300, 451)


def test_only_lightness_is_added() -> None:
    generator = torch.Generator().manual_seed(0)
    photo, made = (0.3 + 0.4 * torch.rand(1, 3, 6, 7, generator=generator) for _ in range(2))
    found = lightness_only(photo, made)
    added = found - photo
    torch.testing.assert_close(added[:, 0], added[:, 2])
    luma = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    torch.testing.assert_close((found * luma).sum(1), (made * luma).sum(1))


def test_a_step_by_hand(small: Model) -> None:
    x = 0.4 + 0.2 * torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    found = dream(small, x, "conv3:5", octaves=1, steps=1, lr=0.01, jitter=0, tv=0.3, keep_colors=False)
    with small.frozen():
        own = x.clone().requires_grad_()
        (grad,) = torch.autograd.grad(small.upto(own, ["conv3"])[0][:, 5].mean(), own)
    rough = own.diff(dim=2).abs().sum() + own.diff(dim=3).abs().sum()
    (against,) = torch.autograd.grad(rough, own)
    wanted = x + 0.01 * (grad / grad.abs().mean() - 0.3 * against / against.abs().mean())
    np.testing.assert_allclose(found[0].image, wanted.clamp(0, 1)[0].permute(1, 2, 0).numpy(), atol=2e-6)
    torch.testing.assert_close(evened(_roughness(x)), against / against.abs().mean())


def test_less_rough_with_more_tv(small: Model, chelsea: np.ndarray) -> None:
    def roughness(tv: float) -> float:
        image = dream(small, chelsea, "conv3:5", longest=64, octaves=1, steps=12, tv=tv, keep_colors=False)[0].image
        return float(np.abs(np.diff(image, axis=0)).mean() + np.abs(np.diff(image, axis=1)).mean())

    assert roughness(0.8) < 0.9 * roughness(0)


def test_the_seed_decides(small: Model, chelsea: np.ndarray) -> None:
    a, b, c = (dream(small, chelsea, "conv3:5", longest=64, steps=2, seed=seed)[0].image for seed in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_without_an_objective_a_middle_layer_grows(default_model: Model, small: Model, x: Tensor) -> None:
    assert middle(default_model) == "blocks.4"
    assert dream(small, x[:1], steps=1)[0].name == f"deepdream:{middle(small)}"


def test_it_can_be_stopped(small: Model, chelsea: np.ndarray) -> None:
    found = dream(small, chelsea, "conv3:5", longest=64, octaves=2, steps=5, tell=lambda step: step.done == 3)
    assert found.steps == (3,) and found[0].image.shape == (43, 64, 3)


def test_a_network_of_one_size_is_shown_that(x: Tensor) -> None:
    rows = nn.Sequential(nn.Conv2d(3, 4, 4, stride=4), nn.Flatten(), nn.Linear(80, 3))
    fixed = Model(rows, mean=MEAN, std=STD, size=(16, 20))
    found = dream(fixed, torch.rand(1, 3, 50, 60), "class:1", octaves=1, steps=3, jitter=0)
    assert found[0].image.shape == (50, 60, 3) and "no other size than 16x20" in found.notes[0]
    assert found[0].values[-1, 0] > found[0].values[0, 0]


def test_what_can_not_be_dreamt_is_refused(small: Model, x: Tensor) -> None:
    for wrong, said in (({"octaves": 0}, "octaves"), ({"lr": -1}, "lr"), ({"octave_scale": 1}, "octave_scale")):
        with pytest.raises(BadOption, match=said):
            dream(small, x[:1], "conv3:5", **wrong)
    with pytest.raises(BadOption, match="one picture and one objective"):
        dream(small, x[:1], objectives.diversity("conv3"))
    with pytest.raises(SeewhyError, match="no such file"):
        dream(small, "nowhere.jpg", "conv3:5")
    with pytest.raises(SeewhyError, match="nothing can be optimised"):
        dream(black_box(lambda p: np.zeros((len(p), 3)), input="float"), x[:1])
