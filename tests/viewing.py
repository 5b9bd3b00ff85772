"""The viewer in a page, as its reader has it: what is where, and which colours it has."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handmade import blob, handmade
from seewhy.render.page import page

Open = Callable[..., Any]


@pytest.fixture
def visit(opened: Open) -> Open:
    """Open explanations as a page."""
    return lambda explanations, lang="en", **options: opened(page(explanations, lang), **options)


def three() -> list[Any]:
    noise = np.random.default_rng(1).normal(size=(3, 60, 60))
    return [handmade(), handmade(noise, method="saliency", sign="all", reduce="max"), handmade(-blob(7, 7, 3, 3))]


def view(tab: Any, index: int = 0) -> Any:
    return tab.get_by_test_id(f"tile-{index}").locator(".view")


def point(tab: Any, x: float, y: float, index: int = 0, size: tuple[int, int] = (451, 300)) -> str:
    """Move the pointer over the middle of a pixel of the photo; the value that is read there. size: of the photo."""
    view(tab, index).scroll_into_view_if_needed()
    box = view(tab, index).bounding_box()
    tab.mouse.move(box["x"] + (x + 0.5) / size[0] * box["width"], box["y"] + (y + 0.5) / size[1] * box["height"])
    return tab.get_by_test_id(f"value-{index}").get_attribute("data-raw")


def colour(tab: Any, x: float, y: float, index: int = 0) -> list[int]:
    """RGBA of the heat at a place given in shares of the picture."""
    script = """(c, [x, y]) =>
        [...c.getContext('2d').getImageData(x * (c.width - 1), y * (c.height - 1), 1, 1).data]"""
    return tab.get_by_test_id(f"heat-{index}").evaluate(script, [x, y])


def more(tab: Any) -> None:
    tab.get_by_test_id("more").locator("summary").click()
