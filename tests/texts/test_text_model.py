"""A network that compares pictures with texts is a classifier whose classes are the texts."""

from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch

import seewhy
from pairs import KINDS, TEXTS, network, own_logits, pair, photos, tokenizer
from seewhy import Contrast, Need
from seewhy.errors import BadInput, BadOption, SeewhyError, UnknownName
from seewhy.texts import texts_in
from seewhy.texts.prompts import as_templates, imagenet_names


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_its_scores_are_the_networks_own_logits(kind: str, precision: str) -> None:
    model = pair(kind, *TEXTS).at(precision)
    x = photos(kind).to(model.dtype)
    with model.frozen(), torch.no_grad():
        wanted, found, fast = own_logits(model, kind, x), model(x), model.scored(x)
    assert found.shape == (2, 3) and found.std(1).min() > 1e-3  # else any scores would do
    tolerance = {"float32": 2e-5, "float64": 1e-11}[precision]
    assert torch.allclose(found, wanted, atol=tolerance, rtol=tolerance)
    assert torch.allclose(fast, wanted, atol=10 * tolerance, rtol=10 * tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_plain_autograd(kind: str) -> None:
    model, x = pair(kind, *TEXTS), photos(kind).requires_grad_()
    (wanted,) = torch.autograd.grad(own_logits(model, kind, x)[:, 2].sum(), x)
    found = torch.tensor(seewhy.explain(model, x.detach(), "saliency", TEXTS[2]).values)
    assert (found - wanted.abs()).abs().max() < 1e-4 * wanted.abs().max()


def test_texts_that_are_asked_for_become_the_classes_and_share_the_picture() -> None:
    model, x = pair("vit"), photos("vit")
    logits = own_logits(model.bound(TEXTS), "vit", x).detach()
    found = seewhy.compare(model, x, ["saliency"], list(TEXTS[:2]), texts=TEXTS[2:])
    assert found.targets == TEXTS[:2]
    for at, one in enumerate(found):
        assert one.labels == (TEXTS[at],) * 2
        assert np.allclose(one.extras["share"], logits.softmax(1)[:, at], atol=1e-5)
        assert np.allclose(one.extras["similarity"], logits[:, at] / model.module.logit_scale.exp().item(), atol=1e-5)
    assert model.classes == ()


def test_predictions_tell_share_and_similarity_best_first() -> None:
    model, x = pair("resnet", *TEXTS), photos("resnet")
    with model.frozen(), torch.no_grad():
        logits = model(x)
        image = model.module.encode_image((x - 0.5) / 0.5, normalize=True)
        cosines = image @ model.module.encode_text(tokenizer("resnet")(TEXTS[:1]), normalize=True).T
    for row, listed in enumerate(seewhy.predict(model, x)):
        assert [one.index for one in listed] == logits[row].argsort(descending=True).tolist()
        assert [one.probability for one in listed] == pytest.approx(sorted(logits[row].softmax(0).tolist())[::-1], 1e-4)
        (first,) = [one for one in listed if one.index == 0]
        assert first.similarity == pytest.approx(float(cosines[row, 0]), abs=1e-5)


def test_siglip_asks_of_each_text_by_itself() -> None:
    model, x = pair("siglip", *TEXTS), photos("siglip")
    with model.frozen(), torch.no_grad():
        logits = model(x)
    (best, *_) = seewhy.predict(model, x)[0]
    assert best.probability == pytest.approx(float(logits[0].sigmoid().max()), abs=1e-5)
    alone = seewhy.explain(model, x, "occlusion", TEXTS[1], score="probability", window=16)
    assert np.allclose(alone.scores, logits[:, 1].sigmoid(), atol=1e-5)
    only = seewhy.explain(pair("siglip"), x, "saliency", TEXTS[1])
    assert np.allclose(only.extras["share"], logits[:, 1].sigmoid(), atol=1e-5)


def test_one_text_has_no_share_and_is_not_given_one() -> None:
    model, x = pair("vit"), photos("vit")
    (only,) = seewhy.predict(model, x[:1], texts=["a dog"])[0]
    assert (only.probability, only.score) == (None, None) and only.similarity is not None
    found = seewhy.explain(model, x, "rise", "a dog", n_samples=16)
    assert found.score == "logit" and "share" not in found.extras
    assert "one text has no share of its own: its logit is explained" in found.notes
    assert np.abs(found.values).max() > 0
    with pytest.raises(BadOption, match="whose share is all") as error:
        seewhy.explain(model, x, "saliency", "a dog", score="probability")
    assert "texts=" in error.value.hint


METHODS = ["integrated_gradients", "input_x_gradient", "smoothgrad", "occlusion", "rise", "lime", "kernel_shap"]


@pytest.mark.parametrize("id", METHODS)
def test_methods_explain_a_text_as_they_explain_the_class_of_a_module_with_its_vectors(id: str) -> None:
    class Fixed(torch.nn.Module):
        """CLIP with two texts written into it."""

        def __init__(self) -> None:
            super().__init__()
            self.clip = network("vit")
            ids = torch.stack([rows[0].ids for rows in model.rows])
            self.register_buffer("texts", self.clip.encode_text(ids, normalize=True).detach())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.clip.logit_scale.exp() * self.clip.encode_image(x, normalize=True) @ self.texts.T

    how: dict[str, Any] = {"occlusion": {"window": 16}, "rise": {"n_samples": 20}}.get(id, {})
    how |= {"segments": "grid:number=4", "n_samples": 64} if id in ("lime", "kernel_shap") else {}
    model, x = pair("vit", *TEXTS), photos("vit")
    plain = seewhy.Model(Fixed(), mean=(0.5,) * 3, std=(0.5,) * 3, size=32, classes=TEXTS)
    found, wanted = (seewhy.explain(one, x, id, "a cat", **how).values for one in (model, plain))
    assert np.abs(found - wanted).max() < 2e-3 * np.abs(wanted).max()


def test_a_cam_on_the_last_layer_of_a_residual_network() -> None:
    model = pair("resnet", *TEXTS).at("float64")
    x = photos("resnet").double()
    found = seewhy.explain(model, x, "gradcam", "a cat")
    assert found.layers == ("visual.layer4",)
    maps: list[torch.Tensor] = []
    handle = model.module.visual.layer4.register_forward_hook(lambda _m, _a, out: maps.append(out))
    logits = own_logits(model, "resnet", x)
    handle.remove()
    (grads,) = torch.autograd.grad(logits[:, 1].sum(), maps[0])
    wanted = (grads.mean((2, 3), keepdim=True) * maps[0]).sum(1, keepdim=True).detach()
    assert np.abs(found.values - wanted.numpy()).max() < 1e-6 * wanted.abs().max()


def test_the_texts_vectors_follow_the_networks_weights() -> None:
    model, x = pair("vit", *TEXTS), photos("vit")
    before = seewhy.explain(model, x, "saliency", "a dog").scores
    with torch.no_grad():
        model.module.transformer.resblocks[0].mlp.c_fc.weight.mul_(3)
    after = seewhy.explain(model, x, "saliency", "a dog")
    assert np.abs(after.scores - before).max() > 1e-3
    assert np.allclose(after.scores, own_logits(model, "vit", x)[:, 0].detach(), atol=1e-4)


def test_the_network_comes_back_as_it_was_also_in_training_mode() -> None:
    model, x = pair("vit"), photos("vit")
    model.module.train()
    before = {name: value.clone() for name, value in model.module.state_dict().items()}
    seewhy.explain(model, x, "integrated_gradients", "a dog", n_steps=2)
    assert model.module.training and all(one.requires_grad for one in model.module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.module.state_dict().items())
    assert all(one.grad is None for one in model.module.parameters())
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.module.modules())


def test_other_texts_need_no_other_probe() -> None:
    model, x = pair("vit"), photos("vit")
    seewhy.explain(model, x, "saliency", "a dog")
    known = dict(model._known)
    seewhy.explain(model, x, "saliency", "a cat", texts=["a", "b", "c"])
    assert all(model._known[key] is value for key, value in known.items() if not isinstance(key, str))


def test_it_is_stored_with_its_texts_and_computed_again(tmp_path: Path) -> None:
    model, x = pair("vit"), photos("vit")
    first = seewhy.explain(model, x, "saliency", "a cat", texts=["a dog"], templates="a photo of {}.")
    opened = seewhy.open(first.save(tmp_path / "one"))
    assert np.array_equal(opened.extras["share"], first.extras["share"])
    assert opened.predictions == first.predictions
    found = seewhy.again(tmp_path / "one", pair("vit"))
    assert found.absolute == 0 and found.notes == ()


def test_sampling_goes_on_with_the_same_texts_only(tmp_path: Path) -> None:
    model, x = pair("vit"), photos("vit")
    first = seewhy.explain(model, x, "rise", "a cat", texts=["a dog"], n_samples=32)
    first.save(tmp_path / "first")
    again = seewhy.explain(model, x, "rise", "a cat", texts=["a dog"], n_samples=64, resume=tmp_path / "first")
    whole = seewhy.explain(model, x, "rise", "a cat", texts=["a dog"], n_samples=64)
    assert np.allclose(again.values, whole.values, atol=1e-6)
    for asked in ({"texts": ["a horse"]}, {"texts": ["a dog"], "templates": "a photo of {}"}):
        with pytest.raises(BadInput, match="compares other texts"):
            seewhy.explain(model, x, "rise", "a cat", n_samples=64, resume=first, **asked)
    with pytest.raises(BadInput, match="compares other texts"):
        seewhy.explain(pair("vit", "a horse", "a dog"), x, "rise", 0, n_samples=64, resume=first)


def test_templates_are_averaged_as_zero_shot_classifiers_are() -> None:
    names, x = ["dog", "cat"], photos("vit")
    model = pair("vit", *names, templates="imagenet")
    wanted = open_clip.build_zero_shot_classifier(
        model.module, tokenizer("vit"), names, [f"{one('{}')}" for one in open_clip.OPENAI_IMAGENET_TEMPLATES]
    )
    with model.frozen(), torch.no_grad():
        image = model.module.encode_image((x - 0.5) / 0.5, normalize=True)
        assert torch.allclose(model(x), model.module.logit_scale.exp() * image @ wanted, atol=1e-4)
    assert [len(rows) for rows in model.rows] == [80, 80]


def test_what_clip_published_for_imagenet_is_what_ships() -> None:
    assert as_templates("imagenet") == tuple(one("{}") for one in open_clip.OPENAI_IMAGENET_TEMPLATES)
    assert imagenet_names() == tuple(open_clip.IMAGENET_CLASSNAMES)


def test_it_offers_texts_and_no_head_that_would_be_linear() -> None:
    model = pair("resnet")
    assert Need.TEXT in model.offers and Need.MAPS in model.offers and Need.POOLED_HEAD not in model.offers
    report = seewhy.doctor(model)
    assert report.classes == 0 and report.maps == "visual.layer4" and report.told
    assert Need.TEXT not in seewhy.Model(model.module.visual, (0.5,) * 3, (0.5,) * 3, size=64).offers


def test_a_hundred_texts_are_read_in_chunks() -> None:
    many = [f"photo number {at} of a dog" for at in range(100)]
    model, x = pair("vit", *many), photos("vit")
    with model.frozen(), torch.no_grad():
        found, few = model(x), own_logits(pair("vit", *many[95:]), "vit", x)
    assert found.shape == (2, 100)
    assert torch.allclose(found[:, 95:], few, atol=1e-4)


@pytest.mark.parametrize("text", ["", "   ", "\n", "\x00"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match=r"empty|no token"):
        seewhy.explain(pair("vit"), photos("vit"), "saliency", text)


def test_a_text_that_is_too_long_tells_how_much_of_it_was_cut() -> None:
    found = seewhy.explain(pair("vit"), photos("vit")[:1], "saliency", "word " * 100)
    (said,) = [one for one in found.notes if "cut" in one]
    assert "102 tokens and the network reads 77: the last 25 were cut" in said


def test_texts_that_are_one_to_the_network_are_told() -> None:
    x = photos("vit")[:1]
    found = seewhy.explain(pair("vit"), x, "saliency", "A dog", texts=["a  dog", "a cat", "a cat"])
    (said,) = [one for one in found.notes if "share what is one's" in one]
    assert said.startswith("'A dog' and 'a  dog'")
    assert found.extras["share"] < 0.5 and len(found.predictions[0]) == 3  # the same text twice is one


def test_texts_of_a_classifier_and_none_of_a_network_that_needs_some_are_refused(small: seewhy.Model) -> None:
    x = photos("vit")
    with pytest.raises(BadOption, match="which takes none"):
        seewhy.explain(small, x, "saliency", 1, texts=["a"])
    for call in (seewhy.predict, lambda *given: seewhy.explain(*given, "saliency")):
        with pytest.raises(BadOption, match="there is none") as error:
            call(pair("vit"), x)
        assert "texts=" in error.value.hint
    with pytest.raises(BadOption, match="not a list"):
        seewhy.predict(pair("vit"), x, texts="a dog")
    with pytest.raises(BadOption, match="no place for a text"):
        seewhy.predict(pair("vit"), x, texts=["a"], templates=["a photo"])


def test_with_texts_of_its_own_a_target_is_one_of_them() -> None:
    model, x = pair("vit", *TEXTS, "7"), photos("vit")
    assert seewhy.explain(model, x, "saliency", "blanket").labels[0] == TEXTS[2]
    assert seewhy.explain(model, x, "saliency", "7").classes == (3, 3)
    assert seewhy.explain(model, x, "saliency", 1).labels[0] == "a cat"
    with pytest.raises(UnknownName, match="no class is called 'a horse'"):
        seewhy.explain(model, x, "saliency", "a horse")
    more = seewhy.explain(model, x, "saliency", "a horse", texts=["a horse"])
    assert more.classes == (4, 4)


def test_a_contrast_of_two_texts() -> None:
    model, x = pair("vit"), photos("vit")
    logits = own_logits(model.bound(["a dog", "a cat"]), "vit", x).detach()
    found = seewhy.explain(model, x, "saliency", Contrast("a dog", "a cat"))
    assert np.allclose(found.scores, logits[:, 0] - logits[:, 1], atol=1e-4)
    assert list(texts_in([Contrast("a", seewhy.Rest("b")), seewhy.Negative("c"), None, 3])) == ["a", "b", "c"]


def test_chinese_and_other_texts() -> None:
    found = seewhy.compare(pair("vit"), photos("vit")[:1], ["saliency"], ["一只猫", "кот", "แมว"])
    assert len({float(one.scores[0]) for one in found}) == 3
    own = seewhy.explain(pair("hf chinese"), photos("hf chinese")[:1], "saliency", "一只猫在毯子上")
    assert not own.notes
    with pytest.raises(BadInput, match="knows nothing in the text"):
        seewhy.explain(pair("hf chinese"), photos("hf chinese"), "saliency", "zebra")
    partly = seewhy.explain(pair("hf chinese"), photos("hf chinese")[:1], "saliency", "a zebra, a cat")
    assert "the tokenizer does not know 1 of the tokens of 'a zebra, a cat'" in partly.notes


def test_what_is_no_image_text_network_is_refused(small: seewhy.Model) -> None:
    for module in (small.module, network("vit").visual, torch.nn.Linear(2, 2), "name"):
        with pytest.raises(SeewhyError):
            seewhy.image_text(module, tokenizer("vit"), mean=0.5, std=0.5)
    with pytest.raises(SeewhyError, match="no tokenizer"):
        seewhy.image_text(network("vit"), None, mean=(0.5,) * 3, std=(0.5,) * 3)
    with pytest.raises(BadOption, match="mean and std"):
        seewhy.image_text(network("vit"), tokenizer("vit"))


def test_a_function_for_a_tokenizer_does() -> None:
    own = seewhy.image_text(
        network("vit"), lambda texts: tokenizer("vit")(texts), mean=(0.5,) * 3, std=(0.5,) * 3, size=32, texts=TEXTS
    )
    x = photos("vit")
    with own.frozen(), torch.no_grad():
        assert torch.allclose(own(x), own_logits(own, "vit", x), atol=2e-5)
