"""timm's classifiers, with timm's own preprocessing and the names of their classes."""

import time
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.data import create_transform, resolve_model_data_config

from seewhy import load
from seewhy.errors import Unsupported
from seewhy.sources.timm import MODES, _preprocess, class_names

SMALL = "timm:test_resnet"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests\nat all")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, **__: None)


def test_weights_that_can_not_be_fetched_are_an_error_at_once_and_never_random(offline: None) -> None:
    began = time.monotonic()
    with pytest.raises(Unsupported, match="can't be loaded") as error:
        load(SMALL)
    assert time.monotonic() - began < 5  # the hub's own loader retries for 47 s
    assert "weights='random'" in error.value.hint
    assert "\n" not in error.value.problem


def test_pretrained_weights_come_from_the_cache_without_a_network(
    offline: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = load(SMALL, weights="random").module.state_dict()
    state = {key: value + 1 for key, value in state.items()}
    save_file(state, tmp_path / "model.safetensors")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda repository, file, **_: str(tmp_path / file))
    model = load(SMALL)
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.module.state_dict().items())
    assert (model.card.weights, model.card.licence, model.classes[281]) == ("pretrained", "apache-2.0", "tabby")


def test_a_network_that_was_never_trained_is_an_error() -> None:
    with pytest.raises(Unsupported, match="no pretrained weights"):
        load("timm:convnext_atto_rms")


def test_a_feature_extractor_is_refused_before_anything_is_fetched(offline: None) -> None:
    with pytest.raises(Unsupported, match="feature extractor"):
        load("timm:vit_small_patch14_dinov2")


@pytest.mark.parametrize(
    "name", ["test_resnet", "test_vit", "resnet10t", "vit_tiny_patch16_224", "mobilenetv4_conv_small"]
)
def test_preprocessing_is_that_of_timms_own_transform(name: str) -> None:
    model = load(f"timm:{name}", weights="random")
    resize, crop, _, normalise = create_transform(**resolve_model_data_config(model.module)).transforms
    assert model.resize == resize.size
    assert model.interpolation == resize.interpolation.value
    assert tuple(model.size) == tuple(crop.size)
    assert model.mode == "crop"
    assert torch.allclose(torch.tensor(model.mean), normalise.mean)
    assert torch.allclose(torch.tensor(model.std), normalise.std)


def test_every_pretrained_network_has_a_preprocessing_we_know() -> None:
    from timm.models import get_pretrained_cfg

    for name in timm.list_models(pretrained=True):
        config = get_pretrained_cfg(name)
        found = _preprocess(resolve_model_data_config(None, pretrained_cfg=config.to_dict()))
        assert found.mode == MODES[config.crop_mode]
        assert found.interpolation in ("bilinear", "bicubic")
        assert found.size == tuple(config.input_size[1:])


def test_squashing_to_the_very_size_needs_no_crop() -> None:
    squash = {"input_size": (3, 224, 224), "interpolation": "bicubic", "mean": (0.5,), "std": (0.5,)}
    assert _preprocess({**squash, "crop_mode": "squash", "crop_pct": 1.0}).resize is None
    assert _preprocess({**squash, "crop_mode": "squash", "crop_pct": 0.95}).resize == 235
    assert _preprocess({**squash, "crop_mode": "border", "crop_pct": 1.0}).mode == "pad"


def test_class_names_follow_the_number_of_classes() -> None:
    class Net:
        def __init__(self, number: int, **config: object) -> None:
            self.num_classes, self.pretrained_cfg = number, config

    assert class_names(Net(1000))[281] == "tabby"
    assert len(class_names(Net(21841))) == 21841
    assert class_names(Net(512)) == ()
    assert class_names(Net(2, label_names=["cat", "dog"])) == ("cat", "dog")
    assert class_names(Net(3, label_names=["cat", "dog"])) == ()


def test_a_folder_that_timm_saved_brings_its_own_names(tmp_path: Path) -> None:
    made = timm.create_model("test_resnet", num_classes=2)
    config = {"label_names": ["cat", "dog"], "pretrained_cfg": {"license": "mit"}}
    timm.models.save_for_hf(made, tmp_path, model_config=config, safe_serialization=True)
    model = load(f"timm:local-dir:{tmp_path}")
    assert all(torch.equal(tensor, made.state_dict()[key]) for key, tensor in model.module.state_dict().items())
    assert (tuple(model.classes), model.card.licence) == (("cat", "dog"), "mit")
