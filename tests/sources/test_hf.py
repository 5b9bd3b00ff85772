"""Classifiers of transformers, from folders as transformers writes them."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import load_file
from skimage.data import chelsea
from torch import Tensor

import pairs
import seewhy
from seewhy.errors import BadOption, SeewhyError, UnknownName, Unsupported
from seewhy.images.fit import fit
from seewhy.sources.hf import class_names
from seewhy.sources.hf_files import quiet
from seewhy.sources.hf_pictures import preprocess

TOKENS: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SQUARE = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
CUT = transformers.ConvNextImageProcessor(size={"shortest_edge": 32})
NAMES = {0: "cat", 1: "dog", 2: "bird"}
NETWORKS: dict[str, tuple[Any, Any, Any]] = {
    "vit": (
        transformers.ViTForImageClassification,
        transformers.ViTConfig(**TOKENS, intermediate_size=32, image_size=32, patch_size=8, id2label=NAMES),
        SQUARE,
    ),
    "swin": (
        transformers.SwinForImageClassification,
        transformers.SwinConfig(image_size=32, patch_size=2, embed_dim=8, depths=[1, 1], num_heads=[1, 2]),
        SQUARE,
    ),
    "convnext": (
        transformers.ConvNextForImageClassification,
        transformers.ConvNextConfig(hidden_sizes=[8, 12], depths=[1, 1], num_stages=2, image_size=32, num_labels=3),
        CUT,
    ),
    "resnet": (
        transformers.ResNetForImageClassification,
        transformers.ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=3
        ),
        CUT,
    ),
}
Saved = Callable[[str], Path]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The folder of a network with random weights, written once."""
    folder = tmp_path_factory.mktemp("hub")

    def save(name: str) -> Path:
        kind, config, processor = NETWORKS[name]
        if not (folder / name).exists():
            with torch.random.fork_rng(devices=[]), quiet(transformers):
                torch.manual_seed(1)
                kind(config).save_pretrained(folder / name)
                processor.save_pretrained(folder / name)
        return folder / name

    return save


def normalised(model: seewhy.Model, x: Tensor) -> Tensor:
    mean, std = (torch.tensor(value)[:, None, None] for value in (model.mean, model.std))
    return (x - mean) / std


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_plain_autograd(name: str, saved: Saved) -> None:
    model = seewhy.load(f"hf:{saved(name)}")
    x = torch.rand(2, 3, *(model.size or ()), generator=torch.Generator().manual_seed(0))
    own = NETWORKS[name][0].from_pretrained(saved(name)).eval()
    x.requires_grad_()
    logits = own(normalised(model, x)).logits
    (wanted,) = torch.autograd.grad(logits[:, 1].sum(), x)
    found = seewhy.explain(model, x.detach(), "saliency", 1)
    assert torch.allclose(torch.tensor(found.scores), logits[:, 1], atol=1e-5)
    assert (torch.tensor(found.values) - wanted.abs()).abs().max() < 1e-5 * wanted.abs().max()


def test_what_a_folder_says_of_itself_is_used(saved: Saved) -> None:
    model = seewhy.load(f"hf:{saved('vit')}")
    assert tuple(model.classes) == ("cat", "dog", "bird")
    assert (model.card.name, model.card.weights, model.size) == ("vit", "as saved", (32, 32))
    assert seewhy.load(f"hf:{saved('convnext')}").classes == ()  # LABEL_0 is no name


def test_a_convolutional_network_has_its_maps_and_its_head(saved: Saved) -> None:
    model = seewhy.load(f"hf:{saved('resnet')}")
    assert model.census().maps == "resnet.encoder.stages.1"
    assert model.census().head is not None
    assert model.offers & seewhy.Need.RELU


def test_a_module_of_ones_own_needs_no_head(saved: Saved) -> None:
    module = NETWORKS["vit"][0].from_pretrained(saved("vit"))
    x = torch.rand(1, 3, 32, 32)
    own = seewhy.Model(module, mean=(0.5,) * 3, std=(0.5,) * 3, size=32)
    found = seewhy.explain(own, x, "integrated_gradients", 2, n_steps=3)
    loaded = seewhy.explain(seewhy.load(f"hf:{saved('vit')}"), x, "integrated_gradients", 2, n_steps=3)
    assert np.array_equal(found.values, loaded.values)


def test_weights_of_ones_own_or_random_ones_with_other_classes(saved: Saved) -> None:
    folder = saved("swin")
    own = seewhy.load(f"hf:{folder}", weights=folder / "model.safetensors")
    assert own.fingerprint == seewhy.load(f"hf:{folder}").fingerprint
    three = seewhy.load(f"hf:{folder}", weights="random", classes=["a", "b", "c"])
    assert three.probed().shape == (2, 3) and three.card.weights == "random"
    assert three.fingerprint == seewhy.load(f"hf:{folder}", weights="random", classes=["a", "b", "c"]).fingerprint
    other = seewhy.load(f"hf:{saved('vit')}").module.state_dict()
    torch.save(other, folder / "other.pt")
    with pytest.raises(BadOption, match=r"'other\.pt' does not fit: it lacks"):
        seewhy.load(f"hf:{folder}", weights=folder / "other.pt")
    with pytest.raises(BadOption, match="2 class names for the 3 outputs"):
        seewhy.load(f"hf:{saved('convnext')}", classes=["a", "b"])


def test_several_labels_are_a_yes_or_no_each(tmp_path: Path) -> None:
    kind, config, processor = NETWORKS["vit"]
    with quiet(transformers):
        kind(type(config)(**{**config.to_dict(), "problem_type": "multi_label_classification"})).save_pretrained(
            tmp_path
        )
        processor.save_pretrained(tmp_path)
    model = seewhy.load(f"hf:{tmp_path}")
    x = torch.rand(1, 3, 32, 32)
    (first, *_) = seewhy.predict(model, x)[0]
    assert first.probability == pytest.approx(float(model.module(normalised(model, x)).logits.sigmoid().max().detach()))


def test_a_part_of_a_network_is_refused_and_no_head_is_made_up(tmp_path: Path) -> None:
    with quiet(transformers):
        transformers.ViTModel(NETWORKS["vit"][1], add_pooling_layer=False).save_pretrained(tmp_path)
        SQUARE.save_pretrained(tmp_path)
    with pytest.raises(Unsupported, match=r"lack classifier") as error:
        seewhy.load(f"hf:{tmp_path}")
    assert "feature extractor" in error.value.hint
    transformers.BertConfig().save_pretrained(tmp_path / "bert")
    with pytest.raises(Unsupported, match="is a Bert, of which transformers has no image classifier"):
        seewhy.load(f"hf:{tmp_path / 'bert'}")


def test_a_folder_without_an_image_processor_asks_for_mean_and_std(tmp_path: Path, saved: Saved) -> None:
    with quiet(transformers):
        NETWORKS["vit"][0].from_pretrained(saved("vit")).save_pretrained(tmp_path)
    with pytest.raises(BadOption, match="does not say how its input is normalised") as error:
        seewhy.load(f"hf:{tmp_path}")
    assert "image processor" in error.value.hint and "mean=" in error.value.hint
    assert seewhy.load(f"hf:{tmp_path}", mean=0.5, std=0.5, size=32).mean == (0.5, 0.5, 0.5)


def test_code_of_a_repositorys_own_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "mine", "auto_map": {"AutoConfig": "mine.Config"}}')
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Config: ...\n")
    with pytest.raises(Unsupported, match="code of its own, which is not run"):
        seewhy.load(f"hf:{tmp_path}")
    assert not (tmp_path / "ran").exists()


def test_the_hub_is_asked_once_and_its_silence_is_an_error(offline: None) -> None:
    began = time.monotonic()
    with pytest.raises(Unsupported, match="can't be fetched from the hub") as error:
        seewhy.load("hf:google/vit-base-patch16-224")
    assert time.monotonic() - began < 5  # its own loader retries for 23 s
    assert "folder" in error.value.hint
    assert "\n" not in error.value.problem


@pytest.mark.parametrize("name", ["no/such/folder", "../nowhere", "a b"])
def test_what_is_neither_a_folder_nor_a_repository(name: str, offline: None) -> None:
    with pytest.raises(UnknownName, match="no folder, and no repository"):
        seewhy.load(f"hf:{name}")


def test_without_transformers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.sources.hf.find_spec", lambda _: None)
    with pytest.raises(Unsupported) as error:
        seewhy.load("hf:any/thing")
    assert "seewhy[hf]" in error.value.hint


def test_loading_says_nothing_and_leaves_transformers_as_it_was(
    saved: Saved, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, log = saved("vit"), transformers.utils.logging
    capfd.readouterr()
    before = log.get_verbosity(), log.is_progress_bar_enabled(), torch.get_rng_state()
    seewhy.load(f"hf:{folder}")
    assert capfd.readouterr() == ("", "")
    assert (log.get_verbosity(), log.is_progress_bar_enabled()) == before[:2]
    assert torch.equal(torch.get_rng_state(), before[2])


def test_labels_that_are_numbers_are_no_names() -> None:
    assert class_names(SimpleNamespace(id2label={1: "dog", 0: "cat"})) == ("cat", "dog")
    assert class_names(SimpleNamespace(id2label={0: "LABEL_0", 1: "LABEL_1"})) == ()


PROCESSORS = [
    transformers.BeitImageProcessor(),
    transformers.CLIPImageProcessor(),
    transformers.ConvNextImageProcessor(size={"shortest_edge": 224}),
    transformers.ConvNextImageProcessor(),
    transformers.DeiTImageProcessor(),
    transformers.EfficientNetImageProcessor(),
    transformers.LevitImageProcessor(),
    transformers.MobileNetV2ImageProcessor(),
    transformers.PoolFormerImageProcessor(),
    transformers.SiglipImageProcessor(),
    transformers.ViTImageProcessor(do_rescale=False, do_normalize=False),
]


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda one: type(one).__name__)
def test_a_photo_becomes_what_the_image_processor_makes_of_it(processor: Any) -> None:
    found = preprocess(processor)
    assert found is not None
    photo = Image.fromarray(chelsea())
    pixels, _ = fit(photo, found, "chelsea", 10**8)
    mean, std = (torch.tensor(value)[:, None, None] for value in (found.mean, found.std))
    wanted = processor(images=photo, return_tensors="pt")["pixel_values"][0] * std + mean
    assert (pixels[0] - wanted).abs().max() < 2.5 / 255  # both round to bytes, one of them twice
    assert (pixels[0] - wanted).abs().mean() < 0.1 / 255


def test_a_processor_that_does_other_things_is_not_guessed_at() -> None:
    assert preprocess(transformers.MobileViTImageProcessor()) is None  # blue first
    assert preprocess(transformers.PerceiverImageProcessor()) is None  # cuts before it resizes
    assert preprocess(transformers.Siglip2ImageProcessor()) is None  # patches


def test_names_of_older_releases_in_a_file_are_understood(saved: Saved, tmp_path: Path) -> None:
    written = load_file(saved("vit") / "model.safetensors")
    own = seewhy.load(f"hf:{saved('vit')}")
    assert written.keys() != own.module.state_dict().keys()  # else this shows nothing
    torch.save(written, tmp_path / "old.pt")
    torch.save(own.module.state_dict(), tmp_path / "new.pt")
    for file in ("old.pt", "new.pt"):
        assert seewhy.load(f"hf:{saved('vit')}", weights=tmp_path / file).fingerprint == own.fingerprint


def test_broken_folders_are_refused(tmp_path: Path) -> None:
    for content in ("", "{", '{"model_type": "nonsense"}'):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(SeewhyError):
            seewhy.load(f"hf:{tmp_path}")


@pytest.mark.parametrize("kind", ["hf clip", "hf siglip", "hf chinese"])
def test_networks_that_compare_pictures_with_texts_come_with_their_tokenizer(kind: str, tmp_path: Path) -> None:
    processor = transformers.CLIPImageProcessor(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    for one in (pairs.network(kind), pairs.tokenizer(kind), processor):
        with quiet(transformers):
            one.save_pretrained(tmp_path)
    model, x = seewhy.load(f"hf:{tmp_path}"), pairs.photos(kind)
    assert isinstance(model, seewhy.TextModel) and model.size == (32, 32)
    wanted = pairs.own_logits(model.bound(pairs.TEXTS), kind, x)
    found = seewhy.explain(model, x, "saliency", "a cat", texts=["a dog", "the blanket on top"])
    assert np.allclose(found.scores, wanted[:, 1].detach(), atol=1e-4)
    assert seewhy.again(found).absolute == 0
    with pytest.raises(BadOption, match="head for"):
        seewhy.load(f"hf:{tmp_path}", head=lambda output: output)


def test_a_classifier_takes_no_templates(saved: Saved) -> None:
    with pytest.raises(BadOption, match="templates for"):
        seewhy.load(f"hf:{saved('vit')}", templates="imagenet")
