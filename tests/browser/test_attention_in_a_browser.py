"""The attention viewer as its reader has it: every value it shows is the array's."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from attentive import BrightTokens, TinyViT, small_mvit, small_swin
from conftest import MEAN, STD
from seewhy import Model, inspect
from seewhy.render.attention_page import attention_page
from seewhy.render.colors import table
from seewhy.results.attention import AttentionMaps

Open = Callable[..., Any]
WIDTH, HEIGHT = 451, 300


def looked(net: nn.Module, size: tuple[int, int], photo: Any, **how: Any) -> AttentionMaps:
    return inspect.attention(Model(net, mean=MEAN, std=STD, size=size, **how), photo)


@pytest.fixture
def visit(opened: Open) -> Open:
    def go(maps: AttentionMaps, lang: str = "en", **options: Any) -> Any:
        tab = opened(attention_page(maps, lang), **options)
        to_layer(tab, len(maps) - 1)
        return tab

    return go


def to_layer(tab: Any, layer: int) -> None:
    tab.get_by_test_id("layer").fill(str(layer))
    tab.wait_for_selector(f'[data-testid="view"][data-layer="{layer}"]')


def point(tab: Any, x: float, y: float, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Move the pointer over the middle of a pixel of the photo."""
    box = tab.get_by_test_id("view").bounding_box()
    tab.mouse.move(box["x"] + (x + 0.5) / width * box["width"], box["y"] + (y + 0.5) / height * box["height"])


def choose(tab: Any, token: str) -> None:
    tab.locator(f'[data-token="{token}"]').click()
    settle(tab)


def settle(tab: Any) -> None:
    tab.evaluate("() => new Promise((done) => setTimeout(done, 30))")


def shown(tab: Any) -> tuple[np.ndarray, np.ndarray]:
    """others (o,) and cells (r*q,) that are drawn."""
    found = tab.evaluate("() => { const one = seewhy.shown(); return [[...one.others], [...one.cells]]; }")
    return np.array(found[0], float), np.array(found[1], float)


def agree(tab: Any, wanted: Any) -> None:
    others, cells = shown(tab)
    np.testing.assert_allclose(others, wanted.others, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(cells, wanted.cells.ravel(), rtol=1e-5, atol=1e-9)


def test_what_is_shown_is_the_arrays_for_all_heads_tokens_and_both_directions(visit: Open, chelsea: Any) -> None:
    maps = looked(TinyViT(others=3), (16, 20), chelsea)
    tab = visit(maps)
    for direction, reverse in (("to", False), ("by", True)):
        tab.get_by_test_id("direction").locator(f'[value="{direction}"]').check()
        for head in ("mean", "max", "min", "0", "1"):
            tab.get_by_test_id("head").select_option(head)
            how: Any = int(head) if head.isdigit() else head
            for token, name in (("cls-1", "cls"), ("register-2", "register-2"), ("mean", "mean")):
                choose(tab, token)
                agree(tab, maps[2].attended(name, how, reverse=reverse))
        choose(tab, "pointer")
        point(tab, 330, 40)
        settle(tab)
        row, column = cell_at(maps, 330, 40, (4, 5))
        agree(tab, maps[2].attended((row, column), 1, reverse=reverse))
        assert tab.get_by_test_id("asked").inner_text() == f"row {row}, column {column}"


def cell_at(maps: AttentionMaps, x: int, y: int, cells: tuple[int, int]) -> tuple[int, int]:
    labels = np.arange(cells[0] * cells[1]).reshape(cells)
    row, column = divmod(int(maps.photo.geometry.nearest(labels)[y, x]), cells[1])
    return row, column


@pytest.mark.parametrize("mode", ["crop", "squash", "pad"])
def test_every_pixel_of_the_photo_belongs_to_the_cell_that_the_geometry_says(visit: Open, mode: Any) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (37, 90, 3), np.uint8)
    maps = looked(TinyViT(), (16, 20), photo, mode=mode)
    tab = visit(maps)
    found = tab.evaluate("() => Array.from({length: 37 * 90}, (_, k) => seewhy.cellOf(k % 90, Math.floor(k / 90)))")
    wanted = maps.photo.geometry.nearest(np.arange(20).reshape(4, 5))
    np.testing.assert_array_equal(np.reshape(found, (37, 90)), wanted)
    assert (wanted < 0).any() == (mode == "crop")


def test_hovering_shows_a_patch_and_pinning_it_reads_the_others(visit: Open, chelsea: Any) -> None:
    maps = looked(TinyViT(), (16, 20), chelsea)
    tab = visit(maps)
    assert tab.get_by_test_id("value").inner_text() == ""
    point(tab, 130, 70)
    settle(tab)
    first = cell_at(maps, 130, 70, (4, 5))
    agree(tab, maps[2].attended(first))
    tab.mouse.down()
    tab.mouse.up()
    for x, y in ((300, 250), (240, 20), (130, 70)):
        point(tab, x, y)
        settle(tab)
        at = cell_at(maps, x, y, (4, 5))
        value = float(tab.get_by_test_id("value").get_attribute("data-raw"))
        assert value == pytest.approx(float(maps[2].attended(first).cells[at]), rel=1e-5)
        assert tab.get_by_test_id("where").inner_text() == f"row {at[0]}, column {at[1]}"
        assert tab.get_by_test_id("pinned").is_visible()
    point(tab, 2, 150)
    assert tab.get_by_test_id("value").inner_text() == "outside the network's view"
    tab.get_by_test_id("view").press("Escape")
    point(tab, 300, 250)
    settle(tab)
    agree(tab, maps[2].attended(cell_at(maps, 300, 250, (4, 5))))
    assert tab.get_by_test_id("pinned").is_hidden()


def test_arrow_keys_go_patch_by_patch_and_enter_pins(visit: Open, chelsea: Any) -> None:
    maps = looked(TinyViT(), (16, 20), chelsea)
    tab = visit(maps)  # it begins in the middle of 4 x 5
    view = tab.get_by_test_id("view")
    for key, at in (("ArrowRight", (2, 3)), ("ArrowRight", (2, 4)), ("ArrowRight", (2, 4)), ("ArrowUp", (1, 4))):
        view.press(key)
        settle(tab)
        agree(tab, maps[2].attended(at))
    view.press("Enter")
    view.press("ArrowLeft")
    settle(tab)
    agree(tab, maps[2].attended((1, 4)))
    assert tab.get_by_test_id("where").inner_text() == "row 1, column 3"


def test_a_finger_chooses_a_patch(visit: Open, chelsea: Any) -> None:
    maps = looked(TinyViT(), (16, 20), chelsea)
    tab = visit(maps, viewport={"width": 390, "height": 844}, has_touch=True)
    box = tab.get_by_test_id("view").bounding_box()
    tab.touchscreen.tap(box["x"] + 330.5 / WIDTH * box["width"], box["y"] + 40.5 / HEIGHT * box["height"])
    settle(tab)
    agree(tab, maps[2].attended(cell_at(maps, 330, 40, (4, 5))))
    assert tab.get_by_test_id("pinned").is_visible()
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_attention_to_the_top_right_is_drawn_there_in_the_hottest_colour(visit: Open) -> None:
    """On the screen, not only in the arrays: of a photo that is not square and of which a part was cut off."""
    photo = np.full((120, 240, 3), 76, np.uint8)  # the network sees columns 45 to 195
    photo[:30, 165:] = (242, 23, 23)
    maps = looked(BrightTokens(), (32, 40), photo)
    tab = visit(maps)
    choose(tab, "cls-1")
    tab.get_by_test_id("head").select_option("0")  # the one that looks for red
    tab.get_by_test_id("opacity").fill("100")
    settle(tab)
    row, column = divmod(int(shown(tab)[1].argmax()), 10)
    assert (row, column) == (0, 9)
    assert screen(tab, 194, 1, 240, 120) == [*table("inferno")[255]]
    assert screen(tab, 100, 100, 240, 120) == [*table("inferno")[0]]
    assert screen(tab, 60, 5, 240, 120) == screen(tab, 190, 115, 240, 120) == [*table("inferno")[0]]
    grey = screen(tab, 30, 60, 240, 120)
    assert max(abs(one - 76) for one in grey) < 4, "the photo, where the network did not look"


def screen(tab: Any, x: int, y: int, width: int, height: int) -> list[int]:
    """The colour that a reader sees in the middle of a pixel of the photo."""
    tab.mouse.move(1, 1)
    box = tab.get_by_test_id("view").bounding_box()
    picture = Image.open(io.BytesIO(tab.get_by_test_id("view").screenshot())).convert("RGB")
    at = int((x + 0.5) / width * box["width"]), int((y + 0.5) / height * box["height"])
    return list(picture.getpixel(at))


def test_windows_leave_the_rest_of_the_photo_free(visit: Open, chelsea: Any) -> None:
    maps = looked(small_swin(), (64, 64), chelsea)
    tab = visit(maps)
    for layer in (0, 1):  # not shifted, shifted
        to_layer(tab, layer)
        point(tab, 300, 60)
        settle(tab)
        at = cell_at(maps, 300, 60, (16, 16))
        wanted = maps[layer].attended(at).cells
        agree(tab, maps[layer].attended(at))
        script = """() => { const c = document.querySelector('[data-testid="heat"]');
            return [c.width, c.height, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"""
        width, height, *rgba = tab.evaluate(script)
        opaque = np.reshape(rgba, (height, width, 4))[..., 3] == 255
        np.testing.assert_array_equal(opaque, np.isfinite(wanted))
        assert opaque.sum() == 16
    tab.mouse.down()
    tab.mouse.up()
    point(tab, 150, 250)
    assert tab.get_by_test_id("value").inner_text() == "not attended: another window"
    assert not tab.locator('[data-token="cls-1"]').count()


def test_grids_of_queries_and_keys_may_differ(visit: Open, chelsea: Any) -> None:
    maps = looked(small_mvit(), (64, 64), chelsea)
    tab = visit(maps)
    to_layer(tab, 0)
    point(tab, 300, 60)
    settle(tab)
    agree(tab, maps[0].attended(cell_at(maps, 300, 60, (16, 16))))
    tab.get_by_test_id("direction").locator('[value="by"]').check()
    settle(tab)
    agree(tab, maps[0].attended(cell_at(maps, 300, 60, (4, 4)), reverse=True))


def test_fused_heads_leave_no_choice_and_words_are_chinese(visit: Open, chelsea: Any) -> None:
    model = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    maps = inspect.attention(model, chelsea, heads="max")
    tab = visit(maps, "zh")
    assert tab.get_by_test_id("head").locator("option").all_inner_texts() == ["各头的最大值"]
    choose(tab, "cls-1")
    agree(tab, maps[2].attended("cls", "max"))
    assert tab.get_by_test_id("title").inner_text() == "image 中的注意力"
    assert "每行 256 级" in tab.get_by_test_id("details").inner_text()


def test_the_slider_goes_through_the_layers_and_back(visit: Open) -> None:
    maps = looked(TinyViT(), (16, 20), torch.rand(1, 3, 16, 20))
    tab = visit(maps)
    for layer in (0, 1, 2, 0):
        to_layer(tab, layer)
        choose(tab, "cls-1")
        agree(tab, maps[layer].attended("cls"))
    assert tab.get_by_test_id("layer-name").inner_text() == "blocks.0 (1 of 3)"


def test_a_browser_that_can_not_unpack_says_so(browser: Any, tmp_path: Any, chelsea: Any) -> None:
    file = looked(TinyViT(), (16, 20), chelsea).save(tmp_path / "page.html")
    with browser.new_context() as context:
        context.add_init_script("delete window.DecompressionStream")
        tab = context.new_page()
        tab.goto(file.as_uri())
        assert "can't unpack the weights" in tab.get_by_test_id("blank").inner_text()
