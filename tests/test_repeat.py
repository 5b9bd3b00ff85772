"""A stored explanation comes out the same again, and what differs is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Contrast, Custom, Model, Negative, Rest, Top
from seewhy.model.half import lacking
from seewhy.types import Explanation


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)


@pytest.fixture
def factory(tmp_path: Path) -> str:
    path = tmp_path / "net.py"
    path.write_text("from conftest import SmallNet\n\n\ndef build():\n    return SmallNet(seed=5)\n")
    return f"{path}:build"


def folder_of(one: Explanation, tmp_path: Path) -> Path:
    return one.save(tmp_path / "stored")


@pytest.mark.parametrize(
    "target", [None, 2, "b", Contrast(None, Top(1)), Negative("c"), Rest(None), Contrast(Negative("a"), 1)], ids=str
)
def test_every_target_is_explained_again(target: object, small: Model, photo: np.ndarray, tmp_path: Path) -> None:
    images = [photo, photo[::-1].copy()]
    made = seewhy.explain(small, images, "saliency", target)
    found = seewhy.again(folder_of(made, tmp_path), small)
    assert found.absolute == 0 and found.relative == 0 and found.notes == ()
    second = seewhy.again(folder_of(made[1], tmp_path), small)
    assert second.relative < 1e-5 and second.new.target == made.target


def test_one_target_an_image_is_kept_through_a_slice(small: Model, x: Tensor, tmp_path: Path) -> None:
    made = seewhy.explain(small, x, "gradcam", ["a", "d"])
    found = seewhy.again(folder_of(made[1:], tmp_path), small)
    assert found.new.classes == (3,) and found.relative < 1e-5


def test_a_tensor_is_not_rounded_to_bytes(small: Model, x: Tensor, tmp_path: Path) -> None:
    for precision in ("float32", "float64"):
        made = seewhy.explain(small, x, "integrated_gradients", n_steps=3, baseline="noise", precision=precision)
        found = seewhy.again(folder_of(made, tmp_path), small)
        assert found.absolute == 0 and found.new.precision == precision


def test_rough_scores_are_computed_again(small: Model, x: Tensor, tmp_path: Path) -> None:
    if lacking(torch.device("cpu")):
        pytest.skip("this processor has no bfloat16")
    made = seewhy.explain(small, x, "scorecam", precision="bfloat16")
    found = seewhy.again(folder_of(made, tmp_path), small)
    assert found.absolute == 0 and found.new.precision == "bfloat16" and found.notes == ()


def test_the_network_is_loaded_as_it_was(factory: str, photo: np.ndarray, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    torch.save(SmallNet(classes=4, seed=9).state_dict(), weights)
    for given in (None, "random", str(weights)):
        model = seewhy.load(factory, weights=given, mean=MEAN, std=STD, size=(16, 20), classes=["a", "b", "c", "d"])
        made = seewhy.explain(model, photo, "gradcam", "d")
        found = seewhy.again(folder_of(made, tmp_path), trust=True)
        assert found.absolute == 0 and found.notes == () and found.new.labels == ("d",)


def test_code_that_a_record_names_runs_only_when_trusted(photo: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "evil.py"
    path.write_text("from pathlib import Path\n\nPath(__file__).with_name('ran').touch()\n")
    made = seewhy.explain(seewhy.load("torchvision:squeezenet1_1", weights="random", size=32), photo)
    folder = folder_of(replace(made, model=replace(made.model, spec=f"{path}:build")), tmp_path)
    with pytest.raises(seewhy.SeewhyError, match="asks to run"):
        seewhy.again(folder)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(seewhy.SeewhyError):
        seewhy.again(folder, trust=True)
    assert (tmp_path / "ran").exists()


def test_random_weights_of_a_named_network_are_the_same_ones(photo: np.ndarray, tmp_path: Path) -> None:
    model = seewhy.load("torchvision:squeezenet1_1", weights="random", size=32)
    made = seewhy.explain(model, photo, "gradcam", 3)
    found = seewhy.again(folder_of(made, tmp_path))
    assert found.absolute == 0 and found.notes == () and found.new.model.weights == "random"


def test_other_weights_are_told_with_their_difference(small: Model, photo: np.ndarray, tmp_path: Path) -> None:
    folder = folder_of(seewhy.explain(small, photo, "saliency", 1), tmp_path)
    other = Model(SmallNet(seed=1), mean=MEAN, std=STD, size=(16, 20), classes=["a", "b", "c", "d"])
    found = seewhy.again(folder, other)
    expected = np.abs(found.new.values.astype(np.float64) - found.old.values).max()
    assert found.absolute == expected > 0 and found.relative == expected / np.abs(found.old.values).max()
    assert any("weights are not those" in note for note in found.notes)


def test_another_version_is_told(small: Model, photo: np.ndarray) -> None:
    made = seewhy.explain(small, photo)
    found = seewhy.again(replace(made, versions={**made.versions, "torch": "0.1"}), small)
    assert found.absolute == 0 and ["torch 0.1 then" in note for note in found.notes] == [True]


def test_what_is_not_on_record_is_refused(small: Model, photo: np.ndarray, factory: str, tmp_path: Path) -> None:
    nameless = seewhy.explain(small, photo)
    with pytest.raises(seewhy.SeewhyError, match="no name that can be loaded"):
        seewhy.again(nameless)
    function = seewhy.explain(small, photo, target=Custom(lambda scores: scores[:, 0]))
    with pytest.raises(seewhy.SeewhyError, match="custom of your own"):
        seewhy.again(folder_of(function, tmp_path), small)
    cut = seewhy.explain(small, photo, "feature_ablation", segments=lambda picture: picture[..., 0] > 0.5)
    with pytest.raises(seewhy.SeewhyError, match="option segments was a function of your own, <lambda>") as raised:
        seewhy.again(folder_of(cut, tmp_path), small)
    assert "extras['segments']" in raised.value.hint
    assert seewhy.again(cut, small).absolute == 0, "it is still there before it is stored"
    model = seewhy.load(factory, mean=MEAN, std=STD, size=(16, 20), head=lambda scores: scores[:, :2])
    with pytest.raises(seewhy.SeewhyError, match="needs its head"):
        seewhy.again(seewhy.explain(model, photo))
    larger = Model(SmallNet(), mean=MEAN, std=STD, size=(24, 20))
    with pytest.raises(seewhy.SeewhyError, match="another shape"):
        seewhy.again(seewhy.explain(small, photo, "saliency"), larger)
