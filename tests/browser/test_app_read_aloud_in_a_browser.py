"""What axe, an auditor of accessibility, says of the page: nothing serious, light and dark."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from paging import Visits, give, shown, until

AXE = Path(__file__).parents[2] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async rules => {
    const found = await axe.run(document, {
        resultTypes: ['violations'], iframes: false,
        ...(rules.length ? {runOnly: {type: 'rule', values: rules}} : {}) });
    return found.violations.filter(one => ['serious', 'critical'].includes(one.impact)).map(one =>
        [one.id, ...one.nodes.slice(0, 4).map(node => `${node.target} ${node.failureSummary}`)].join('\\n')); }"""
COLOURS = ("color-contrast", "link-in-text-block")  # all that a theme changes

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: `npm ci` in viewer/")


def serious(frame: Any, rules: Sequence[str]) -> list[str]:
    """Of a document and all that elements hide in it. rules: those that are looked at; none for all."""
    if not frame.evaluate("'axe' in window"):
        frame.evaluate(AXE.read_text("utf-8"))
    found: list[str] = frame.evaluate(RUN, list(rules))
    return found


def framed(tab: Any, page: str) -> Any:
    """The frame of a page of the inside, once it has drawn."""
    tab.get_by_test_id(f"inside-{page}").locator("..").click()
    frame = until(lambda: next((one for one in tab.frames if f"/inside/{page}" in one.url), None), tab=tab)
    frame.locator("canvas").first.wait_for()
    return frame


@pytest.mark.parametrize(("theme", "lang", "rules"), [("light", "en", ()), ("dark", "zh", COLOURS)])
def test_axe_finds_nothing_serious(
    visits: Visits, file: Path, tmp_path: Path, theme: str, lang: str, rules: tuple[str, ...]
) -> None:
    tab = visits(color_scheme=theme)
    if lang == "zh":
        tab.get_by_test_id("language").click()
    tab.get_by_test_id("samples").wait_for()
    found = {"start": serious(tab, rules)}
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    tab.get_by_test_id("find-method").fill("s")
    tab.get_by_test_id("method-saliency").check()
    shown(tab, "gradcam", "saliency")
    tab.get_by_test_id("more").locator("summary").click()
    tab.get_by_test_id("find").fill("shark")
    tab.get_by_test_id("found").get_by_role("option").first.wait_for()
    found["explained"] = serious(tab, rules)
    tab.get_by_test_id("find").press("Escape")
    tab.get_by_test_id("about-rise").click()
    tab.get_by_test_id("card").get_by_role("link").wait_for()  # the last of what is fetched
    found["card"] = serious(tab, rules)
    tab.keyboard.press("Escape")
    tab.get_by_test_id("tab-test").click()
    tab.get_by_test_id("live-top").wait_for()
    tab.get_by_test_id("curves").click()
    tab.locator("seewhy-curves svg").first.wait_for()
    found["by hand"] = serious(tab, rules)
    tab.get_by_test_id("kind-brush").locator("..").click()
    tab.get_by_test_id("brush").wait_for()
    found["brush"] = serious(tab, rules)
    tab.get_by_test_id("tab-inside").click()
    for page in ("activations", "tree"):
        found[page] = serious(framed(tab, page), rules)
    found["inside"] = serious(tab, rules)
    tab.get_by_test_id("model").select_option("vit")
    found["attention"] = serious(framed(tab, "attention"), rules)
    tab.get_by_test_id("model").select_option("small")
    tab.get_by_test_id("tab-explain").click()
    shown(tab, "gradcam", "saliency")
    with tab.expect_download() as saved:
        tab.get_by_test_id("report").click()
    saved.value.save_as(tmp_path / "report.html")
    report = visits.context(color_scheme=theme).new_page()
    report.goto((tmp_path / "report.html").as_uri())
    report.get_by_test_id("heat-0").wait_for()
    found["report"] = serious(report, rules)
    assert {name: one for name, one in found.items() if one} == {}


def test_axe_sees_into_elements(tab: Any) -> None:
    """Else it would find nothing whatever was wrong."""
    tab.evaluate("""() => { const made = document.createElement('div');
        made.innerHTML = '<button></button><p id="pale">pale</p>'; made.querySelector('#pale').style.color = '#ddd';
        document.querySelector('seewhy-app').renderRoot.querySelector('seewhy-classes').renderRoot.append(made); }""")
    found = serious(tab, ())
    assert [one.split("\n")[0] for one in found] == ["button-name", "color-contrast"]
