"""The page as its reader has it: opened from disk in headless Chromium."""

from dataclasses import replace

import numpy as np
import pytest

from handmade import RANDOM, blob, handmade, plain
from seewhy.geometry import Geometry
from seewhy.render.colors import table
from seewhy.types import Prediction
from viewing import Open, colour, more, point, three, view

BAD = "<img src=x onerror='window.broken=1'>{{script}}"


def test_the_value_under_the_pointer_is_the_arrays(visit: Open) -> None:
    shown = three()
    tab = visit(shown)
    for index, explanation in enumerate(shown):
        tab.get_by_test_id(f"chip-{index}").click()
        heat = explanation.heatmap()[0]
        for x, y in ((100, 20), (225, 150), (330, 40), (128, 279), (340, 200)):
            assert np.float32(point(tab, x, y, index)) == heat[y, x]
            assert tab.get_by_test_id(f"where-{index}").inner_text() == f"x {x}, y {y}"
        assert point(tab, 3, 150, index) == "NaN"
        assert tab.get_by_test_id(f"value-{index}").inner_text() == "outside the network's view"


def test_every_pixel_has_the_value_of_the_heat_map_bit_for_bit(visit: Open) -> None:
    noise = np.random.default_rng(2).normal(size=(1, 13, 7))
    crop = Geometry((60, 90), (48, 64), (0.9, 0.83), (-3.1, -5.4))
    shown = [handmade(noise, plain(60, 90, 9, 9, 9), geometry) for geometry in (crop, None)]
    tab = visit(shown)
    script = """(i) => { const viewer = document.querySelector("seewhy-viewer");
        return Array.from({length: 60 * 90}, (_, k) => viewer.valueAt(k % 90, Math.floor(k / 90), i)); }"""
    for index, explanation in enumerate(shown):
        found = np.array(tab.evaluate(script, index), np.float64).reshape(60, 90)
        np.testing.assert_array_equal(found, explanation.heatmap()[0].astype(np.float64))
    assert 0 < np.isnan(shown[0].heatmap()).sum() < 5400


def test_the_strongest_place_is_top_right_in_the_hottest_colour(visit: Open) -> None:
    values = np.zeros((3, 3))
    values[0, 2] = 5
    tab = visit([handmade(values, plain(60, 90, 255, 0, 0))])
    tab.get_by_label("Heat map", exact=True).check()
    assert colour(tab, 1, 0) == [*table("inferno")[255], 255]
    assert colour(tab, 0, 1) == colour(tab, 0, 0) == colour(tab, 1, 1) == [*table("inferno")[0], 255]
    tab.get_by_test_id("colors").select_option("jet")
    assert colour(tab, 1, 0) == [*table("jet")[255], 255]
    tab.get_by_test_id("colors").select_option("auto")
    tab.get_by_test_id("sign").select_option("all")
    assert colour(tab, 0, 1) == [255, 255, 255, 255]
    assert colour(tab, 1, 0) == [*table("bluewhitered")[255], 255]


def test_opacity_view_and_fading_do_what_they_say(visit: Open) -> None:
    values = np.zeros((3, 3))
    values[0, 2] = 5
    tab = visit([handmade(values, plain(60, 90, 255, 0, 0))])
    tab.get_by_test_id("opacity").fill("50")
    assert tab.get_by_test_id("heat-0").evaluate("heat => getComputedStyle(heat).opacity") == "0.5"
    assert (colour(tab, 1, 0)[3], colour(tab, 0, 1)[3]) == (255, 0)
    more(tab)
    tab.get_by_test_id("fade").uncheck()
    assert colour(tab, 0, 1)[3] == 255
    tab.get_by_label("Photo", exact=True).check()
    assert tab.get_by_test_id("heat-0").is_hidden()
    assert tab.get_by_test_id("opacity").is_disabled()


def test_the_colour_bar_has_raw_numbers_of_the_sign_shown(visit: Open) -> None:
    tab = visit([handmade(2 * np.ones((3, 3)), plain(30, 30, 0, 0, 0))])
    ticks = tab.get_by_test_id("ticks-0").locator("span")
    assert ticks.all_inner_texts() == ["0", "0.5", "1", "1.5", "2"]
    tab.get_by_test_id("sign").select_option("all")
    assert ticks.all_inner_texts() == ["−2", "−1", "0", "1", "2"]


def test_a_blank_map_shows_the_photo_and_says_so(visit: Open) -> None:
    tab = visit([handmade(-blob(7, 7, 3, 3))])
    assert tab.get_by_test_id("blank-0").inner_text() == "no positive evidence"
    assert colour(tab, 0.5, 0.5)[3] == 0
    tab.get_by_test_id("sign").select_option("negative")
    assert tab.get_by_test_id("blank-0").is_hidden()
    assert colour(tab, 0.5, 0.5)[3] > 200


def test_side_by_side_reads_all_maps_at_one_pixel(visit: Open) -> None:
    shown = three()
    tab = visit(shown)
    tab.get_by_test_id("beside").check()
    point(tab, 300, 60)
    for index, explanation in enumerate(shown):
        raw = tab.get_by_test_id(f"value-{index}").get_attribute("data-raw")
        assert np.float32(raw) == explanation.heatmap()[0, 60, 300]
    tab.get_by_test_id("chip-1").click()
    assert tab.get_by_test_id("tile-1").count() == 0
    assert tab.get_by_test_id("tile-2").count() == 1


def test_the_keyboard_reads_values_too(visit: Open) -> None:
    tab = visit([handmade()])
    view(tab).focus()
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("ArrowUp")
    assert tab.get_by_test_id("where-0").inner_text() == "x 235, y 149"
    tab.get_by_label("Photo", exact=True).focus()
    tab.keyboard.press("ArrowLeft")
    assert tab.get_by_label("Heat map", exact=True).is_checked()


def test_it_says_which_model_and_how(visit: Open) -> None:
    tab = visit([handmade(model=RANDOM, notes=("the gap is 0.1",))])
    assert tab.get_by_test_id("stamp").is_visible()
    details = tab.get_by_test_id("details").inner_text()
    for part in ("gradcam", "tiger cat (282)", "bn2", "0.18 s", "1 forward, 1 backward", "RANDOM WEIGHTS"):
        assert part in details
    assert "Egyptian cat" in tab.get_by_test_id("predictions").inner_text()
    assert "the gap is 0.1" in tab.get_by_test_id("notes").inner_text()


def test_hostile_names_are_only_text(visit: Open) -> None:
    one = handmade(labels=(BAD,), method=BAD, notes=(BAD,))
    tab = visit([replace(one, photos=(replace(one.photos[0], name=BAD),))])
    assert BAD in tab.get_by_test_id("title").inner_text()
    assert BAD in tab.get_by_test_id("lead").inner_text()
    assert BAD in tab.title()
    assert tab.evaluate("window.broken") is None
    assert tab.locator("img").count() == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_fits_a_phone(visit: Open, lang: str) -> None:
    tab = visit(three(), lang, viewport={"width": 390, "height": 844}, has_touch=True)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    view(tab).tap(position={"x": 200, "y": 60})
    assert tab.get_by_test_id("where-0").inner_text().startswith("x ")
    tab.get_by_test_id("beside").check()
    assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_without_scripts_there_is_a_still_picture(visit: Open) -> None:
    tab = visit([handmade()], java_script_enabled=False)
    assert tab.locator(".still").bounding_box()["height"] > 200
    assert tab.get_by_test_id("app").is_hidden()


def test_the_photo_keeps_its_colours(visit: Open) -> None:
    tab = visit([handmade(np.zeros((3, 3)), plain(60, 90, 255, 0, 0))])
    shot = tab.locator(".view img").evaluate("""(i) => { const c = document.createElement('canvas');
        c.width = c.height = 1; const g = c.getContext('2d'); g.drawImage(i, 0, 0, 1, 1);
        return [...g.getImageData(0, 0, 1, 1).data]; }""")
    assert np.abs(np.array(shot) - [255, 0, 0, 255]).max() <= 4  # lossy


def test_a_score_is_shown_as_it_is_and_no_bar_makes_a_share_of_it(visit: Open) -> None:
    told = (Prediction(0, "red", score=53.9021), Prediction(1, "cyan", score=-53.9))
    said = visit([handmade(predictions=(told,), score="answer")]).get_by_test_id("predictions")
    assert said.inner_text().split() == ["red", "53.9", "cyan", "-53.9"] and said.locator("i").count() == 0
    sure = visit([handmade()]).get_by_test_id("predictions")
    assert "39.0 %" in sure.inner_text() and sure.locator("i").count() == 5


def test_the_words_of_a_text_are_shaded_by_their_scores(visit: Open) -> None:
    extras = {"word_scores": np.array([[2.0, -2.0, 0.0]], np.float32)}
    own = {"words": (("good", BAD, "none"),), "words_by": "leave_one_out", "extras": extras}
    says = ((Prediction(282, "tiger cat", 0.39, similarity=0.25),),)
    tab = visit([handmade(**own, predictions=says), handmade()])
    marks = tab.get_by_test_id("words-0").locator("b")
    assert [one.split("\n")[0] for one in marks.all_inner_texts()] == ["good", BAD, "none"]
    shades = marks.evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)")
    wanted = [table("bluewhitered")[row] for row in (255, 1, 128)]
    assert shades == [f"rgb({r}, {g}, {b})" for r, g, b in wanted]
    assert [float(one.get_attribute("data-raw")) for one in marks.all()] == [2, -2, 0]
    assert "0.250" in tab.get_by_test_id("predictions").inner_text()
    tab.get_by_test_id("chip-1").click()
    assert tab.get_by_test_id("words-1").count() == 0
