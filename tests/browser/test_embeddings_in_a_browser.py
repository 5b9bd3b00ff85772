"""The page of embeddings in a browser: hovering, the nearest, searching, zooming."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from seewhy.render.embeddings_page import embeddings_page
from seewhy.results.embeddings import Embeddings
from seewhy.types import ModelCard, Passes

COLOURS = [(200, 0, 0), (0, 160, 0), (0, 0, 200), (200, 200, 0)]


def made(thumbs: bool = True) -> Embeddings:
    values = np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 0]], np.float32)
    small = []
    for colour in COLOURS:
        held = io.BytesIO()
        Image.new("RGB", (64, 40), colour).save(held, "WEBP", lossless=True)
        small.append(held.getvalue())
    names = ("red.png", "a/green.png", "a/blue</script>.png", "yellow.png")
    points = np.array([[0, 0], [10, 0], [10, 5], [0, 5]], np.float32)
    card, failed = ModelCard("net"), (("bad.png", "it is broken"),)
    kept = tuple(small) if thumbs else ()
    return Embeddings(values, names, "layer", "mean", card, Passes(), failed, kept, points, "pca")


def spot(tab: Any, number: int) -> tuple[float, float]:
    box = tab.locator('[data-testid="map"]').bounding_box()
    x, y = tab.evaluate(f"seewhy.at({number})")
    return box["x"] + x, box["y"] + y


def pixel(tab: Any, number: int) -> list[int]:
    return tab.evaluate(
        f"""() => {{ const c = document.querySelector('[data-testid="canvas"]'), [x, y] = seewhy.at({number});
        return [...c.getContext("2d").getImageData(x, y, 1, 1).data]; }}"""
    )


def test_photos_stand_at_their_points_and_a_click_lists_the_nearest(opened: Callable[..., Any]) -> None:
    tab = opened(embeddings_page(made()))
    tab.wait_for_selector('[data-ready="yes"]')
    for i, colour in enumerate(COLOURS):
        assert np.abs(np.array(pixel(tab, i)[:3]) - colour).max() < 30
    (x0, y0), (x1, _), (_, y2) = (spot(tab, i) for i in (0, 1, 2))
    assert abs((x1 - x0) - 2 * (y0 - y2)) < 2, "one scale for both axes, up is up"
    tab.mouse.move(*spot(tab, 1))
    assert tab.locator('[data-testid="tip"]').inner_text() == "a/green.png"
    tab.mouse.click(*spot(tab, 1))
    tab.wait_for_selector('[data-chosen="a/green.png"]')
    assert tab.locator('[data-testid="nearest-title"]').inner_text() == "Nearest to green.png"
    listed = tab.locator('[data-testid="nearest"] button').all_inner_texts()
    assert listed[0].split("\n") == ["0.994", "red.png"] and len(listed) == 3
    assert "bad.png: it is broken" in tab.locator('[data-testid="failed"]').inner_text()
    tab.locator('[data-testid="nearest"] button').first.click()
    tab.wait_for_selector('[data-chosen="red.png"]')


def test_searching_fades_the_others_and_zooming_keeps_the_place(opened: Callable[..., Any]) -> None:
    tab = opened(embeddings_page(made()))
    tab.wait_for_selector('[data-ready="yes"]')
    tab.locator('[data-testid="find"]').fill("BLUE")
    tab.wait_for_selector('[data-chosen="a/blue</script>.png"]')
    assert tab.locator('[data-testid="count"]').inner_text() == "1 photos match"
    assert pixel(tab, 2)[3] == 255 and pixel(tab, 3)[3] < 60
    tab.locator('[data-testid="find"]').fill("")
    before = spot(tab, 3)
    tab.mouse.move(*before)
    tab.mouse.wheel(0, -400)
    tab.wait_for_function("seewhy.state.scale > 1.5")
    after = spot(tab, 3)
    assert abs(before[0] - after[0]) < 1 and abs(before[1] - after[1]) < 1
    tab.mouse.down()
    tab.mouse.move(before[0] + 40, before[1] + 25)
    tab.mouse.up()
    moved = spot(tab, 3)
    assert abs(moved[0] - after[0] - 40) < 1 and abs(moved[1] - after[1] - 25) < 1


def test_a_query_is_listed_first_and_points_do_without_pictures(opened: Callable[..., Any]) -> None:
    query = Embeddings(np.array([[0, 2]], np.float32), ("asked.png",), "layer", "mean", ModelCard("net"), Passes())
    tab = opened(embeddings_page(made(thumbs=False), query=query, most=2, lang="zh"))
    tab.wait_for_selector('[data-ready="yes"]')
    assert tab.locator('[data-testid="nearest-title"]').inner_text() == "与 asked.png 最近"
    listed = tab.locator('[data-testid="nearest"] button').all_inner_texts()
    assert [one.split("\n")[0] for one in listed] == ["1.000", "0.110"]
    assert pixel(tab, 0)[3] > 200
