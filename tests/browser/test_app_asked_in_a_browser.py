"""What is asked for on the page: classes, methods, their layers and options."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paging import NAMES, Site, Visits, chinese, explanation, predictions, same_values, shown, until

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_a_click_on_a_class_explains_it_beside_and_another_leaves_it_out(tab: Any, site: Site, file: Path) -> None:
    name = predictions(tab)[2][0]
    button = tab.get_by_test_id("predictions").get_by_role("button").nth(2)
    button.click()
    shown(tab, "gradcam", "gradcam")
    assert button.get_attribute("aria-pressed") == "true"
    assert name in tab.get_by_test_id("tile-1").locator("figcaption").inner_text()
    for index, target in enumerate((None, NAMES.index(name))):
        heat = explanation(site, file, target=target).heatmap()[0]
        same_values(tab, heat, (32, 32), (11, 50), index=index)
    button.click()
    shown(tab, "gradcam")
    assert button.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("typed", ["hammerhead", chinese("hammerhead"), "4"])
def test_a_class_is_found_by_its_names_and_number_with_keys_alone(tab: Any, site: Site, file: Path, typed: str) -> None:
    find = tab.get_by_role("combobox", name="Find a class")
    find.focus()
    tab.keyboard.insert_text(typed)
    assert find.get_attribute("aria-expanded") == "true"
    option = tab.get_by_test_id("found").get_by_role("option").first
    assert option.get_attribute("aria-selected") == "true" and "hammerhead" in option.inner_text()
    assert chinese("hammerhead") in option.inner_text()
    tab.keyboard.press("Enter")
    shown(tab, "gradcam", "gradcam")
    same_values(tab, explanation(site, file, target=4).heatmap()[0], (40, 20), index=1)
    assert find.input_value() == "" and find.get_attribute("aria-expanded") == "false"


def test_arrows_go_through_what_is_found_and_escape_leaves_it(tab: Any) -> None:
    find = tab.get_by_role("combobox", name="Find a class")
    find.fill("shark")
    found = tab.get_by_test_id("found").get_by_role("option")
    names = [name for name in NAMES if "shark" in name]
    assert len(names) > 1 and [one.split("\n")[0] for one in found.all_inner_texts()] == names
    find.press("ArrowDown")
    assert found.nth(1).get_attribute("aria-selected") == "true"
    assert found.nth(1).get_attribute("id") == find.get_attribute("aria-activedescendant")
    find.press("ArrowUp")
    find.press("ArrowUp")
    assert found.last.get_attribute("aria-selected") == "true"
    find.press("Escape")
    assert find.input_value() == "" and not tab.get_by_test_id("found").is_visible()
    find.fill("stingray")
    find.press("Enter")
    shown(tab, "gradcam", "gradcam")
    tab.get_by_role("button", name="Leave out: stingray").click()
    shown(tab, "gradcam")


def test_methods_come_and_go(tab: Any, site: Site, file: Path) -> None:
    tab.get_by_test_id("find-method").fill("saliency")
    box = tab.get_by_test_id("method-saliency")
    box.check()
    shown(tab, "gradcam", "saliency")
    same_values(tab, explanation(site, file, "saliency").heatmap()[0], (32, 32), (5, 60), index=1)
    tab.get_by_test_id("find-method").fill("")
    tab.get_by_test_id("method-gradcam").uncheck()
    shown(tab, "saliency")
    box.uncheck()
    shown(tab)
    assert tab.get_by_test_id("stage").count() == 0


def test_a_method_that_is_not_offered_says_why(tab: Any) -> None:
    tab.get_by_test_id("find-method").fill("attention")
    assert tab.get_by_test_id("method-raw_attention").is_disabled()
    tab.get_by_test_id("about-raw_attention").click()
    card = tab.get_by_test_id("card")
    assert "attention" in card.locator(".why").inner_text()
    assert card.get_by_test_id("run-card").count() == 0
    tab.keyboard.press("Escape")
    card.wait_for(state="detached")


def test_options_on_a_card_change_the_map(tab: Any, site: Site, file: Path) -> None:
    tab.get_by_test_id("find-method").fill("rise")
    tab.get_by_test_id("method-rise").check()
    shown(tab, "gradcam", "rise")
    before = tab.evaluate("document.querySelector('seewhy-app').session.results[1].values")
    tab.get_by_test_id("about-rise").click()
    card = tab.get_by_test_id("card")
    assert "RISE" in card.locator("h3").inner_text()
    assert card.get_by_role("link").get_attribute("href").startswith("https://")
    card.locator('[name="n_samples"]').fill("50")
    card.get_by_test_id("run-card").click()
    until(lambda: "n_samples" in tab.evaluate("decodeURIComponent(location.hash)"), tab=tab)
    shown(tab, "gradcam", "rise")
    assert tab.evaluate("document.querySelector('seewhy-app').session.results[1].values") != before
    same_values(tab, explanation(site, file, "rise", n_samples=50).heatmap()[0], (32, 32), (50, 9), index=1)
    tab.get_by_test_id("about-rise").click()
    assert card.locator('[name="n_samples"]').input_value() == "50"


def test_a_card_and_the_help_of_its_options_speak_the_language_of_the_page(tab: Any) -> None:
    tab.get_by_test_id("language").click()
    tab.get_by_test_id("about-gradcam").click()
    card = tab.get_by_test_id("card")
    card.get_by_role("link").wait_for()  # the last of what is fetched
    helps = card.locator("form small")
    until(lambda: all(map(CHINESE.search, helps.all_inner_texts())), tab=tab)
    assert helps.count() == 3 and all(map(CHINESE.search, card.locator("h4 + p").all_inner_texts()[:4]))


def test_an_option_that_is_wrong_is_told_of_and_the_rest_stays(tab: Any, visits: Visits) -> None:
    visits.expected.append("422")
    tab.get_by_test_id("about-gradcam").click()
    tab.get_by_test_id("card").locator('[name="layer"]').fill("<b>nowhere</b>")
    tab.get_by_test_id("run-card").click()
    said = tab.get_by_test_id("work-gradcam").get_by_role("alert")
    said.wait_for()
    assert "<b>nowhere</b>" in said.inner_text() and "conv3" in said.inner_text()


def test_the_layer_slider_explains_another_layer(tab: Any, site: Site, file: Path) -> None:
    slider = tab.get_by_test_id("layer")
    names = [one["name"] for one in site.ask("GET", "api/models/small/layers")["layers"]]
    assert int(slider.get_attribute("max")) == len(names) - 1 > 1
    slider.focus()
    tab.keyboard.press("Home")
    until(lambda: tab.get_by_test_id("layer-name").inner_text().startswith(names[0]), tab=tab)
    shown(tab, "gradcam")
    heat = explanation(site, file, layer=names[0]).heatmap()[0]
    assert not np.array_equal(heat, explanation(site, file).heatmap()[0], equal_nan=True)
    same_values(tab, heat, (32, 32), (13, 7))
    assert slider.get_attribute("aria-valuetext").startswith(names[0])


def test_costs_are_told_before_anything_runs(tab: Any) -> None:
    cost = tab.get_by_test_id("cost-gradcam")
    until(lambda: cost.inner_text().startswith("≈"), tab=tab)
    assert cost.inner_text().endswith(" s") and cost.get_attribute("title")


def test_another_model_has_layers_of_its_own(tab: Any) -> None:
    tab.get_by_test_id("layer").fill("0")
    until(lambda: "layer%3D" in tab.evaluate("location.hash"), tab=tab)
    shown(tab, "gradcam")
    tab.get_by_test_id("model").select_option("red")
    shown(tab, "gradcam")
    assert "layer%3D" not in tab.evaluate("location.hash")
    assert {name for name, _ in predictions(tab)} == {"dark", "red", "green"}
