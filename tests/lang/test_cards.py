"""Every method has its card, in every language, and no card is left over."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

import seewhy
import seewhy.lang.cards as words
from seewhy import get_method, list_methods, method_card, method_cards
from seewhy.cards import Card, link
from seewhy.errors import BadOption, UnknownName
from seewhy.lang import languages
from seewhy.registry import declared

IDS = [one.id for one in list_methods()]
CHINESE = re.compile("[\u4e00-\u9fff]")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff][,;:!?.]|[,;:!?](?=[\u4e00-\u9fff])")


def pairs(name: str) -> dict[str, object]:
    found = json.loads(Path(words.__file__).with_name(name).read_text(encoding="utf-8"), object_pairs_hook=list)
    assert len({key for key, _ in found}) == len(found), "a key stands twice"
    return {key: dict(value) if isinstance(value, list) else value for key, value in found}


@pytest.mark.parametrize("lang", languages())
def test_every_method_has_a_card_and_no_card_is_without_a_method(lang):
    assert sorted(pairs(f"cards_{lang}.json")) == sorted(IDS)
    assert list(method_cards(lang)) == IDS
    for id, found in method_cards(lang).items():
        assert found == method_card(id, lang)
        for field in fields(Card):
            said = getattr(found, field.name)
            assert said and said == said.strip(), (id, field.name)
            assert not re.search(r"TODO|TBD|XXX|\{|\}|<|待补|待定", said), (id, field.name)


def test_english_cards_are_sentences_and_keep_to_what_the_registry_does_not_say():
    for id, found in pairs("cards_en.json").items():
        assert list(found) == ["answers", "misleads", "use"], id
        assert "?" in found["answers"] and all(found[name].endswith((".", "?")) for name in ("misleads", "use")), id
    assert method_card("gradcam").cost == get_method("gradcam").info.cost


def test_chinese_cards_are_chinese_and_have_what_the_registry_says_in_english():
    for id, found in pairs("cards_zh.json").items():
        assert list(found) == ["answers", "misleads", "use", "cost", "summary"], id
        for name, said in found.items():
            assert CHINESE.search(said), (id, name)
            assert not HALF_WIDTH.search(said), (id, name, HALF_WIDTH.search(said))
        assert "？" in found["answers"] and all(
            found[name].endswith(("。", "？")) for name in ("misleads", "use", "summary")
        ), id


@pytest.mark.parametrize("id", IDS)
def test_both_languages_name_the_same_papers_methods_and_numbers(id):
    english, chinese = method_card(id, "en"), method_card(id, "zh")
    assert english.title == chinese.title and english.link == chinese.link
    both = [" ".join((one.answers, one.misleads, one.use)) for one in (english, chinese)]
    papers, ids, options = (
        [set(re.findall(pattern, said)) for said in both]
        for pattern in (r"arXiv:\d+\.\d+", rf"\b(?:{'|'.join(map(re.escape, IDS))})(?![\w+])", r"\b[a-z]+_[a-z_]+\b")
    )
    assert papers[0] == papers[1] and ids[0] == ids[1] and options[0] == options[1]
    counted = [sorted(re.findall(r"\b\w*_\w*\b", one.cost)) for one in (english, chinese)]
    assert counted[0] == counted[1]


def test_a_paper_is_a_link():
    assert link("arXiv:1610.02391") == "https://arxiv.org/abs/1610.02391"
    assert link("DOI:10.3390/app15137562") == "https://doi.org/10.3390/app15137562"
    assert link("HAL:hal-02963298") == "https://hal.science/hal-02963298"
    assert link("https://github.com/jacobgil/pytorch-grad-cam") == "https://github.com/jacobgil/pytorch-grad-cam"
    for nothing in ("javascript:alert(1)", "arXiv:", "1610.02391", "http://insecure.example"):
        with pytest.raises(UnknownName):
            link(nothing)


def test_every_option_is_told_of_in_chinese_and_no_translation_is_left_over():
    helps = {one.metadata["help"] for id in IDS for one in declared(get_method(id)).values()}
    known = pairs("options_zh.json")
    assert set(known) == helps
    for english, chinese in known.items():
        assert CHINESE.search(str(chinese)), english
        names = r"'[a-z_]+'|\b[a-z]+_[a-z_]+\b|@FILE"
        assert set(re.findall(names, str(chinese))) == set(re.findall(names, english)), english
    assert words.option_help("noisy copies", "zh") == "加噪副本的数量"
    assert words.option_help("noisy copies") == words.option_help("noisy copies", "en") == "noisy copies"
    assert words.option_help("of a method of your own", "zh") == "of a method of your own"


def test_what_nobody_knows_is_refused():
    with pytest.raises(UnknownName, match="no method is named 'gradcamm'"):
        method_card("gradcamm")
    for ask in (lambda: method_cards("fr"), lambda: method_card("gradcam", "fr"), lambda: words.option_help("x", "fr")):
        with pytest.raises(BadOption, match="'fr'"):
            ask()
    assert "method_cards" in dir(seewhy)
