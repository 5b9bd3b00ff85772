"""What the viewer does without a server: colours, cells, zoom, maps together."""

from typing import Any

import numpy as np
import pytest

from handmade import blob, handmade, plain
from viewing import Open, colour, more, three, view


def ramp(least: float, largest: float, **changed: Any) -> Any:
    """Values that rise from left to right over a grey photo of 96 x 60."""
    return handmade(np.linspace(least, largest, 12)[None].repeat(2, 0), plain(60, 96, 99, 99, 99), **changed)


def test_a_threshold_hides_what_is_weak_and_nothing_else(visit: Open) -> None:
    tab = visit([ramp(0, 1)])
    more(tab)
    tab.get_by_test_id("fade").uncheck()
    tab.get_by_test_id("clip").fill("0")
    tab.get_by_test_id("threshold").fill("50")
    drawn = [colour(tab, x / 20, 0.5)[3] for x in range(21)]
    values = np.linspace(0, 1, 12)
    at = [np.interp(x / 20 * 12 - 0.5, range(12), values) for x in range(21)]
    assert drawn == [255 if value >= 0.5 else 0 for value in at]
    tab.get_by_test_id("plain").click()
    assert tab.get_by_test_id("threshold").input_value() == "0"


def test_clipping_moves_the_strongest_colour_as_python_does(visit: Open) -> None:
    from seewhy.render.normalize import limit
    from seewhy.render.panels import number

    one = handmade(np.random.default_rng(3).normal(size=(9, 11)), sign="all")
    tab = visit([one])
    more(tab)
    last = tab.get_by_test_id("ticks-0").locator("span").last
    for percent in (0, 2, 10, 20):
        tab.get_by_test_id("clip").fill(str(percent))
        assert last.inner_text() == number(limit(one.heatmap()[0], "all", percent))


@pytest.mark.parametrize("size", [(300, 451), (700, 1000)])
def test_the_strongest_colours_that_python_tells_are_those_the_viewer_finds(visit: Open, size: tuple[int, int]) -> None:
    draw = np.random.default_rng(5)
    maps = [draw.normal(size=(9, 11)), np.exp(3 * draw.normal(size=(40, 30))), -blob(7, 7, 3, 3)]
    signs = ("all", "positive", "negative")
    tab = visit([handmade(map, plain(*size, 9, 9, 9), sign=sign) for map, sign in zip(maps, signs, strict=True)])
    script = """([index, times]) => { const viewer = document.querySelector('seewhy-viewer');
        const data = viewer.first ??= viewer.data;
        const told = ({ limit, peak }) => (times ? { limit: times * limit, peak } : undefined);
        viewer.data = { ...data, explanations: data.explanations.map((one) => ({ ...one, limits: told(one.limits) })) };
        viewer.current = index;
        return viewer.updateComplete.then(() => viewer.renderRoot.querySelector('seewhy-tile').scale); }"""
    for index in range(3):
        found, told, other = (tab.evaluate(script, [index, times]) for times in (0, 1, 2))
        assert found["limit"] > 0 and found == pytest.approx(told, rel=1e-5)
        assert other["limit"] == 2 * told["limit"]  # what is told is what is drawn


def test_the_last_pixels_are_painted_whatever_the_panels_size(visit: Open) -> None:
    tab, rests = visit([handmade(np.ones((3, 4)), plain(61, 83, 9, 9, 9))]), set()
    script = """c => { const drawn = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        const all = new Uint32Array(drawn.data.buffer);
        return [all.length % 4, new Set(all).size, all[0] >>> 24]; }"""
    for width in range(500, 512):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.wait_for_timeout(60)
        rest, colours, alpha = tab.get_by_test_id("heat-0").evaluate(script)
        assert (colours, alpha) == (1, 255)
        rests.add(rest)
    assert len(rests) > 1


def test_blocks_show_the_maps_own_cells(visit: Open) -> None:
    tab = visit([ramp(0, 1)])
    more(tab)
    tab.get_by_test_id("texture").select_option("blocks")
    row = [tuple(colour(tab, (x + 0.5) / 48, 0.5)) for x in range(48)]
    assert all(len(set(row[4 * cell : 4 * cell + 4])) == 1 for cell in range(12)) and len(set(row)) == 12


def test_contours_run_where_the_value_passes_a_quarter(visit: Open) -> None:
    tab = visit([ramp(0, 1)])
    more(tab)
    tab.get_by_test_id("clip").fill("0")
    tab.get_by_test_id("contour").check()
    script = """(c) => { const y = c.height >> 1, row = c.getContext('2d').getImageData(0, y, c.width, 1).data;
        const white = (x) => row.slice(4 * x, 4 * x + 4).every((v) => v === 255);
        return Array.from({length: c.width}, (_, x) => x).filter(white).map((x) => x / c.width); }"""
    found = tab.get_by_test_id("heat-0").evaluate(script)
    wanted = [np.interp(part, np.linspace(0, 1, 12), (np.arange(12) + 0.5) / 12) for part in (0.25, 0.5, 0.75)]
    np.testing.assert_allclose(found, wanted, atol=0.004)


def test_zoom_and_pan_keep_all_panels_and_their_numbers_in_step(visit: Open) -> None:
    shown = three()
    tab = visit(shown)
    tab.get_by_test_id("beside").check()
    box = view(tab, 1).bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(*middle)
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -400)
    tab.keyboard.up("Control")
    tab.wait_for_function("document.querySelector('seewhy-viewer').view.zoom > 2")
    seen = "(({zoom, x, y}) => [zoom, x, y])(document.querySelector('seewhy-viewer').view)"
    _, *before = tab.evaluate(seen)
    assert before == pytest.approx([0.5, 0.5], abs=5e-3)  # what was under the pointer is there still
    tab.mouse.down()
    tab.mouse.move(middle[0] - 30, middle[1] - 20)
    tab.mouse.up()
    more(tab)
    zoom, x, y = tab.evaluate(seen)
    assert x - before[0] == pytest.approx(30 / box["width"] / zoom, abs=1e-4)
    assert y - before[1] == pytest.approx(20 / box["height"] / zoom, abs=1e-4)
    for index, explanation in enumerate(shown):
        own = view(tab, index).bounding_box()
        tab.mouse.move(own["x"] + 0.25 * own["width"], own["y"] + 0.75 * own["height"])
        told = tab.get_by_test_id(f"where-{index}").inner_text()
        at = [int(part.split()[1]) for part in told.split(", ")]
        assert at == pytest.approx([(x - 0.25 / zoom) * 451, (y + 0.25 / zoom) * 300], abs=1.5)
        raw = tab.get_by_test_id(f"value-{index}").get_attribute("data-raw")
        np.testing.assert_equal(np.float32(raw), explanation.heatmap()[0, at[1], at[0]])
    view(tab, 0).focus()
    tab.keyboard.press("0")
    assert tab.evaluate("document.querySelector('seewhy-viewer').view.zoom") == 1


def test_the_photo_lies_under_the_map_at_any_zoom(visit: Open) -> None:
    """The one red pixel of the photo, and the one cell of the map over it, stay at one place."""
    photo, values = plain(60, 90, 0, 0, 0), np.zeros((60, 90))
    photo[20, 60], values[20, 60] = (255, 0, 0), 1
    tab = visit([handmade(values, photo)], viewport={"width": 1100, "height": 900})
    tab.evaluate("""() => { const viewer = document.querySelector('seewhy-viewer');
        viewer.view = {...viewer.view, zoom: 6, x: 0.65, y: 0.3, texture: 'blocks'}; }""")
    box = view(tab).bounding_box()
    picture = tab.locator(".view img").bounding_box()
    shown = picture["x"] + 60.5 / 90 * picture["width"], picture["y"] + 20.5 / 60 * picture["height"]
    script = """(c) => { const w = c.width, all = c.getContext('2d').getImageData(0, 0, w, c.height).data;
        const found = Array.from({length: w * c.height}, (_, k) => k).filter((k) => all[4 * k + 3] > 200);
        const mean = (of) => found.reduce((sum, k) => sum + of(k) + 0.5, 0) / found.length;
        return [mean((k) => k % w) / w, mean((k) => Math.floor(k / w)) / c.height]; }"""
    x, y = tab.get_by_test_id("heat-0").evaluate(script)
    assert (box["x"] + x * box["width"], box["y"] + y * box["height"]) == pytest.approx(shown, abs=1)


def test_a_swipe_shows_the_photo_left_of_it(visit: Open) -> None:
    tab = visit([handmade()])
    tab.get_by_label("Swipe", exact=True).check()
    box = view(tab).bounding_box()
    tab.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 60)
    tab.mouse.up()
    clip = tab.get_by_test_id("heat-0").evaluate("heat => getComputedStyle(heat).clipPath")
    assert float(clip.split()[-1].rstrip("%)")) == pytest.approx(70, abs=0.5)


def test_the_difference_of_two_maps_is_in_their_own_units_for_one_method(visit: Open) -> None:
    noise = np.random.default_rng(4)
    one, other = (handmade(noise.normal(size=(7, 7)), target=name, labels=(name,), sign="all") for name in "ab")
    tab = visit([one, other])
    tab.get_by_test_id("combine").select_option("difference")
    box = tab.get_by_test_id("tile-combined").locator(".view").bounding_box()
    tab.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.4 * box["height"])
    raw = float(tab.get_by_test_id("value-combined").get_attribute("data-raw"))
    x, y = (int(part.split()[1]) for part in tab.get_by_test_id("where-combined").inner_text().split(", "))
    assert raw == pytest.approx(float(one.heatmap()[0, y, x]) - float(other.heatmap()[0, y, x]), abs=1e-6)


def test_agreement_counts_the_maps_that_have_a_pixel_in_their_strongest_fifth(visit: Open) -> None:
    rising, falling = ramp(0, 1), ramp(1, 0, method="falling")
    tab = visit([rising, rising, falling])
    tab.get_by_test_id("combine").select_option("agreement")
    box = tab.get_by_test_id("tile-combined").locator(".view").bounding_box()
    for x, count in ((0.05, 1), (0.5, 0), (0.95, 2)):
        tab.mouse.move(box["x"] + x * box["width"], box["y"] + 20)
        assert tab.get_by_test_id("value-combined").get_attribute("data-raw") == str(count)
    assert tab.get_by_test_id("ticks-combined").locator("span").last.inner_text() == "3"


def test_targets_of_one_method_share_a_scale_unless_told_otherwise(visit: Open) -> None:
    tab = visit(
        [ramp(0, 4, target="a", labels=("a",)), ramp(0, 1, target="b", labels=("b",)), ramp(0, 2, method="other")]
    )
    tab.get_by_test_id("beside").check()
    more(tab)
    tab.get_by_test_id("clip").fill("0")

    def tops() -> list[str]:
        return [tab.get_by_test_id(f"ticks-{i}").locator("span").last.inner_text() for i in range(3)]

    assert tops() == ["4", "4", "2"]
    tab.get_by_test_id("shared").uncheck()
    assert tops() == ["4", "1", "2"]


def test_the_language_is_switched_on_the_page(visit: Open) -> None:
    tab = visit([handmade(notes=("the map's sum misses the score's difference by 10.2%: take more n_steps",))])
    more(tab)
    tab.get_by_test_id("language").click()
    assert "虎" in tab.get_by_test_id("title").inner_text()
    assert "热力图的总和" in tab.get_by_test_id("notes").inner_text()
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"
    tab.get_by_test_id("language").click()
    assert tab.get_by_test_id("title").inner_text() == "Why tiger cat?"


def test_it_prints_all_maps_without_its_controls_and_is_as_before(visit: Open) -> None:
    tab = visit(three())
    tab.emulate_media(media="print")
    assert tab.get_by_test_id("controls").is_hidden() and view(tab).is_visible()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert [view(tab, index).is_visible() for index in range(3)] == [True] * 3
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.get_by_test_id("tile-1").wait_for(state="detached")
    assert view(tab).is_visible()
