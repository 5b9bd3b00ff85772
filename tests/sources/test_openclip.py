"""Networks of open_clip by name, from folders and files."""

import json
import logging
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage.data import chelsea
from torch import Tensor

import seewhy
from seewhy.errors import BadOption, UnknownName, Unsupported
from seewhy.images.fit import fit
from seewhy.texts.pictures import preprocess

VISION = {"image_size": 32, "layers": 2, "width": 32, "patch_size": 8, "head_width": 16}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
CONFIG = {
    "model_cfg": {"embed_dim": 16, "vision_cfg": VISION, "text_cfg": TEXT},
    "preprocess_cfg": {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.2], "resize_mode": "squash"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As open_clip saves a network for the hub."""
    made = tmp_path_factory.mktemp("clip")
    (made / "open_clip_config.json").write_text(json.dumps(CONFIG))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        save_file(open_clip.CLIP(**CONFIG["model_cfg"]).state_dict(), made / "open_clip_model.safetensors")
    return made


def photo() -> Tensor:
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_folder_is_read_with_its_weights_and_its_pictures(folder: Path) -> None:
    model = seewhy.load(f"openclip:local-dir:{folder}", classes=["a dog", "a cat"])
    own = open_clip.create_model(f"local-dir:{folder}").eval()
    x = photo()
    mean, std = (torch.tensor(CONFIG["preprocess_cfg"][key])[:, None, None] for key in ("mean", "std"))
    with torch.no_grad():
        wanted = own.get_logits((x - mean) / std, open_clip.get_tokenizer("ViT-B-32")(["a dog", "a cat"]))[0]
    found = seewhy.explain(model, x, "saliency", "a cat")
    assert found.scores == pytest.approx(wanted[:, 1].numpy(), abs=1e-4)
    assert (model.card.weights, model.mode, model.size) == ("as saved", "squash", (32, 32))
    assert dict(found.model.overrides) == {"classes": ("a dog", "a cat")}


def test_a_folder_without_weights_is_an_error_and_not_a_random_network(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(json.dumps(CONFIG))
    with pytest.raises(Unsupported, match="can't be loaded"):
        seewhy.load(f"openclip:local-dir:{tmp_path}")
    with pytest.raises(Unsupported):
        seewhy.load(f"openclip:local-dir:{tmp_path / 'nowhere'}")


def test_random_weights_and_those_of_a_file(folder: Path) -> None:
    spec = f"openclip:local-dir:{folder}"
    assert seewhy.load(spec, weights="random").fingerprint == seewhy.load(spec, weights="random").fingerprint
    file = seewhy.load(spec, weights=folder / "open_clip_model.safetensors")
    assert file.fingerprint == seewhy.load(spec).fingerprint != seewhy.load(spec, weights="random").fingerprint
    with pytest.raises(BadOption, match="does not fit"):
        seewhy.load("openclip:RN50", weights=folder / "open_clip_model.safetensors")


def test_weights_that_can_not_be_fetched_are_an_error_at_once_and_never_random(offline: None) -> None:
    seewhy.sources.openclip.library()
    for spec in ("openclip:RN50", "openclip:RN50.cc12m"):
        began = time.monotonic()
        with pytest.raises(Unsupported, match="pretrained weights of RN50 can't be loaded: no network") as error:
            seewhy.load(spec)
        assert time.monotonic() - began < 20
        assert "weights='random'" in error.value.hint and "\n" not in error.value.problem


def test_weights_that_are_here_come_with_their_activation_and_their_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = {"hf_hub": "timm/small/", "quick_gelu": True, "mean": (0.1,) * 3, "std": (0.2,) * 3, "resize_mode": "squash"}
    with torch.random.fork_rng(devices=[]):
        small = open_clip.CLIP(**CONFIG["model_cfg"], quick_gelu=True)
    save_file(small.state_dict(), tmp_path / "open_clip_model.safetensors")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda _, file: str(tmp_path / file))
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "small", CONFIG["model_cfg"])
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "small", {"first": own, "openai": own})
    model = seewhy.load("openclip:small")
    assert (model.name, model.card.weights, tuple(model.mean), model.mode) == (
        "small.openai",
        "pretrained",
        (0.1,) * 3,
        "squash",
    )
    assert all(torch.equal(one, model.module.state_dict()[key]) for key, one in small.state_dict().items())
    assert "QuickGELU" in {type(one).__name__ for one in model.module.modules()}
    assert seewhy.load("openclip:small.first").name == "small.first"


@pytest.mark.parametrize(
    ("spec", "hint"),
    [("openclip:ViT-B-33", "ViT-B-32"), ("openclip:RN50.nobody", "openai"), ("openclip:", "")],
)
def test_an_unknown_name_is_answered_with_its_neighbours(spec: str, hint: str) -> None:
    with pytest.raises(UnknownName) as error:
        seewhy.load(spec)
    assert hint in error.value.hint


def test_a_tokenizer_that_is_not_here_is_an_error(offline: None) -> None:
    with pytest.raises(Unsupported, match="'timm/ViT-B-16-SigLIP' can't be fetched"):
        seewhy.load("openclip:ViT-B-16-SigLIP", weights="random")


def test_the_names_are_those_that_open_clip_lists() -> None:
    assert seewhy.sources.openclip.names() == sorted(open_clip.list_models())


def test_without_open_clip_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.sources.openclip.find_spec", lambda _: None)
    with pytest.raises(Unsupported) as error:
        seewhy.load("openclip:ViT-B-32")
    assert "seewhy[clip]" in error.value.hint
    assert seewhy.sources.openclip.names() == []


def test_loading_says_nothing_and_leaves_the_loggers_as_they_were(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    before = list(logging.root.handlers), torch.get_rng_state()
    seewhy.load(f"openclip:local-dir:{folder}", weights="random")
    assert capfd.readouterr() == ("", "")
    assert logging.root.handlers == before[0] and torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize("mode", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_photo_becomes_the_input_that_open_clips_own_transform_makes(mode: str, turned: bool) -> None:
    config = open_clip.transform.PreprocessCfg(size=64, resize_mode=mode, interpolation="bicubic")
    made = open_clip.transform.image_transform_v2(config, is_train=False)
    image = Image.fromarray(np.ascontiguousarray(np.rot90(chelsea())) if turned else chelsea())
    found = preprocess(asdict(config))
    pixels, _ = fit(image, found, "chelsea", max_pixels=10**8)
    mean, std = (torch.tensor(values)[:, None, None] for values in (found.mean, found.std))
    assert torch.allclose((pixels[0] - mean) / std, made(image), atol=1e-5)
