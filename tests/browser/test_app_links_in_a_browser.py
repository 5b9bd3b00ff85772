"""A state of the page as a link, as calls, as a report; and what is only looked at asks nothing of the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from paging import NAMES, Site, Visits, explanation, give, same_values, shown, until
from serving import TOKEN
from viewing import more, view

COPIES = {"permissions": ["clipboard-read", "clipboard-write"]}
PAINTED = "one => one.toDataURL()"
CLEAR = """one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data
    .reduce((count, value, i) => count + (i % 4 === 3 && value === 0), 0)"""


def copied(tab: Any, what: str) -> str:
    tab.get_by_test_id(f"copy-{what}").click()
    until(lambda: tab.get_by_test_id("copied").inner_text() == "copied", tab=tab)
    return str(tab.evaluate("navigator.clipboard.readText()"))


@contextmanager
def asking_nothing(tab: Any, visits: Visits) -> Iterator[None]:
    before = -1  # costs and the like are asked for once the maps are there
    while before != len(visits.asked):
        before = len(visits.asked)
        tab.wait_for_timeout(400)
    yield
    tab.wait_for_timeout(100)
    assert [one for one in visits.asked[before:] if "favicon" not in one] == []  # which Chromium looks up in its cache


def test_sliders_change_what_is_painted_and_ask_nothing(tab: Any, visits: Visits) -> None:
    heat = tab.get_by_test_id("heat-0")
    with asking_nothing(tab, visits):
        tab.get_by_test_id("opacity").fill("30")
        assert heat.evaluate("one => getComputedStyle(one).opacity") == "0.3"
        more(tab)
        before = heat.evaluate(CLEAR)
        tab.get_by_test_id("threshold").fill("60")
        until(lambda: tab.get_by_test_id("threshold-value").inner_text() == "60 %", tab=tab)
        assert heat.evaluate(CLEAR) > before + 100
        after = heat.evaluate(PAINTED)
        tab.get_by_test_id("colors").select_option("viridis")
        assert heat.evaluate(PAINTED) != after
        view(tab).dblclick()
        until(lambda: tab.get_by_test_id("zoom").inner_text() == "300 %", tab=tab)


def test_the_address_follows_a_slider_once_it_rests(tab: Any) -> None:
    """Safari throws at the hundredth change of an address within 30 seconds."""
    tab.evaluate("""() => { window.written = 0; const { replaceState } = history;
        history.replaceState = (...all) => { window.written++; replaceState.apply(history, all); }; }""")
    tab.get_by_test_id("opacity").evaluate("""one => { for (let i = 0; i < 400; i++) {
        one.value = 20 + i % 50; one.dispatchEvent(new Event('input', {bubbles: true})); } }""")
    until(lambda: "opacity%3A69" in tab.evaluate("location.hash"), tab=tab, said=lambda: tab.evaluate("location.hash"))
    assert tab.evaluate("window.written") < 5


def test_a_link_opened_elsewhere_shows_the_same_from_what_is_kept(visits: Visits, site: Site, file: Path) -> None:
    tab = visits(**COPIES)
    give(tab, (file.name, file.read_bytes()))
    tab.get_by_test_id("find").fill(NAMES[7])
    tab.get_by_test_id("find").press("Enter")
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").check()
    shown(tab, "gradcam", "gradcam", "saliency", "saliency")
    more(tab)
    tab.get_by_test_id("colors").select_option("viridis")
    for _ in range(2):
        tab.get_by_test_id("zoom-in").click()
    link, seconds = copied(tab, "link"), tab.get_by_test_id("took-0").inner_text()
    painted = tab.get_by_test_id("heat-3").evaluate(PAINTED)
    other = visits.context()
    other.new_page().goto(f"{site.address}?token={TOKEN}")
    told: list[Any] = []
    opened = other.new_page()
    opened.on("response", lambda one: told.extend([one] * (one.url.endswith("/api/results"))))
    visits.asked.clear()
    opened.goto(link)
    shown(opened, "gradcam", "gradcam", "saliency", "saliency")
    assert [cell["ready"] for one in told for cell in one.json()["cells"]] == [True] * 4
    assert "POST /api/jobs" not in visits.asked and visits.asked.count("POST /api/results") == 1
    assert opened.get_by_test_id("took-0").inner_text() == seconds
    assert opened.title() == f"{file.name} · seewhy"
    assert opened.get_by_test_id("colors").input_value() == "viridis"
    assert opened.get_by_test_id("heat-3").evaluate(PAINTED) == painted
    more(opened)
    assert opened.get_by_test_id("zoom").inner_text() == tab.get_by_test_id("zoom").inner_text() == "225 %"


def two_links(tab: Any) -> tuple[str, str]:
    """To the photo's Grad-CAM, and to its saliency."""
    first = tab.url
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").check()
    tab.get_by_test_id("find-method").fill("grad-cam")
    tab.get_by_test_id("method-gradcam").uncheck()
    shown(tab, "saliency")
    return first, tab.url


@pytest.mark.parametrize("slow", ["api/results", "app.js*"])
def test_a_link_typed_over_another_that_is_on_its_way_gets_none_of_its_maps(tab: Any, slow: str) -> None:
    (first, second), held = two_links(tab), []
    opened = tab.context.new_page()
    opened.route(f"**/{slow}", lambda route: held.append(route))
    opened.goto(first, wait_until="commit")
    until(lambda: len(held) == 1, tab=opened)
    opened.wait_for_timeout(300)
    opened.evaluate("link => { location.href = link; }", second)
    if slow == "api/results":
        until(lambda: len(held) == 2, tab=opened)
    for route in held:
        route.continue_()
        opened.wait_for_timeout(300)
    shown(opened, "saliency")


def test_a_link_typed_over_another_shows_all_that_it_says_and_no_more(tab: Any) -> None:
    plain = tab.evaluate("location.href")
    more(tab)
    tab.get_by_test_id("colors").select_option("viridis")
    tab.get_by_test_id("tab-test").click()
    tab.get_by_test_id("live").wait_for()
    tab.evaluate("link => { location.href = link; }", plain)
    until(lambda: tab.get_by_test_id("tab-explain").get_attribute("aria-selected") == "true", tab=tab)
    assert tab.get_by_test_id("colors").input_value() == "auto"


def test_a_view_that_is_changed_back_stays_so_in_the_link(tab: Any, visits: Visits) -> None:
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").check()
    shown(tab, "gradcam", "saliency")
    tab.get_by_test_id("beside").uncheck()
    until(lambda: tab.get_by_test_id("tile-1").count() == 0, tab=tab)
    until(lambda: tab.evaluate("location.hash").endswith("view="), tab=tab)
    tab.reload()
    until(lambda: tab.get_by_test_id("chip-1").count() == 1, tab=tab)
    assert not tab.get_by_test_id("beside").is_checked() and tab.get_by_test_id("tile-1").count() == 0


def test_calls_that_are_copied_are_the_servers(visits: Visits, site: Site, file: Path) -> None:
    tab = visits(**COPIES)
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    key = tab.evaluate("document.querySelector('seewhy-app').session.results[0].key")
    calls = site.ask("GET", f"api/results/{key}")["calls"]
    assert "seewhy.load('nets.py:small'" in calls["python"] and calls["command"].startswith("seewhy explain")
    for what in ("python", "command"):
        assert copied(tab, what) == calls[what]


def test_a_report_opens_from_disk_once_the_server_is_gone(
    visits: Visits, site: Site, file: Path, tmp_path: Path
) -> None:
    tab = visits()
    give(tab, (file.name, file.read_bytes()))
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").check()
    shown(tab, "gradcam", "saliency")
    with tab.expect_download() as saved:
        tab.get_by_test_id("report").click()
    assert saved.value.suggested_filename == "seewhy.html"
    report = tmp_path / "report.html"
    saved.value.save_as(report)
    assert report.stat().st_size < 2_000_000
    for context in visits.contexts:
        context.close()
    visits.asked.clear()
    context = visits.context(offline=True, viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.goto(report.as_uri())
    for index, method in enumerate(("gradcam", "saliency")):
        page.get_by_test_id(f"chip-{index}").click()
        same_values(page, explanation(site, file, method).heatmap()[0], (32, 32), (9, 50), index=index)
    page.get_by_test_id("opacity").fill("25")
    assert page.get_by_test_id("heat-1").evaluate("one => getComputedStyle(one).opacity") == "0.25"
    more(page)
    page.get_by_test_id("zoom-in").click()
    assert page.get_by_test_id("zoom").inner_text() == "150 %"
    page.get_by_test_id("language").click()
    assert page.get_by_text("不透明度").first.is_visible()
    assert visits.asked == []
    still = visits.context(java_script_enabled=False).new_page()
    still.goto(report.as_uri())
    picture = still.locator("noscript img, img").first
    assert picture.is_visible() and picture.evaluate("one => one.naturalWidth") > 300
