"""torchvision's classifiers, with the preprocessing of their weights."""

from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torchvision import models

from seewhy import load
from seewhy.errors import BadOption, Unsupported
from seewhy.model.still import Still
from seewhy.sources.torchvision import VIDEOS, _entry, _preprocess, names

SMALL = "shufflenet_v2_x0_5"


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and no network."""

    def offline(*_: object, **__: object) -> None:
        raise URLError("no network in tests")

    monkeypatch.setattr("torch.hub.urlopen", offline)
    monkeypatch.setattr("torch.hub._hub_dir", str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.mark.parametrize("name", names())
def test_every_network_states_its_preprocessing_and_classes(name: str) -> None:
    entry = _entry(name)
    preprocess, transforms = _preprocess(entry), entry.transforms()
    assert [*preprocess.size] == (list(transforms.crop_size) * 2)[:2]
    assert [preprocess.resize] == transforms.resize_size
    assert preprocess.interpolation == transforms.interpolation.value
    assert (list(preprocess.mean), list(preprocess.std)) == (transforms.mean, transforms.std)
    assert len(entry.meta["categories"]) == (400 if name in VIDEOS else 1000)


def test_a_network_of_videos_is_shown_the_photo_in_each_frame(tmp_path: Path) -> None:
    model = load("torchvision:mvit_v2_s", weights="random")
    assert isinstance(model.module, Still) and (model.module.frames, model.size) == (16, (224, 224))
    assert model.classes[0] == "abseiling" and len(model.classes) == 400 and model.mean == (0.45,) * 3
    torch.save({key: value + 1 for key, value in model.module.video.state_dict().items()}, tmp_path / "w.pth")
    again = load("mvit_v2_s", weights=tmp_path / "w.pth").module.video
    assert torch.equal(again.norm.weight, model.module.video.norm.weight + 1)


def test_a_set_of_weights_has_its_own_preprocessing() -> None:
    assert load("torchvision:resnet50.IMAGENET1K_V1", weights="random").resize == 256
    assert load("torchvision:resnet50", weights="random").resize == 232


def test_weights_that_can_not_be_fetched_are_an_error_and_never_random(checkpoints: Path) -> None:
    with pytest.raises(Unsupported, match="no network in tests") as error:
        load(f"torchvision:{SMALL}")
    assert "weights='random'" in error.value.hint
    assert "\n" not in error.value.problem


def test_pretrained_weights_come_from_the_cache_without_a_network(checkpoints: Path) -> None:
    state = load(SMALL, weights="random").module.state_dict()
    state = {key: value + 1 for key, value in state.items()}
    torch.save(state, checkpoints / Path(models.get_model_weights(SMALL).DEFAULT.url).name)
    model = load(SMALL)
    assert torch.equal(model.module.fc.weight, state["fc.weight"])
    assert (model.card.weights, model.classes[281]) == ("pretrained", "tabby")


def test_a_broken_download_is_an_error(checkpoints: Path) -> None:
    (checkpoints / Path(models.get_model_weights(SMALL).DEFAULT.url).name).write_bytes(b"cut short")
    with pytest.raises(Unsupported, match="can't be loaded"):
        load(SMALL)


class Runs:
    """Pickled, it runs code when read carelessly."""

    def __reduce__(self):
        return (Path.touch, (Path("it-ran"),))


def test_a_cached_file_that_holds_code_is_refused_and_not_run(
    checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkpoints)
    state = load(SMALL, weights="random").module.state_dict()
    torch.save({**state, "more": Runs()}, checkpoints / Path(models.get_model_weights(SMALL).DEFAULT.url).name)
    with pytest.raises(Unsupported, match="can't be loaded"):
        load(SMALL)
    assert not (checkpoints / "it-ran").exists()


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_networks_that_normalise_again_do_so_with_local_weights(tmp_path: Path, name: str) -> None:
    """torchvision turns this on only when it fetches the weights itself; without it the answers are others."""
    full = models.get_model(name, weights=None, init_weights=False, aux_logits=True)  # as in the published files
    torch.save(full.state_dict(), tmp_path / "w.pth")
    module = load(name, weights=tmp_path / "w.pth").module
    assert module.transform_input
    assert torch.equal(module.fc.weight, full.fc.weight)


def test_densenets_published_keys_are_read(tmp_path: Path) -> None:
    module = load("densenet121", weights="random").module
    published = {
        key.replace("norm1.", "norm.1.").replace("norm2.", "norm.2.").replace("conv1.", "conv.1.")
        if "denselayer" in key
        else key: value + 1
        for key, value in module.state_dict().items()
    }
    assert published.keys() != module.state_dict().keys()
    torch.save(published, tmp_path / "w.pth")
    loaded = load("densenet121", weights=tmp_path / "w.pth").module.state_dict()
    assert all(torch.equal(loaded[key], value + 1) for key, value in module.state_dict().items())


def test_a_vision_transformer_has_the_size_of_its_weights() -> None:
    model = load("torchvision:vit_b_16.IMAGENET1K_SWAG_E2E_V1", weights="random")
    assert (model.size, model.module.image_size) == ((384, 384), 384)
    with pytest.raises(BadOption, match="takes"):
        load("torchvision:vit_b_32", weights="random", size=(224, 256))


def test_weights_without_classes_are_refused() -> None:
    with pytest.raises(Unsupported, match="feature extractor"):
        load("torchvision:vgg16.IMAGENET1K_FEATURES", weights="random")
