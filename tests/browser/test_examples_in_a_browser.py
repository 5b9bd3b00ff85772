"""The page of what excites channels most in a browser."""

from collections.abc import Callable
from typing import Any

import numpy as np

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.render.examples_page import examples_page


def test_a_click_shows_where_in_its_photo_a_crop_lies(opened: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, (24, 30, 3), np.uint8) for _ in range(4)]
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20))
    found = seewhy.inspect.examples(model, photos, "act2", channels=[2, 4], top=3)
    tab = opened(examples_page(found))
    buttons = tab.locator('[data-testid="channels"] button')
    assert buttons.count() == 6
    buttons.nth(4).click()
    tab.wait_for_selector(f'[data-shown="4 {found[4][1].photo}"]')
    assert f"image-{found[4][1].photo}" in tab.locator('[data-testid="numbers"]').inner_text()
    photo, box = (tab.locator(f'[data-testid="{name}"]').bounding_box() for name in ("photo", "box"))
    top, left, bottom, right = found.crops[4][1].box
    assert abs((box["x"] - photo["x"]) / photo["width"] - left / 30) < 0.01
    assert abs((box["y"] + box["height"] - photo["y"]) / photo["height"] - bottom / 24) < 0.01
    assert abs(box["width"] / photo["width"] - (right - left) / 30) < 0.01 and top < bottom
