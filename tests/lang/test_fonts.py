"""Chinese is drawn as Chinese, with an installed font or with the one that ships."""

import copy

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


@pytest.mark.usefixtures("bare")
def test_a_chinese_title_is_drawn_with_the_font_that_ships():
    assert font("zh").get_file() == str(fonts.SHIPPED)
    cat, dog = draw("解释对象：虎斑猫", font("zh")), draw("解释对象：斑点狗", font("zh"))
    assert (cat < 128).sum() > 300
    assert (cat != dog).any()  # as boxes these two would look the same


def test_the_font_that_ships_has_every_character_of_our_words():
    face = FT2Font(str(fonts.SHIPPED))
    present = face.get_charmap()
    printable = (
        fonts.own_words("en") + fonts.own_words("zh") + "".join(map(chr, range(0x20, 0x7F))) + "−–—…×±≥≤→“”‘’、。（）％"
    )
    assert [c for c in printable if ord(c) not in present] == []
    assert [c for c in printable if not c.isspace() and not outline(face, c)] == []


def outline(face: FT2Font, character: str) -> int:
    face.load_char(ord(character))
    return len(face.get_path()[0])


@pytest.mark.usefixtures("bare")
def test_all_our_words_are_drawn_without_a_missing_glyph():
    draw(fonts.own_words("zh"), font("zh"))


@pytest.mark.usefixtures("bare")
def test_a_missing_glyph_would_be_noticed():
    with pytest.warns(UserWarning, match="missing from font"):
        draw("龘", font("zh"))


def test_installed_fonts_come_before_the_one_that_ships_where_they_have_the_characters(monkeypatch):
    monkeypatch.setattr(fonts, "_CJK", ("No Such Font", "STIXGeneral", "DejaVu Serif"))
    usual = FontProperties().get_family()
    assert font("zh", "abc").get_family() == ["STIXGeneral", "DejaVu Serif", *usual]
    assert font("en", "abc").get_family() == [*usual, "STIXGeneral", "DejaVu Serif"]
    assert font("zh", "abc").get_file() is None
    assert font("zh", "abc 猫").get_file() == str(fonts.SHIPPED)


def test_whatever_is_installed_here_draws_all_our_words():
    draw(fonts.own_words("zh"), font("zh"))
    words = "热力图 tabby 虎斑猫 鹟䴕 −0.5"
    assert (draw(words, font("zh", words)) < 128).sum() > 300
    assert (draw(words, font("en", words)) < 128).sum() > 300


@pytest.mark.usefixtures("bare")
def test_an_english_figure_takes_the_usual_font_until_it_holds_chinese():
    assert font() == font("en", "tabby, é") == FontProperties()
    assert font("en", "我的猫").get_file() == str(fonts.SHIPPED)


def test_asking_for_a_font_changes_nothing_of_matplotlib():
    settings, entries = copy.deepcopy(dict(matplotlib.rcParams)), list(fontManager.ttflist)
    font("zh"), font("en", "猫")
    assert dict(matplotlib.rcParams) == settings
    assert fontManager.ttflist == entries
