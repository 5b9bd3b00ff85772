"""Word scores against texts that lack a word, and against captum on the vectors of the tokens."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import IntegratedGradients
from open_clip.transformer import text_global_pool
from torch import Tensor

import seewhy
from pairs import KINDS, own_logits, pair, photos

TEXT, OTHERS = "the cat on top", ("a dog", "the blanket")
WITHOUT = ("cat on top", "the on top", "the cat top", "the cat on")


@pytest.mark.parametrize("kind", KINDS)
def test_a_words_score_is_what_the_text_loses_without_it(kind: str) -> None:
    model, x = pair(kind).at("float64"), photos(kind).double()
    clean = own_logits(model.bound([TEXT, *OTHERS]), kind, x).detach()
    lacking = own_logits(model.bound(WITHOUT), kind, x).detach()
    found = seewhy.explain(model, x, "saliency", TEXT, texts=OTHERS)
    assert found.words == (("the", "cat", "on", "top"),) * 2 and found.words_by == "leave_one_out"
    assert np.allclose(found.extras["word_scores"], clean[:, :1] - lacking, atol=1e-8)
    share = seewhy.explain(model, x, "saliency", TEXT, texts=OTHERS, score="log_probability")
    for at in range(4):
        changed = torch.cat([lacking[:, at : at + 1], clean[:, 1:]], 1)
        kept, left = ((F.logsigmoid(one) if model.judges else one.log_softmax(1))[:, 0] for one in (clean, changed))
        assert np.allclose(share.extras["word_scores"][:, at], kept - left, atol=1e-8)


def test_integrated_gradients_of_tokens_are_captums() -> None:
    model = pair("vit", TEXT, *OTHERS).at("float64")
    x, own = photos("vit").double(), model.module
    (row,), image = model.rows[0], own.encode_image((photos("vit").double() - 0.5) / 0.5, normalize=True).detach()

    def score(tokens: Tensor, picture: Tensor) -> Tensor:
        """open_clip's own text tower, from the vectors of the tokens on."""
        seen = own.ln_final(own.transformer(tokens + own.positional_embedding, attn_mask=own.attn_mask))
        text = text_global_pool(seen, row.ids[None].expand(len(tokens), -1), "argmax") @ own.text_projection
        return own.logit_scale.exp() * (F.normalize(text, dim=-1) * picture).sum(1)

    tokens = own.token_embedding(row.ids[None]).detach()
    start = tokens.clone()
    start[:, 1:5] = 0
    found = seewhy.explain(model, x, "integrated_gradients", TEXT, n_steps=12)
    for at in range(2):
        wanted = IntegratedGradients(lambda given, at=at: score(given, image[at : at + 1])).attribute(
            tokens, start, n_steps=12, method="gausslegendre"
        )
        assert np.allclose(found.extras["word_scores"][at], wanted.sum(2)[0, 1:5], atol=1e-8)
        with torch.no_grad():
            gap = wanted.sum() - (score(tokens, image[at : at + 1]) - score(start, image[at : at + 1]))
        assert float(found.extras["word_gap"][at]) == pytest.approx(float(gap), abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_they_share_out_what_the_text_gains(kind: str) -> None:
    found = seewhy.explain(pair(kind), photos(kind), "integrated_gradients", TEXT, texts=OTHERS, n_steps=40)
    assert np.abs(found.extras["word_gap"]).max() < 1e-3 * np.abs(found.extras["word_scores"]).max()
    assert found.words_by == "integrated_gradients" and found.words[0] == ("the", "cat", "on", "top")


def test_scores_that_do_not_add_up_say_so() -> None:
    found = seewhy.explain(pair("vit"), photos("vit"), "integrated_gradients", TEXT, n_steps=1)
    (said,) = [one for one in found.notes if one.startswith("the words' scores miss")]
    assert said.endswith("take more n_steps")


def test_each_image_has_the_words_of_its_own_text_alone_and_in_a_batch(tmp_path: Path) -> None:
    model, x = pair("vit", TEXT, *OTHERS), photos("vit")
    both = seewhy.explain(model, x, "integrated_gradients", [TEXT, "a dog"], n_steps=3)
    assert both.words == (("the", "cat", "on", "top"), ("a", "dog"))
    assert np.isnan(both.extras["word_scores"][1]).tolist() == [False, False, True, True]
    alone = seewhy.explain(model, x[1:], "integrated_gradients", "a dog", n_steps=3)
    assert np.allclose(both[1].extras["word_scores"][0, :2], alone.extras["word_scores"][0], atol=1e-5)
    assert both[1].words == alone.words
    opened = seewhy.open(both.save(tmp_path / "both"))
    assert (opened.words, opened.words_by) == (both.words, both.words_by)
    assert np.array_equal(opened.extras["word_scores"], both.extras["word_scores"], equal_nan=True)


def test_a_contrast_has_the_words_of_its_first_text() -> None:
    model, x = pair("vit"), photos("vit")
    found = seewhy.explain(model, x, "saliency", seewhy.Contrast(TEXT, "a dog"))
    own = seewhy.explain(model, x, "saliency", TEXT)
    assert found.words[0] == ("the", "cat", "on", "top")
    assert np.allclose(found.extras["word_scores"], own.extras["word_scores"], atol=1e-4)


def test_what_has_no_words_has_no_scores(small: seewhy.Model, x: Tensor) -> None:
    model = pair("vit", "dog", "cat", templates="imagenet")
    many = seewhy.explain(model, photos("vit"), "saliency", "dog")
    custom = seewhy.explain(pair("vit", *OTHERS), photos("vit"), "saliency", lambda outputs: outputs.sum(1))
    for found in (many, custom, seewhy.explain(small, x, "saliency", 1)):
        assert (found.words, found.words_by) == ((), "") and "word_scores" not in found.extras
    one = seewhy.explain(model, photos("vit"), "saliency", "dog", templates="a photo of a {}.")
    assert one.words[0] == ("a", "photo", "of", "a", "dog", ".")


def test_the_passes_that_words_share_count_in_each() -> None:
    c = seewhy.compare(pair("vit"), photos("vit"), ["saliency"], [TEXT, "a dog"])
    assert [one.passes.forward for one in c] == [4, 4]


def by_recurrence(attentions: list[Tensor], grads: list[Tensor], read: int) -> Tensor:
    """Chefer, Gur and Wolf's equations 5 and 6 as they stand, with whole matrices: the row of a token."""
    relevance = torch.eye(attentions[0].shape[-1], dtype=attentions[0].dtype)
    for weights, grad in zip(attentions, grads, strict=True):
        relevance = relevance + (weights * grad).clamp_min(0).mean(1)[0] @ relevance
    return relevance[read]


@pytest.mark.parametrize("start_layer", [0, -1])
@pytest.mark.parametrize("kind", ["hf clip", "hf chinese"])
def test_attention_to_words_is_the_papers_recurrence(kind: str, start_layer: int) -> None:
    model = pair(kind, TEXT, *OTHERS).at("float64")
    x, own = photos(kind).double()[:1], copy.deepcopy(model.module)
    own.set_attn_implementation("eager")
    ((row,), *_) = model.rows
    tower = own.text_model(row.ids[None], attention_mask=row.mask[None], output_attentions=True)
    pooled = tower.last_hidden_state[:, 0] if kind == "hf chinese" else tower.pooler_output
    text = F.normalize(own.text_projection(pooled), dim=-1)
    image = F.normalize(own.get_image_features(pixel_values=(x - 0.5) / 0.5).pooler_output, dim=-1)
    logit = own.logit_scale.exp() * (text @ image.detach().T)[0, 0]
    attentions = list(tower.attentions)
    grads = list(torch.autograd.grad(logit, attentions))
    if start_layer == -1:
        attentions, grads = attentions[-1:], grads[-1:]
    wanted = by_recurrence(attentions, grads, 0 if kind == "hf chinese" else len(row.ids) - 1).detach()
    found = seewhy.explain(model, x, "attention_relevance", TEXT, start_layer=start_layer)
    assert found.words_by == "attention" and found.words[0] == ("the", "cat", "on", "top")
    assert np.allclose(found.extras["word_scores"][0], wanted[1:5], atol=1e-10) and wanted[1:5].max() > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_attention_to_words_is_there_for_every_kind_and_for_each_image_by_itself(kind: str) -> None:
    model, x = pair(kind, TEXT, *OTHERS), photos(kind)
    both = seewhy.explain(model, x, "attention_relevance", [TEXT, "a dog"])
    alone = seewhy.explain(model, x[1:], "attention_relevance", "a dog")
    assert both.words_by == "attention" and (both.extras["word_scores"][0] > 0).any()
    assert np.allclose(both.extras["word_scores"][1, :2], alone.extras["word_scores"][0], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_that_are_read_together_have_the_scores_that_each_has_alone(kind: str) -> None:
    model, x = pair(kind, TEXT, *OTHERS), photos(kind)
    targets = [TEXT, seewhy.Contrast("a dog", TEXT), ["a dog", TEXT], "a dog"]
    for target, one in zip(targets, seewhy.compare(model, x, ["attention_relevance"], targets), strict=True):
        alone = seewhy.explain(model, x, "attention_relevance", target)
        wanted = alone.extras["word_scores"]
        assert one.words == alone.words and np.nanmax(wanted) > 0
        np.testing.assert_allclose(one.extras["word_scores"], wanted, rtol=0, atol=1e-5 * np.nanmax(wanted))


def test_the_map_beside_them_is_the_same_recurrence_in_the_pictures_tower() -> None:
    model = pair("hf clip", TEXT, *OTHERS).at("float64")
    x, own = photos("hf clip").double()[:1], copy.deepcopy(model.module)
    own.set_attn_implementation("eager")
    tower = own.vision_model((x - 0.5) / 0.5, output_attentions=True)
    image = F.normalize(own.visual_projection(tower.pooler_output), dim=-1)
    text = own.get_text_features(model.rows[0][0].ids[None], attention_mask=model.rows[0][0].mask[None]).pooler_output
    logit = own.logit_scale.exp() * (image @ F.normalize(text, dim=-1).detach().T)[0, 0]
    attentions = list(tower.attentions)
    wanted = by_recurrence(attentions, list(torch.autograd.grad(logit, attentions)), 0).detach()
    found = seewhy.explain(model, x, "attention_relevance", TEXT)
    assert np.allclose(found.values[0, 0].ravel(), wanted[1:], atol=1e-6 * float(wanted[1:].max()))
