"""Chinese is drawn as Chinese, with an installed font or with the one that ships."""

import copy
import json

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.ft2font import FT2Font

import seewhy.lang.fonts as fonts
from seewhy.lang import font


@pytest.fixture
def bare(monkeypatch):
    """A machine without any Chinese font."""
    monkeypatch.setattr(fonts, "_CJK", ())


def draw(words: str, properties: FontProperties) -> np.ndarray:
    figure = Figure(figsize=(6, 1), dpi=60)
    canvas = FigureCanvasAgg(figure)
    figure.text(0.02, 0.3, words, font=properties, size=20)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., 0].copy()


def own_words() -> str:
    files = [fonts.SHIPPED.with_name(name) for name in ("en.json", "zh.json", "imagenet_zh.json")]
    return "".join(sorted(set("".join(file.read_text(encoding="utf-8") for file in files)) - {"\n"}))


@pytest.mark.usefixtures("bare")
def test_a_chinese_title_is_drawn_with_the_font_that_ships():
    assert font("zh").get_file() == str(fonts.SHIPPED)
    cat, dog = draw("解释对象：虎斑猫", font("zh")), draw("解释对象：斑点狗", font("zh"))
    assert (cat < 128).sum() > 300
    assert (cat != dog).any()  # as boxes these two would look the same


def test_the_font_that_ships_has_every_character_of_our_words():
    face = FT2Font(str(fonts.SHIPPED))
    known = face.get_charmap()
    printable = own_words() + "".join(map(chr, range(0x20, 0x7F))) + "−–—…×±≥≤→“”‘’、。（）％"
    assert [c for c in printable if ord(c) not in known] == []
    assert [c for c in printable if not c.isspace() and not outline(face, c)] == []


def outline(face: FT2Font, character: str) -> int:
    face.load_char(ord(character))
    return len(face.get_path()[0])


@pytest.mark.usefixtures("bare")
def test_all_our_words_are_drawn_without_a_missing_glyph():
    for message in json.loads(fonts.SHIPPED.with_name("zh.json").read_text(encoding="utf-8")).values():
        draw(message, font("zh"))


@pytest.mark.usefixtures("bare")
def test_a_missing_glyph_would_be_noticed():
    with pytest.warns(UserWarning, match="missing from font"):
        draw("龘", font("zh"))


def test_an_installed_font_comes_before_the_one_that_ships(monkeypatch):
    monkeypatch.setattr(fonts, "_CJK", ("No Such Font", "STIXGeneral", "DejaVu Serif"))
    usual = FontProperties().get_family()
    assert font("zh").get_family() == ["STIXGeneral", *usual]
    assert font("en").get_family() == [*usual, "STIXGeneral"]
    assert font("zh").get_file() is None


def test_whatever_is_installed_here_draws_a_chinese_title():
    words = "热力图 tabby 虎斑猫 −0.5"
    assert (draw(words, font("zh")) < 128).sum() > 300
    assert (draw(words, font("en", words)) < 128).sum() > 300


@pytest.mark.usefixtures("bare")
def test_an_english_figure_takes_the_usual_font_until_it_holds_chinese():
    assert font("en", "tabby, é") == FontProperties()
    assert font("en", "我的猫").get_file() == str(fonts.SHIPPED)


def test_asking_for_a_font_changes_nothing_of_matplotlib():
    settings, known = copy.deepcopy(dict(matplotlib.rcParams)), list(fontManager.ttflist)
    font("zh"), font("en", "猫")
    assert dict(matplotlib.rcParams) == settings
    assert fontManager.ttflist == known
