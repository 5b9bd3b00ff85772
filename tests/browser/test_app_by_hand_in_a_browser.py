"""A map tested by hand, and the inside of a network: what the page says is what the server says of the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paging import Site, Visits, give, predictions, shown, until
from serving import png

SAID = "document.querySelector('seewhy-app').renderRoot.querySelector('seewhy-by-hand')"


def live(tab: Any, where: str = "live-top") -> list[tuple[str, str]]:
    rows = tab.get_by_test_id(where).locator("li div").all()
    return [tuple(one.locator("span").all_inner_texts()) for one in rows]


def as_read(listed: list[dict[str, Any]]) -> list[tuple[str, str]]:
    labels = [one["label"] if isinstance(one["label"], str) else one["label"]["en"] for one in listed]
    return [(label, f"{100 * one['probability']:.1f} %") for label, one in zip(labels, listed, strict=True)]


def agrees(tab: Any, site: Site, edit: dict[str, Any]) -> dict[str, Any]:
    """Wait until the page shows what the server answers to this edit."""
    photo, label = tab.evaluate("(() => { const { session } = document.querySelector('seewhy-app');"
        "return [session.state.photo.id, session.results[0].class]; })()")  # fmt: skip
    asked = {"photo": photo, "model": "small", "top": 5, "classes": [label], "edit": edit}
    answer = site.ask("POST", "api/edits", asked)
    until(lambda: live(tab) == as_read(answer["predictions"]), tab=tab, said=lambda: f"{live(tab)}, not {answer}")
    assert live(tab, "live-classes") == as_read(answer["classes"])
    assert tab.get_by_test_id("covered").inner_text().startswith(f"{100 * answer['covered']:.0f} %")
    return dict(answer)


def test_the_slider_hides_the_hottest_part_and_the_scores_follow(tab: Any, site: Site) -> None:
    before = predictions(tab)
    key = tab.evaluate("document.querySelector('seewhy-app').session.results[0].key")
    tab.get_by_test_id("tab-test").click()
    edit = {"kind": "hottest", "key": key, "share": 0.2, "keep": False, "fill": "blur"}
    agrees(tab, site, edit)
    tab.get_by_test_id("share").fill("0")
    agrees(tab, site, edit | {"share": 0})
    assert live(tab) == before
    tab.get_by_test_id("share").fill("70")
    agrees(tab, site, edit | {"share": 0.7})
    assert live(tab) != before
    picture = tab.get_by_test_id("edited").get_attribute("src")
    tab.get_by_test_id("fill").select_option("black")
    agrees(tab, site, edit | {"share": 0.7, "fill": "black"})
    tab.get_by_test_id("keep-keep").locator("..").click()
    agrees(tab, site, edit | {"share": 0.7, "fill": "black", "keep": True})
    until(lambda: tab.get_by_test_id("edited").get_attribute("src") != picture, tab=tab)
    assert tab.get_by_test_id("edited").get_attribute("src").startswith("data:image/webp")


def test_a_brush_hides_what_it_is_moved_over_by_pointer_and_by_keys(tab: Any, site: Site) -> None:
    tab.get_by_test_id("tab-test").click()
    tab.get_by_test_id("live-top").wait_for()
    tab.get_by_test_id("kind-brush").locator("..").click()
    tab.get_by_test_id("brush-size").fill("30")
    tab.get_by_test_id("fill").select_option("grey")
    brush = tab.get_by_test_id("brush")
    box = brush.bounding_box()
    tab.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=8)
    tab.mouse.up()

    def brushed() -> dict[str, Any]:
        return {**tab.evaluate(f"{SAID}.brush.asEdit()"), "keep": False, "fill": "grey"}

    first = agrees(tab, site, brushed())
    assert 0.15 < first["covered"] < 0.4
    brush.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", " "):
        tab.keyboard.press(key)
    assert agrees(tab, site, brushed())["covered"] > first["covered"]
    tab.get_by_test_id("brush-clear").click()
    assert agrees(tab, site, brushed())["covered"] == 0


def test_curves_are_drawn_beside(tab: Any, site: Site) -> None:
    key = tab.evaluate("document.querySelector('seewhy-app').session.results[0].key")
    tab.get_by_test_id("tab-test").click()
    tab.get_by_test_id("curves").click()
    drawn = tab.locator("seewhy-curves svg")
    until(lambda: drawn.count() == 2, tab=tab)
    told = site.ask("GET", f"api/results/{key}/curves?fill=blur")
    for i, kind in enumerate(("deletion", "insertion")):
        points = drawn.nth(i).locator("polyline").last.get_attribute("points").split()
        y = np.array([float(one.split(",")[1]) for one in points])
        values = np.array(told[kind]["values"])
        assert len(points) == len(values) and np.corrcoef(y, values)[0, 1] == pytest.approx(-1, abs=1e-3)
        assert f"{told[kind]['area']:.3f}" in drawn.nth(i).get_attribute("aria-label")


def test_the_inside_is_shown_in_frames_that_can_reach_nothing(visits: Visits, file: Path) -> None:
    visits.expected.append("sandbox")
    tab = visits()
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    tab.get_by_test_id("tab-inside").click()
    frame = tab.frame_locator('[data-testid="inside"]')
    script = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(value => value > 0)"
    for page in ("activations", "tree"):
        tab.get_by_test_id(f"inside-{page}").locator("..").click()
        until(lambda page=page: f"/inside/{page}" in tab.get_by_test_id("inside").get_attribute("src"), tab=tab)
        canvas = frame.locator("canvas").first
        canvas.wait_for()
        until(lambda canvas=canvas: canvas.evaluate(script), tab=tab)
        assert canvas.evaluate("() => window.origin") == "null"
    assert tab.get_by_test_id("inside-attention").count() == 0
    tab.get_by_test_id("inside-activations").locator("..").click()
    tab.get_by_test_id("inside-layer").select_option("conv1")
    until(lambda: "layer=conv1" in tab.get_by_test_id("inside").get_attribute("src"), tab=tab)
    frame.locator("option", has_text="conv1").first.wait_for(state="attached")
    tab.get_by_test_id("model").select_option("vit")
    tab.get_by_test_id("inside-attention").locator("..").click()
    frame.locator("canvas").first.wait_for()
    until(lambda: frame.locator("canvas").first.evaluate(script), tab=tab)


def test_another_photo_is_tested_by_its_own_map(tab: Any, site: Site) -> None:
    tab.get_by_test_id("tab-test").click()
    tab.get_by_test_id("live-top").wait_for()
    give(tab, ("other.png", png(99, (40, 80))))
    session = "document.querySelector('seewhy-app').session"
    until(lambda: tab.title().startswith("other") and tab.evaluate(f"{session}.results.length") == 1, tab=tab)
    key = tab.evaluate(f"{session}.results[0].key")
    agrees(tab, site, {"kind": "hottest", "key": key, "share": 0.2, "keep": False, "fill": "blur"})
    box = tab.get_by_test_id("edited").bounding_box()
    assert box["height"] / box["width"] == pytest.approx(2, rel=0.02)
