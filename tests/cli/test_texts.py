"""The commands, of networks that compare photos with texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import transformers
from click.testing import Result

import pairs
import seewhy
from seewhy.sources.hf_files import quiet

Call = Callable[..., Result]
Told = Callable[..., Any]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("network") / "small"
    processor = transformers.ViTImageProcessor(size={"height": 32, "width": 32})
    with quiet(transformers):
        for one in (pairs.network("hf clip"), pairs.tokenizer("hf clip"), processor):
            one.save_pretrained(folder)
    return ("--model", f"hf:{folder}")


def test_each_target_is_a_text_and_all_are_compared(
    there: Path, undrawn: None, model: tuple[str, str], call: Call, told: Told
) -> None:
    asked = ("--target", "a dog", "--target", "a cat", "--text", "the blanket on top", "--method", "saliency")
    (row,) = told("explain", "photos/cat.jpg", *model, *asked)["photos"]
    assert {one["label"] for one in row["predictions"]} == {"a dog", "a cat", "the blanket on top"}
    assert [one["label"] for one in row["explanations"]] == ["a dog", "a cat"]
    found = seewhy.compare(
        seewhy.load(model[1]), "photos/cat.jpg", ["saliency"], ["a dog", "a cat"], texts=["the blanket on top"]
    )
    for listed, one in zip(row["explanations"], found, strict=True):
        assert listed["similarity"] == pytest.approx(float(one.extras["similarity"][0]))
        assert listed["share"] == pytest.approx(float(one.extras["share"][0]))
        assert np.array_equal(seewhy.open(listed["folder"]).values, one.values)
        assert [word for word, _ in listed["words"]] == list(one.words[0])
        assert [score for _, score in listed["words"]] == pytest.approx(one.extras["word_scores"][0].tolist())
    lines = call("predict", "photos/cat.jpg", *model, "--text", "a dog", "--text", "a cat").stdout.splitlines()
    assert len(lines) == 3 and lines[1].split()[0].endswith("%") and float(lines[1].split()[1]) <= 1
    again = told("again", "seewhy-out")["explanations"]
    assert [one["largest_difference"] for one in again] == [0.0, 0.0] and not again[0]["notes"]


def test_contrasts_numbers_and_the_best_text(there: Path, undrawn: None, model: tuple[str, str], told: Told) -> None:
    asked = ("--text", "7", "--target", "a dog - a cat", "--target", "7", "--target", "top", "-m", "saliency")
    (row,) = told("explain", "photos/cat.jpg", *model, *asked)["photos"]
    assert len(row["predictions"]) == 3
    contrast, seven, top = row["explanations"]
    assert contrast["target"] == "a dog - a cat" and seven["label"] == "7"
    assert top["label"] == row["predictions"][0]["label"]
    whole = ("--text", "a dog - running", "--target", "a dog - running", "-m", "saliency")
    (row,) = told("explain", "photos/cat.jpg", *model, *whole)["photos"]
    assert [one["label"] for one in row["predictions"]] == ["a dog - running"]
    assert "probability" not in row["predictions"][0]


def test_without_a_method_it_is_attention_relevance_with_the_words(
    there: Path, undrawn: None, model: tuple[str, str], told: Told
) -> None:
    (row,) = told("explain", "photos/cat.jpg", *model, "--target", "a dog")["photos"]
    (only,) = row["explanations"]
    assert (only["method"], only["words_by"]) == ("attention_relevance", "attention")


def test_classes_from_a_file_in_sentences(there: Path, model: tuple[str, str], told: Told, call: Call) -> None:
    Path("names.txt").write_text("dog\ncat\n", encoding="utf-8")
    Path("sentences.txt").write_text("a photo of a {}.\na {} on top\n", encoding="utf-8")
    (row,) = told("predict", "photos/cat.jpg", *model, "--classes", "names.txt", "--templates", "sentences.txt")[
        "photos"
    ]
    own = seewhy.predict(
        model[1], "photos/cat.jpg", texts=["dog", "cat"], templates=["a photo of a {}.", "a {} on top"]
    )
    assert [one["probability"] for one in row["predictions"]] == pytest.approx([one.probability for one in own])
    assert call("predict", "photos/cat.jpg", *model, "--text", "x", "--templates", "nowhere.txt").exit_code == 2
    assert call("predict", "photos/cat.jpg", *model, "--text", "x", "--templates", "names.txt").exit_code == 2


def test_what_is_missing_or_not_taken_is_refused_before_the_first_photo(
    there: Path, model: tuple[str, str], call: Call
) -> None:
    for command in ("explain", "predict"):
        refused = call(command, "photos/cat.jpg", *model)
        assert refused.exit_code == 2 and "there is none" in refused.stderr and "--text" in refused.stderr
        assert "explaining" not in refused.stderr
    refused = call("predict", "photos/cat.jpg", "--text", "a dog")
    assert refused.exit_code == 2 and "takes none" in refused.stderr
    empty = call("explain", "photos/cat.jpg", *model, "--target", " ")
    assert empty.exit_code == 2 and "empty" in empty.stderr


def test_what_must_be_told_of_texts_is_told(there: Path, model: tuple[str, str], call: Call) -> None:
    said = call("predict", "photos/cat.jpg", *model, "--text", "word " * 100, "--text", "a").stderr
    assert "the last 25 were cut" in said
    assert (
        "末尾 25 个被截去" in call("predict", "photos/cat.jpg", *model, "--text", "word " * 100, "--lang", "zh").stderr
    )


def test_doctor_looks_at_it_without_a_text(there: Path, model: tuple[str, str], call: Call) -> None:
    found = call("doctor", *model).stdout
    assert "its classes are texts" in found and "vision_model" in found
