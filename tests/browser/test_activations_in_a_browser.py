"""The page of feature maps in a browser: channels, their numbers, where they lie."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import seewhy
from conftest import MEAN, STD
from seewhy import Model
from seewhy.render.activations_page import activations_page


class Red(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)
        self.maps = nn.Identity()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        red = self.pool(x[:, :1]) + 3
        return self.fc(self.maps(torch.cat([red, 0 * red, -0.1 * red], 1)).mean((2, 3)))


def page() -> tuple[Any, str]:
    photo = np.full((64, 80, 3), 60, np.uint8)
    photo[8:16, 48:56] = (250, 60, 60)
    model = Model(Red(), mean=MEAN, std=STD, size=(32, 40))
    found = seewhy.inspect.activations(model, photo, ["maps", "fc"])
    return found, activations_page(found, most=64)


def test_a_click_shows_a_channels_numbers_and_its_place(opened: Callable[..., Any]) -> None:
    found, html = page()
    tab = opened(html)
    tab.wait_for_selector('[data-testid="view"][data-shown="maps/0 0"]')
    buttons = tab.locator('[data-testid="channels"] button')
    assert buttons.all_inner_texts() == ["channel 0", "channel 2", "channel 1"]
    said = tab.locator('[data-testid="numbers"]').inner_text()
    x, y = found.where(found["maps"], 0)
    assert f"x {x}, y {y}" in said and 48 <= x < 56 and 8 <= y < 16
    box, cross = (tab.locator(f'[data-testid="{name}"]').bounding_box() for name in ("photo", "cross"))
    middle = (cross["x"] + cross["width"] / 2 - box["x"]) / box["width"] * 80
    assert abs(middle - 52) < 1.5
    drawn = tab.evaluate(
        """() => { const c = document.querySelector('[data-testid="heat"]');
        return [c.width, c.height, [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]]; }"""
    )
    assert drawn[:2] == [10, 8]
    reds = np.array(drawn[2]).reshape(8, 10, 4)[..., 1]  # the largest value is the least green
    assert np.unravel_index(reds.argmin(), reds.shape) == found["maps"].numbers(0).cell
    buttons.nth(2).click()
    tab.wait_for_selector('[data-testid="view"][data-shown="maps/0 1"]')
    dead = tab.evaluate(
        """() => { const c = document.querySelector('[data-testid="heat"]');
        return [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data]; }"""
    )
    assert set(dead) == {255}  # white: 0 everywhere


def test_layers_without_a_place_are_shown_beside_the_photo(opened: Callable[..., Any]) -> None:
    _, html = page()
    tab = opened(html)
    tab.locator('[data-testid="tensor"]').select_option(label="fc/0")
    tab.wait_for_selector('[data-testid="view"][data-shown^="fc/0"]', state="attached")
    assert not tab.locator('[data-testid="photo"]').is_visible() and tab.locator('[data-testid="alone"]').is_visible()
    assert "no place on the photo" in tab.locator('[data-testid="numbers"]').inner_text()
