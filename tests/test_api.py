from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD
from seewhy import Model, SeewhyError, compare, explain, predict


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def test_a_photo_in_any_form_gives_one_map_on_its_pixels(small: Model, photo: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    forms = [photo, Image.fromarray(photo), path, str(path), path.read_bytes(), [photo], photo[None]]
    maps = [explain(small, form).heatmap() for form in forms]
    assert all(one.shape == (1, 30, 45) for one in maps)
    assert all(np.array_equal(one, maps[0], equal_nan=True) for one in maps)
    assert np.isnan(maps[0]).any(), "30x45 is wider than 16x20: its sides are cropped"


def test_photos_of_one_size_are_one_explanation_of_several_sizes_a_list(small: Model, photo: np.ndarray) -> None:
    both = explain(small, [photo, photo[::-1]])
    assert len(both) == 2 and both.heatmap().shape == (2, 30, 45)
    several = explain(small, [photo, photo[:20]])
    assert isinstance(several, list) and [one.heatmap().shape for one in several] == [(1, 30, 45), (1, 20, 45)]


def test_one_explanation_is_cut_out_of_a_batch(small: Model, x: Tensor) -> None:
    both = explain(small, x, "integrated_gradients", n_steps=3)
    second = both[1]
    assert len(second) == 1 and np.array_equal(second.values, both.values[1:])
    assert second.classes == both.classes[1:] and second.photos == both.photos[1:]
    assert second.extras["completeness_gap"].shape == (1,)
    assert [one.labels[0] for one in both] == list(both.labels)
    assert np.array_equal(both[-1].values, second.values)
    with pytest.raises(IndexError):
        both[2]


def test_predictions_are_softmax_with_names(small: Model, x: Tensor) -> None:
    found = predict(small, x, top=2)
    with small.frozen():
        p = small.outputs(x).softmax(1)
    assert len(found) == 2 and len(found[0]) == 2
    assert found[0][0].index == int(p[0].argmax()) and found[0][0].label == "abcd"[found[0][0].index]
    assert found[0][0].probability == pytest.approx(float(p[0].max()), rel=1e-5)
    assert predict(small, (x[0] * 255).byte().permute(1, 2, 0).numpy())[0].label in "abcd"


def test_the_explanation_says_what_was_done(small: Model, x: Tensor) -> None:
    found = explain(small, x, "integrated_gradients", "b", seed=7, n_steps=5, baseline="mean")
    assert (found.method, found.target) == ("integrated_gradients", "b")
    assert (found.classes, found.labels) == ((1, 1), ("b", "b"))
    assert found.options == {"n_steps": 5, "baseline": "mean", "quadrature": "gausslegendre", "tolerance": 0.05}
    assert (found.seed, found.score, found.precision, found.layers) == (7, "logit", "float32", ())
    assert found.model.name == "SmallNet" and found.model.fingerprint == small.fingerprint
    assert found.passes.backward == 10 and found.passes.forward == 2 + 10 + 2
    assert found.seconds > 0 and "torch" in found.versions
    assert explain(small, x).layers == ("act3",)


def test_a_comparison_is_indexed_by_method_and_target(small: Model, x: Tensor) -> None:
    found = compare(small, x, ["gradcam", "saliency"], [None, "a", 3], layer="bn2")
    assert found.methods == ("gradcam", "saliency") and found.targets == ("predicted", "a", "3")
    assert found["gradcam", None] is found["gradcam", "predicted"] is found["gradcam"][0]
    assert found["saliency", "a"].classes == (0, 0) and found["saliency", 3].classes == (3, 3)
    assert found["gradcam", 3].layers == ("bn2",)
    assert len(found) == 6 and len(list(found)) == 6
    with pytest.raises(KeyError, match="rise"):
        found["rise"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda m, x: explain(m, x, "gradcan"), r"(?s)no method is named 'gradcan'.*gradcam"),
        (lambda m, x: explain(m, x, "gradcam", layr="bn2"), r"(?s)no option 'layr'.*'layer'"),
        (lambda m, x: explain(m, x, layer="bn9"), r"(?s)no layer is named 'bn9'.*bn"),
        (lambda m, x: explain(m, x, target="zebra"), "no class is called 'zebra'"),
        (lambda m, x: explain(m, x, target=4), "class 4 of a model with 4 classes"),
        (lambda m, x: explain(m, x, "integrated_gradients", n_steps=0), r"(?s)n_steps is 0.*1 to 10000"),
        (lambda m, x: explain(m, x, "integrated_gradients", n_steps=2.5), "whole number"),
        (lambda m, x: explain(m, x, "integrated_gradients", quadrature="simpson"), r"(?s)'simpson'.*gausslegendre"),
        (lambda m, x: explain(m, x, "integrated_gradients", baseline=2), "no grey level"),
        (lambda m, x: explain(m, x, "integrated_gradients", baseline="fog"), "baseline 'fog'"),
        (lambda m, x: explain(m, x, "integrated_gradients", baseline=x[:, :, 1:]), "a baseline"),
        (lambda m, x: explain(m, x * 4 - 2), r"(?s)outside \[0,1\].*normalised"),
        (lambda m, x: explain(m, x[:, :1]), r"shape \(2, 1, 16, 20\)"),
        (lambda m, x: explain(m, x, precision="bfloat16"), "(?s)'gradcam' is not offered in bfloat16.*scorecam"),
        (lambda m, x: explain(m, x, score="odds"), "score 'odds'"),
        (lambda m, x: compare(m, x, []), "no method"),
        (lambda m, x: explain(m.module, x), r"(?s)bare nn.Module.*seewhy.Model"),
        (lambda m, x: predict(m, x, top=0), "top"),
    ],
)
def test_what_can_not_be_done_is_a_problem_and_a_hint(
    call: Callable[[Model, Tensor], Any], problem: str, small: Model, x: Tensor
) -> None:
    with pytest.raises(SeewhyError, match=problem) as error:
        call(small, x)
    assert error.value.hint and "\n" not in error.value.problem + error.value.hint


def test_a_model_that_returns_nan_is_refused(x: Tensor) -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3)) / 0 * 0

    with pytest.raises(SeewhyError, match="NaN or infinity"):
        explain(Model(Broken(), mean=MEAN, std=STD, size=(16, 20)), x, "saliency")


def test_a_map_of_nan_is_refused(x: Tensor) -> None:
    class Root(nn.Module):  # finite where it is, infinitely steep
        def forward(self, x: Tensor) -> Tensor:
            return (x * 0).sqrt().sum((2, 3)) + x.mean((2, 3))

    with pytest.raises(SeewhyError, match="a map with NaN or infinity"):
        explain(Model(Root(), mean=MEAN, std=STD, size=(16, 20)), x, "saliency")


def test_a_blank_map_is_flagged_and_said(x: Tensor) -> None:
    class Constant(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x * 0).mean((2, 3)) + torch.tensor([1.0, 2.0, 3.0])

    found = explain(Model(Constant(), mean=MEAN, std=STD, size=(16, 20)), x, "saliency")
    assert found.blank == (True, True) and "blank map: the score does not move" in found.notes[-1]


def test_float64_is_a_copy_and_closer(small: Model, x: Tensor) -> None:
    found = explain(small, x, "integrated_gradients", precision="float64", n_steps=4)
    assert found.precision == "float64" and small.dtype == torch.float32
    np.testing.assert_allclose(
        found.values, explain(small, x, "integrated_gradients", n_steps=4).values, rtol=0, atol=1e-5
    )


def test_public_names_are_all_there() -> None:
    assert all(callable(getattr(seewhy, name)) for name in seewhy.__all__ if name not in ("doctor", "open"))
    with pytest.raises(AttributeError):
        seewhy.nothing  # noqa: B018  # looked up, which raises
