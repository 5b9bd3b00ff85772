"""Words shaded by their scores, in the figure of a text, in the grid of several and on the page."""

import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from handmade import handmade, said
from seewhy.lang import languages, text
from seewhy.render import strip
from seewhy.render.colors import table
from seewhy.render.figure import figure
from seewhy.render.grid import grid
from seewhy.render.page import page
from seewhy.types import Explanation, Prediction

WORDS, SCORES = ("the", "blanket", "on", "top", ","), (0.5, 2.0, -1.0, 0.0, 0.25)
SAYS = ((Prediction(0, "the blanket on top,", 0.75, similarity=0.31), Prediction(1, "a cat", 0.25, similarity=0.29)),)


def of_a_text(words: tuple[str, ...] = WORDS, scores: tuple[float, ...] = SCORES, **changed: Any) -> Explanation:
    own = {"words": (words,), "words_by": "leave_one_out", "labels": ("the blanket on top,",), "classes": (0,)}
    extras = {"word_scores": np.array([scores], np.float32), "similarity": np.array([0.31]), "share": np.array([0.75])}
    return handmade(extras=extras, predictions=SAYS, **{**own, **changed})


def labelled(made: Figure, label: str) -> Any:
    (found,) = [ax for ax in made.axes if ax.get_label() == label]
    return found


def shades(made: Figure, label: str) -> dict[str, list[int]]:
    return {
        one.get_text(): (255 * np.array(one.get_bbox_patch().get_facecolor()[:3])).round().astype(int).tolist()
        for one in labelled(made, label).texts
    }


def test_each_word_has_the_colour_of_its_score() -> None:
    found, colors = shades(figure(of_a_text()), "words"), table("bluewhitered").astype(int).tolist()
    assert list(found) == list(WORDS)
    assert found["blanket"] == colors[255]  # the largest
    assert found["top"] == colors[128] == [255, 255, 255]
    assert found["on"] == colors[128 - 64] or found["on"] == colors[128 - 63]
    assert found["the"][0] > found["the"][2] and found["on"][2] > found["on"][0]


@pytest.mark.parametrize("lang", languages())
def test_a_figure_says_how_well_the_text_fits_and_what_its_words_scores_are(lang: str) -> None:
    words = said(figure(of_a_text(), lang=lang))
    for part in (f"{text('similarity', lang)} 0.310", f"{text('share', lang)} 75.0%", "logit", "0.290", "±2"):
        assert part in words
    assert text("words_leave_one_out", lang) in words


def test_an_explanation_without_words_is_drawn_as_before() -> None:
    assert {ax.get_label() for ax in figure(handmade()).axes} == {
        *("heading", "photo", "heat", "both", "colorbar", "predictions")
    }
    made, other = (grid([one, handmade(method="saliency")]) for one in (handmade(), of_a_text(words=())))
    assert [one.get_label().startswith("words/") for one in [*made.axes, *other.axes]].count(True) == 0
    assert len(made.axes) == len(other.axes)


def test_the_texts_of_one_method_share_one_scale_of_shades() -> None:
    other = of_a_text(("a", "cat"), (1.0, -4.0), labels=("a cat",), target="a cat")
    made = grid([of_a_text(), other])
    colors = table("bluewhitered").astype(int).tolist()
    assert shades(made, "words/a cat")["cat"] == colors[1]
    assert shades(made, "words/the blanket on top,")["blanket"] in (colors[128 + 63], colors[128 + 64])
    assert "similarity 0.310  ·  share 75.0%" in said(made)


def test_long_texts_go_on_in_the_next_line_and_end_in_dots() -> None:
    long = of_a_text(("blanket",) * 300, (1.0,) * 300)
    found = strip.placed(long, 300, 10, "en")
    assert {one.line for one in found} == set(range(strip.MOST)) and found[-1].word == "…"
    assert all(one.left + one.width <= 300 for one in found)
    rows = [[one for one in found if one.line == line] for line in range(strip.MOST)]
    assert all(a.left + a.width < b.left for row in rows for a, b in pairwise(row))
    assert strip.height(long, 300, 10, "en") > strip.height(of_a_text(), 300, 10, "en")
    figure(long).canvas.draw()


def test_one_word_that_is_wider_than_the_strip_is_there() -> None:
    (only,) = strip.placed(of_a_text(("x" * 200,), (1.0,)), 100, 10, "en")
    assert only.line == 0


def test_scores_of_zero_are_white() -> None:
    found = shades(figure(of_a_text(scores=(0.0,) * 5)), "words")
    assert set(map(tuple, found.values())) == {(255, 255, 255)}


def test_words_of_no_known_letters_and_formulas_are_drawn_as_they_are() -> None:
    made = figure(of_a_text(("猫", "$x^2$", "кот", "<b>", "😀"), SCORES), lang="zh")
    made.canvas.draw()
    assert list(shades(made, "words")) == ["猫", "$x^2$", "кот", "<b>", "😀"]


def test_the_page_holds_the_words_and_how_well_each_text_fits() -> None:
    html = page([of_a_text(), of_a_text(("a",), (-4.0,), labels=("a cat",), target="a cat"), handmade()])
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found
    first, second, plain = json.loads(found[1])["explanations"]
    assert first["words"]["listed"] == [list(pair) for pair in zip(WORDS, SCORES, strict=True)]
    assert first["words"]["top"] == second["words"]["top"] == 4.0
    assert first["words"]["title"]["en"] == "Words: what the score loses without each"
    assert plain["words"] is None
    assert [one["similarity"] for one in first["predictions"]] == pytest.approx([0.31, 0.29])
    assert "similarity" not in plain["predictions"][0]
