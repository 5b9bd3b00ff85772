import matplotlib
import matplotlib.pyplot
import numpy as np
import pytest
from numpy.typing import NDArray

from handmade import CAT, RANDOM, blob, drawn, handmade, plain, said
from seewhy.errors import BadOption
from seewhy.lang import text
from seewhy.render.colors import table
from seewhy.render.figure import figure
from seewhy.render.normalize import SIGNS
from seewhy.types import Prediction

RED = plain(60, 90, 255, 0, 0)


def corner() -> NDArray[np.float32]:
    """Nothing, but for the cell top right."""
    values = np.zeros((3, 3), np.float32)
    values[0, 2] = 2.0
    return values


def at(pixels: NDArray[np.uint8], row: float, column: float) -> list[int]:
    return pixels[int(row * (pixels.shape[0] - 1)), int(column * (pixels.shape[1] - 1))].tolist()


def test_a_red_photo_stays_red_in_every_panel() -> None:
    made = figure(handmade(corner(), RED))
    assert (drawn(made, "photo") == [255, 0, 0]).all()
    assert at(drawn(made, "both"), 0.9, 0.1) == [255, 0, 0]
    blank = figure(handmade(np.zeros((3, 3)), RED))
    assert at(drawn(blank, "heat"), 0.1, 0.1) == [255, 0, 0]


def test_the_strongest_cell_has_the_hottest_colour_top_right_in_every_panel() -> None:
    made = figure(handmade(corner(), RED), alpha=1.0)
    hottest, coldest = table("inferno")[255].tolist(), table("inferno")[0].tolist()
    for label in ("heat", "both"):
        assert at(drawn(made, label), 0, 1) == hottest
        assert at(drawn(made, label), 1, 0) != hottest
    assert at(drawn(made, "heat"), 1, 0) == at(drawn(made, "heat"), 1, 1) == at(drawn(made, "heat"), 0, 0) == coldest


def test_nothing_brightens_a_dark_photo() -> None:
    made = figure(handmade(np.zeros((3, 3)), plain(40, 60, 51, 51, 51)))
    assert (drawn(made, "both") == 51).all()
    assert (drawn(made, "photo") == 51).all()


def test_outside_the_crop_the_overlay_is_the_photo() -> None:
    gray = plain(*CAT.shape[:2], 90, 90, 90)
    explanation = handmade(np.ones((7, 7)), gray, geometry=handmade().photos[0].geometry)
    both = drawn(figure(explanation), "both")
    assert at(both, 0.5, 0.05) == at(both, 0.02, 0.5) == [90, 90, 90]
    assert at(both, 0.5, 0.5) != [90, 90, 90]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e-30])
def test_flat_maps_are_drawn(sign: str, value: float) -> None:
    made = figure(handmade(np.full((5, 4), value), RED), sign=sign)
    nothing = value == 0 or (sign == "positive" and value < 0) or (sign == "negative" and value > 0)
    blank = [text(key, "en") for key in ("no_positive_evidence", "no_negative_evidence", "score_never_moves")]
    assert any(words in said(made) for words in blank) == nothing
    assert any(ax.get_label() == "colorbar" for ax in made.axes) != nothing


def test_a_map_without_positive_evidence_is_the_photo_and_those_words() -> None:
    made = figure(handmade(-blob(7, 7, 1, 5)))
    assert "no positive evidence" in said(made)
    shown = next(ax for ax in made.axes if ax.get_label() == "both").images[0].get_array()
    np.testing.assert_array_equal(shown, CAT)


def test_it_says_what_was_explained_by_what() -> None:
    words = said(figure(handmade()))
    for part in ("EfficientNet-Lite0", "gradcam", "bn2", "tiger cat (282)", "logit 7.250", "Egyptian cat", "36.0%"):
        assert part in words
    assert "RANDOM" not in words


def test_random_weights_are_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(figure(handmade(model=RANDOM)))
    assert "随机权重" in said(figure(handmade(model=RANDOM), lang="zh"))


def test_the_colour_bar_has_raw_numbers() -> None:
    made = figure(handmade(corner() * 40, RED), sign="all")
    bar = next(ax for ax in made.axes if ax.get_label() == "colorbar")
    ticks = [float(tick.get_text()) for tick in bar.get_xticklabels()]
    assert ticks == [-80, -40, 0, 40, 80]


def test_names_are_not_read_as_formulas() -> None:
    made = figure(handmade(labels=("cost $x^{$ \\frac",), layers=("a_$b$",)))
    made.canvas.draw()
    assert "cost $x^{$ \\frac" in said(made)


def test_chinese_words_are_drawn_with_a_font_that_has_them() -> None:
    made = figure(handmade(labels=("虎斑猫",)), lang="zh")
    made.canvas.draw()  # a missing glyph is a warning, and warnings are errors


def test_it_leaves_no_trace_on_matplotlib() -> None:
    before = dict(matplotlib.rcParams)
    figure(handmade()).canvas.draw()
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.pyplot.get_fignums() == []


@pytest.mark.parametrize("wrong", [{"cmap": "jett"}, {"sign": "both"}, {"lang": "xx"}, {"outlier_perc": -1}])
def test_unknown_options_are_refused(wrong: dict) -> None:
    with pytest.raises(BadOption):
        figure(handmade(), **wrong)


def test_a_function_s_scores_are_no_percentages() -> None:
    told = (Prediction(0, "red", score=53.9021), Prediction(1, "cyan", score=-53.9))
    shown = said(figure(handmade(predictions=(told,), score="answer")))
    assert "53.9" in shown and "-53.9" in shown and "answer 7.250" in shown and "%" not in shown
