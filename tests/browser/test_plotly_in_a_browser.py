"""The Plotly figure as its reader has it: one file, no network, buttons, slider and pointer."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handmade import blob, handmade, plain
from seewhy.render.colors import table
from seewhy.render.plotly import plotly

pytest.importorskip("plotly", reason="needs plotly: the extra 'plotly'")
Open = Callable[..., Any]
GREEN = plain(300, 451, 0, 200, 0)


def visit(opened: Open, explanation: Any, **asked: Any) -> Any:
    tab = opened(plotly(explanation, **asked).to_html(include_plotlyjs=True))
    tab.wait_for_selector(".hm image")
    return tab


def box(tab: Any) -> dict[str, float]:
    """Where the photo is on the page."""
    return tab.locator(".im image").bounding_box()


def pixel(tab: Any, x: float, y: float) -> list[int]:
    """The colour on the screen at a place given in shares of the photo."""
    area = box(tab)
    shot = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"))
    return shot[round(area["y"] + y * (area["height"] - 1)), round(area["x"] + x * (area["width"] - 1))].tolist()


def press(tab: Any, label: str) -> None:
    tab.locator(".updatemenu-button", has_text=label).click()
    tab.mouse.move(0, 0)
    tab.wait_for_timeout(700)  # the slider's own movement


def near(one: list[int], other: Any) -> bool:
    return bool(np.abs(np.subtract(one, other)).max() <= 6)


def top_right() -> np.ndarray:
    values = np.zeros((3, 3), np.float32)
    values[0, 2] = 2.0
    return values


def test_buttons_and_slider_show_the_map_the_photo_and_both(opened: Open) -> None:
    tab = visit(opened, handmade(top_right(), GREEN))
    hottest, coldest = table("inferno")[255], table("inferno")[0]
    opacity = tab.locator(".slider-label").first
    assert opacity.text_content() == "Opacity 60%"
    mixed = 0.6 * hottest + 0.4 * np.array([0, 200, 0])
    assert near(pixel(tab, 0.99, 0.01), mixed) and not near(pixel(tab, 0.01, 0.99), mixed)
    press(tab, "Photo")
    assert near(pixel(tab, 0.99, 0.01), [0, 200, 0]) and near(pixel(tab, 0.01, 0.99), [0, 200, 0])
    assert opacity.text_content() == "Opacity 0%"
    press(tab, "Heat map")
    assert near(pixel(tab, 0.99, 0.01), hottest) and near(pixel(tab, 0.01, 0.99), coldest)
    assert opacity.text_content() == "Opacity 100%"
    press(tab, "Both")
    assert near(pixel(tab, 0.99, 0.01), mixed)

    rail = tab.locator(".slider-rail-rect").bounding_box()
    tab.mouse.click(rail["x"] + 0.25 * rail["width"], rail["y"] + rail["height"] / 2)
    tab.wait_for_timeout(700)
    assert opacity.text_content() == "Opacity 25%"
    assert near(pixel(tab, 0.99, 0.01), 0.25 * hottest + 0.75 * np.array([0, 200, 0]))


@pytest.mark.parametrize("size", [(300, 451), (1500, 2100), (2000, 300)])
def test_the_pointer_reads_the_value_of_the_original_pixel_and_axes_are_square(
    opened: Open, size: tuple[int, int]
) -> None:
    made = handmade(np.random.default_rng(0).normal(size=(9, 7)), plain(*size, 0, 200, 0), sign="all")
    tab, heat = visit(opened, made), made.heatmap()[0]
    area = box(tab)
    assert area["width"] / area["height"] == pytest.approx(size[1] / size[0], rel=0.01)
    read = set()
    for x, y in ((0.1, 0.1), (0.9, 0.15), (0.5, 0.5), (0.2, 0.93)):
        tab.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"])
        tab.wait_for_timeout(150)
        said = tab.locator(".hoverlayer .hovertext").text_content()
        place, _, value = said.partition("): ")
        across, down = (int(part) for part in place.lstrip("(").split(", "))
        cell = max(size) / 700 + 2
        assert abs(across - x * size[1]) <= cell and abs(down - y * size[0]) <= cell, "y runs downwards, x to the right"
        assert float(value.replace("−", "-")) == pytest.approx(heat[down, across], rel=1e-3)
        read.add(said)
    assert len(read) == 4


def test_outside_the_view_there_is_the_photo_and_no_value(opened: Open) -> None:
    seen = handmade()
    tab = visit(opened, handmade(np.ones((7, 7)), GREEN, geometry=seen.photos[0].geometry), opacity=1, lang="zh")
    assert near(pixel(tab, 0.05, 0.5), [0, 200, 0]) and not near(pixel(tab, 0.5, 0.5), [0, 200, 0])
    area = box(tab)
    tab.mouse.move(area["x"] + 0.05 * area["width"], area["y"] + 0.5 * area["height"])
    tab.wait_for_timeout(300)
    assert tab.locator(".hoverlayer .hovertext").count() == 0
    assert tab.get_by_text("热力图").count() and tab.get_by_text("不透明度").count()


def test_a_name_of_markup_stays_text(opened: Open) -> None:
    bad = "<img src=x onerror='window.broken=1'><b>x</b>"
    tab = visit(opened, replace(handmade(blob(7, 7, 3, 3)), labels=(bad,)))
    assert bad in tab.locator(".gtitle").text_content() and tab.evaluate("window.broken") is None
