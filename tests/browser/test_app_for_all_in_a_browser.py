"""The page in two languages, light and dark, on a phone, and with keys alone."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import pytest

from paging import Visits, give, shown, until
from serving import png

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2,
}  # fmt: skip
PAPER = "getComputedStyle(document.body).backgroundColor"
TABS = ("explain", "inside", "test")
# Text of buttons, labels and the like, and what only screen readers say, wherever elements hide it.
SAID = """() => { const found = [], take = text => { if (text?.trim()) found.push(text.trim()); };
    const look = root => { for (const one of root.querySelectorAll('*')) {
        if (one.checkVisibility({visibilityProperty: true})) for (const child of one.childNodes)
            if (child.nodeType === 3 && !['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(one.tagName)) take(child.data);
        for (const name of ['aria-label', 'placeholder']) take(one.getAttribute(name));
        if (one.shadowRoot) look(one.shadowRoot); } };
    look(document.body); return found; }"""


def words(lang: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(files("seewhy.lang").joinpath(f"{lang}.json").read_text("utf-8"))
    return found


def explained(visits: Visits, **options: Any) -> Any:
    tab = visits(**options)
    give(tab, ("photo.png", png(21, (64, 48))))
    shown(tab, "gradcam")
    return tab


def fits(tab: Any) -> bool:
    """innerWidth would grow with what sticks out."""
    return bool(tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"])


def test_in_chinese_no_word_is_left_in_english_and_the_language_is_remembered(visits: Visits) -> None:
    if not shutil.which("fc-list") or not subprocess.check_output(["fc-list", ":lang=zh"]):
        pytest.skip("needs a Chinese font: Debian's fonts-wqy-microhei")
    tab = explained(visits)
    tab.get_by_role("button", name="中文").click()
    english, chinese = words("en"), words("zh")
    left = {one for key, one in english.items() if one != chinese[key] and "{" not in one} - set(chinese.values())
    for name in TABS:
        tab.get_by_test_id(f"tab-{name}").click()
        tab.wait_for_timeout(300)
        said = set(tab.evaluate(SAID))
        assert chinese[f"tab_{name}"] in said and len(said) > 40
        assert said & left == set()
    tab.get_by_test_id("tab-explain").click()
    tab.get_by_test_id("about-gradcam").click()
    tab.get_by_test_id("card").get_by_text(chinese["card_misleads"]).wait_for()
    said = set(tab.evaluate(SAID))
    assert chinese["card_misleads"] in said and said & left == set()
    assert tab.evaluate("document.documentElement.lang") == "zh-CN"
    tab.reload()
    tab.get_by_test_id("model").wait_for()
    shown(tab, "gradcam")
    assert tab.get_by_test_id("tab-explain").inner_text() == chinese["tab_explain"]
    assert tab.get_by_role("button", name="English").is_visible()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_a_phone_nothing_sticks_out_and_fingers_do(visits: Visits, lang: str) -> None:
    tab = visits(**PHONE)
    if lang == "zh":
        tab.get_by_role("button", name="中文").tap()
    tab.get_by_test_id("samples").wait_for()
    assert fits(tab)
    give(tab, ("photo.png", png(22, (64, 48))))
    shown(tab, "gradcam")
    tab.get_by_test_id("find-method").fill("saliency")
    tab.get_by_test_id("method-saliency").tap()
    shown(tab, "gradcam", "saliency")
    for name in TABS:
        tab.get_by_test_id(f"tab-{name}").tap()
        tab.wait_for_timeout(200)
        assert fits(tab), name
    tab.get_by_test_id("tab-explain").tap()
    view = tab.get_by_test_id("view-0")
    view.scroll_into_view_if_needed()
    view.tap()
    until(lambda: tab.get_by_test_id("where-0").inner_text() != "", tab=tab)
    assert tab.get_by_test_id("value-0").inner_text() not in ("", "NaN")
    tab.get_by_test_id("about-saliency").tap()
    box = tab.get_by_test_id("card").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] <= 844


def test_the_theme_is_chosen_and_remembered(visits: Visits) -> None:
    tab = explained(visits)

    def dark() -> bool:
        return sum(map(int, re.findall(r"\d+", tab.evaluate(PAPER)))) < 200

    assert not dark()
    button = tab.get_by_test_id("theme")
    for name, is_dark in (("light", False), ("dark", True)):
        button.click()
        until(lambda name=name: name in button.inner_text(), tab=tab)
        assert dark() is is_dark
    tab.reload()
    tab.get_by_test_id("model").wait_for()
    assert dark() and "dark" in button.inner_text()
    other = visits(color_scheme="dark")
    assert "automatic" in other.get_by_test_id("theme").inner_text()
    assert other.evaluate(PAPER) == tab.evaluate(PAPER)


ACTIVE = """() => { let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return [one?.dataset?.testid ?? '', one?.getAttribute?.('aria-label') ?? '', one?.id ?? '']; }"""


def tab_to(tab: Any, wanted: str, key: str = "Tab") -> None:
    """Press a key until the focus is where it is wanted: at an element by its test's name, label or id."""
    for _ in range(120):
        tab.keyboard.press(key)
        if wanted in tab.evaluate(ACTIVE):
            return
    raise AssertionError(f"{wanted} is not reached by {key}")


def test_with_keys_alone_from_nothing_to_a_second_explanation(visits: Visits) -> None:
    tab = visits()
    tab.get_by_test_id("samples").wait_for()
    tab_to(tab, "Coffee")
    tab.keyboard.press("Enter")
    shown(tab, "gradcam")
    tab_to(tab, "find-method")
    tab.keyboard.type("saliency")
    tab_to(tab, "method-saliency")
    tab.keyboard.press("Space")
    shown(tab, "gradcam", "saliency")
    tab_to(tab, "tab-explain")
    tab.keyboard.press("ArrowRight")
    until(lambda: "tab-inside" in tab.evaluate(ACTIVE), tab=tab)
    tab.keyboard.press("ArrowLeft")
    until(lambda: "tab-explain" in tab.evaluate(ACTIVE), tab=tab)
    tab_to(tab, "opacity")
    tab.keyboard.press("ArrowLeft")
    assert tab.get_by_test_id("opacity").input_value() == "79"
    tab_to(tab, "view-1")
    tab.keyboard.press("ArrowRight")
    until(lambda: tab.get_by_test_id("where-1").inner_text() != "", tab=tab)
    seen = tab.get_by_test_id("view-1").evaluate("one => getComputedStyle(one).outlineStyle")
    assert seen != "none"


def test_a_card_holds_the_focus_and_gives_it_back(visits: Visits) -> None:
    tab = explained(visits)
    tab_to(tab, "about-gradcam")
    tab.keyboard.press("Enter")
    tab.get_by_test_id("card").wait_for()
    tab_to(tab, "close-card")
    tab.keyboard.press("Enter")
    tab.get_by_test_id("card").wait_for(state="detached")
    until(lambda: "about-gradcam" in tab.evaluate(ACTIVE), tab=tab)
