"""The page of a photo's decisions: pointing, clicking, keys, opacity, and values under the pointer."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.render.decisions_page import decisions_page
from seewhy.results.decisions import Decisions
from seewhy.stepwise import explain_decisions
from seewhy.trees import Hierarchy, decide

TREE = Hierarchy.of(
    ["thing", "animal", "car", "cat", "dog", "tabby", "tiger"],
    [("thing", "animal"), ("thing", "car"), ("animal", "cat"), ("animal", "dog"), ("cat", "tabby"), ("cat", "tiger")],
    ["tabby", "tiger", "dog", "car"],
    ["thing", "animal", "", "cat</script>", "", "", ""],
)
PIXEL = """() => [...document.querySelector('[data-testid="heat"]').getContext("2d").getImageData(20, 15, 1, 1).data]"""


def small() -> Model:
    net = SmallNet()
    with torch.no_grad():
        net.fc.bias.copy_(torch.tensor([4.0, 9.0, 3.0, 0.0]))
    return Model(net, mean=MEAN, std=STD, size=(16, 20), classes=["tabby cat", "tiger cat", "dog", "car"])


def picture() -> Any:
    return np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)


def made(method: str = "saliency") -> Decisions:
    found: Decisions = explain_decisions(small(), picture(), TREE, "soft", method=method)
    return found


def still(tab: Any) -> bytes:
    return bytes(tab.evaluate(PIXEL))


def text(tab: Any, id: str) -> str:
    return str(tab.locator(f'[data-testid="{id}"]').inner_text())


def shown(tab: Any) -> Any:
    return tab.locator('[data-testid="view"]').get_attribute("data-step")


def test_a_step_shows_what_spoke_for_it(opened: Callable[..., Any]) -> None:
    found = made()
    tab = opened(decisions_page(found, _png()))
    assert text(tab, "title") == "Prediction: tiger cat" and "too: tiger cat" in text(tab, "verdict")
    names = [tab.locator(f'[data-testid="step-{i}"] b').first.inner_text() for i in range(3)]
    assert names == ["animal", "cat</script>", "tiger cat"] and shown(tab) == "2"
    for i, one in enumerate(found.shown):
        said = tab.locator(f'[data-testid="step-{i}"]').inner_text()
        assert f"{one.share:.1%}" in said and f"{one.rejected[0].share:.1%}" in said
    last = still(tab)
    tab.locator('[data-testid="step-0"]').hover()
    assert shown(tab) == "0" and still(tab) != last and "animal" in text(tab, "shown")
    tab.mouse.move(2, 2)
    assert shown(tab) == "2" and still(tab) == last, "only a click keeps it"
    tab.locator('[data-testid="step-1"]').click()
    tab.mouse.move(2, 2)
    assert shown(tab) == "1"
    tab.locator('[data-testid="step-1"]').press("ArrowUp")
    assert shown(tab) == "0" and tab.locator('[data-testid="step-0"]').get_attribute("aria-pressed") == "true"
    heat = tab.locator('[data-testid="heat"]')
    tab.locator('[data-testid="opacity"]').fill("35")
    assert heat.evaluate("one => one.style.opacity") == "0.35"


def test_the_value_under_the_pointer_is_the_arrays(opened: Callable[..., Any]) -> None:
    found = made("gradcam")
    tab = opened(decisions_page(found, _png(), "zh"))
    for step, one in enumerate(found.maps):
        assert one is not None
        heat = one.heatmap()[0]
        for x, y in ((3, 4), (20, 15), (40, 29)):
            value = tab.evaluate(f"seewhy.valueAt({x}, {y}, {step})")
            assert value == pytest.approx(float(heat[y, x]), rel=1e-6, abs=1e-9, nan_ok=True)
    box = tab.locator('[data-testid="view"]').bounding_box()
    tab.mouse.move(box["x"] + box["width"] * 20.5 / 41, box["y"] + box["height"] * 15.5 / 30)
    raw = float(tab.locator('[data-testid="value"]').get_attribute("data-raw"))
    assert raw == pytest.approx(float(heat[15, 20]), rel=1e-6)
    assert "支持“tiger cat”的依据" in tab.locator('[data-testid="shown"]').inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_goes_without_maps(opened: Callable[..., Any], scheme: str) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": scheme}
    tab = opened(decisions_page(decide(small(), picture(), TREE, "soft"), _png()), **phone)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.locator('[data-testid="heat"]').is_hidden() and tab.locator('[data-testid="tools"]').is_hidden()
    assert tab.locator('[data-testid="photo"]').is_visible()


def _png() -> bytes:
    import io

    from PIL import Image

    held = io.BytesIO()
    Image.new("RGB", (8, 8)).save(held, "PNG")
    return held.getvalue()
