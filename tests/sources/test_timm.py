"""timm's classifiers, with timm's own preprocessing and the names of their classes."""

import time
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage.data import chelsea
from timm.data import create_transform, resolve_model_data_config
from timm.models import get_pretrained_cfg

from seewhy import load
from seewhy.errors import Unsupported
from seewhy.images.fit import fit
from seewhy.sources.timm import MODES, _preprocess, class_names

SMALL = "timm:test_resnet"
CONFIGS = {name: get_pretrained_cfg(name) for name in timm.list_models(pretrained=True)}


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
    with pytest.raises(Unsupported, match="feature extractor") as error:
        load("timm:vit_small_patch14_dinov2")
    assert "timm has no classifier of its kind" in error.value.hint
    with pytest.raises(Unsupported, match="feature extractor") as error:
        load("timm:vit_base_patch16_224.dino")
    known = error.value.hint.removeprefix("choose ").partition(", or")[0].split(" or ")
    assert known and all(timm.get_pretrained_cfg(one).num_classes for one in known)


NAMES = [
    "test_resnet.r160_in1k",
    "test_vit.r160_in1k",
    "resnet10t.c3_in1k",
    "convnext_tiny.in12k_ft_in1k_384",  # squashes, and cuts nothing
    next(n for n, c in CONFIGS.items() if c.crop_mode == "squash" and c.crop_pct < 1),
    next(n for n, c in CONFIGS.items() if c.input_size[1] != c.input_size[2]),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_photo_becomes_the_input_that_timms_own_transform_makes(name: str, turned: bool) -> None:
    config = resolve_model_data_config(None, pretrained_cfg=CONFIGS[name].to_dict())
    photo = Image.fromarray(np.rot90(chelsea()) if turned else chelsea())
    preprocess = _preprocess(config)
    pixels, _ = fit(photo, preprocess, "chelsea", max_pixels=10**8)
    mean, std = (torch.tensor(values)[:, None, None] for values in (preprocess.mean, preprocess.std))
    assert torch.allclose((pixels[0] - mean) / std, create_transform(**config)(photo), atol=1e-5)


def test_every_pretrained_network_has_a_preprocessing_we_know() -> None:
    for config in CONFIGS.values():
        found = _preprocess(resolve_model_data_config(None, pretrained_cfg=config.to_dict()))
        assert found.mode == MODES[config.crop_mode]
        assert found.interpolation in ("bilinear", "bicubic")
        assert found.size == tuple(config.input_size[1:])


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
