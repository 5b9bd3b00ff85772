"""The words are there in every language, with the same places to fill."""

import json
from pathlib import Path
from string import Formatter

import pytest

import seewhy.lang.catalog as catalog
from seewhy.errors import BadOption
from seewhy.lang import class_name, font, languages, text


def messages(lang: str) -> dict[str, str]:
    pairs = json.loads(
        Path(catalog.__file__).with_name(f"{lang}.json").read_text(encoding="utf-8"), object_pairs_hook=list
    )
    assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


def places(message: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(message) if name is not None}


def test_english_is_the_default():
    assert languages() == ("en", "zh")
    assert text("photo") == text("photo", "en") == "Photo"


@pytest.mark.parametrize("lang", languages())
def test_every_language_has_the_same_keys_and_placeholders(lang):
    english, other = messages("en"), messages(lang)
    assert list(other) == list(english)
    assert {key: places(message) for key, message in other.items()} == {
        key: places(message) for key, message in english.items()
    }


@pytest.mark.parametrize("lang", languages())
def test_every_message_can_be_filled(lang):
    for key, message in messages(lang).items():
        filled = text(key, lang, **{name: "7.5" for name in places(message) if name})
        assert filled.strip()
        assert "{" not in filled


def test_a_message_takes_its_values():
    assert text("explained", label="tabby") == "Explained: tabby"
    assert text("explained", lang="zh", label="虎斑猫") == "解释对象：虎斑猫"
    assert text("forward_backward", "zh", forward=3, backward=1) == "前向 3 次，反向 1 次"


@pytest.mark.parametrize("ask", [lambda: text("photo", "fr"), lambda: class_name("tabby", "fr"), lambda: font("fr")])
def test_an_unknown_language_is_refused_with_those_there_are(ask):
    with pytest.raises(BadOption, match="'fr'") as refusal:
        ask()
    assert refusal.value.hint == "choose one of: en, zh"


def test_an_unknown_key_or_a_missing_value_is_an_error():
    with pytest.raises(KeyError, match="no such key"):
        text("no such key")
    with pytest.raises(KeyError, match="label"):
        text("explained")
