"""Photos come to the page by all ways, and are shown as they are."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage.transform import resize

import seewhy
from paging import HOSTILE, Site, Visits, explanation, give, predictions, same_values, shown, until
from serving import png
from viewing import view

BY = """([kind, bytes, name]) => {
    const data = new DataTransfer(), more = {bubbles: true, cancelable: true};
    data.items.add(new File([Uint8Array.from(atob(bytes), one => one.charCodeAt(0))], name, {type: 'image/png'}));
    const event = kind === 'paste' ? new ClipboardEvent(kind, {clipboardData: data, ...more})
        : new DragEvent(kind, {dataTransfer: data, ...more});
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
}"""


def test_of_a_photo_that_is_uploaded_the_page_says_what_python_says(visits: Visits, site: Site, tmp_path: Path) -> None:
    tab, file = visits(), tmp_path / "noise.png"
    file.write_bytes(png(1, (120, 90)))
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    expected = seewhy.predict(site.models["small"], str(file), 5)
    assert predictions(tab) == [(one.label, f"{100 * one.probability:.1f} %") for one in expected]
    bars = tab.get_by_test_id("predictions").locator("i").evaluate_all("all => all.map(one => one.style.width)")
    bars = [float(one.rstrip("%")) for one in bars]
    assert bars == pytest.approx([100 * one.probability for one in expected], abs=1e-3)
    heat = explanation(site, file).heatmap()[0]
    same_values(tab, heat, (60, 45), (16, 1), (103, 88), (77, 20))
    same_values(tab, heat, (2, 50))  # of which the network saw nothing
    assert "outside" in tab.get_by_test_id("value-0").inner_text()


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_photo_is_pasted_and_dropped(visits: Visits, kind: str) -> None:
    tab = visits()
    assert tab.evaluate(BY, [kind, b64encode(png(2)).decode(), "given.png"])
    shown(tab, "gradcam")
    assert tab.title() == "given.png · seewhy" and tab.evaluate("location.hash").count("name=given.png") == 1
    tab.evaluate(BY, [kind, b64encode(png(3)).decode(), "other.png"])  # and once there is one
    until(lambda: tab.title() == "other.png · seewhy", tab=tab)


def test_what_is_dragged_over_the_page_and_is_no_photo_changes_nothing(visits: Visits) -> None:
    tab = visits()
    script = """() => { const event = new DragEvent('drop', {cancelable: true, bubbles: true,
        dataTransfer: new DataTransfer()});
        document.body.dispatchEvent(event); return event.defaultPrevented; }"""
    assert not tab.evaluate(script)
    visits.expected.append("422")
    give(tab, ("text.png", b"no picture at all"))
    said = tab.get_by_test_id("trouble")
    said.wait_for()
    assert "PNG" in said.inner_text() and tab.get_by_test_id("drop").locator("h2").is_visible()


def test_a_sample_is_explained(visits: Visits) -> None:
    tab = visits()
    tab.get_by_test_id("samples").get_by_role("button", name="Cat").click()
    shown(tab, "gradcam")
    assert tab.title() == "Cat · seewhy" and not [one for one in visits.asked if one.startswith("PUT")]


def test_several_photos_are_kept_and_each_has_its_own_maps(visits: Visits, site: Site, tmp_path: Path) -> None:
    tab, heats = visits(), {}
    for seed, size in ((4, (60, 90)), (5, (80, 40)), (6, (50, 50))):
        file = tmp_path / f"photo{seed}.png"
        file.write_bytes(png(seed, size))
        heats[file.name] = explanation(site, file).heatmap()[0]
    give(tab, *((name, (tmp_path / name).read_bytes()) for name in heats))
    shown(tab, "gradcam")
    listed = tab.get_by_test_id("photos").get_by_role("button")
    assert listed.count() == 3
    for name in ("photo4.png", "photo6.png", "photo5.png"):
        one = tab.get_by_test_id("photos").get_by_role("button", name=name)
        one.click()
        shown(tab, "gradcam")
        assert one.get_attribute("aria-pressed") == "true" and tab.title().startswith(name)
        height, width = heats[name].shape
        same_values(tab, heats[name], (width // 2, height // 2), (width // 2 + 7, height // 2 - 9))


@pytest.mark.parametrize("size", [(4000, 3000), (300, 2000)])
def test_photos_large_and_narrow_keep_their_shape_and_their_places(
    visits: Visits, site: Site, tmp_path: Path, size: tuple[int, int]
) -> None:
    tab, file = visits(), tmp_path / "large.png"
    small = np.random.default_rng(7).random((size[1] // 100, size[0] // 100, 3))
    pixels = (255 * resize(small, (size[1], size[0], 3), order=0)).astype(np.uint8)
    Image.fromarray(pixels).save(file, compress_level=1)
    give(tab, (file.name, file.read_bytes()))
    shown(tab, "gradcam")
    box = view(tab).bounding_box()
    assert box["width"] / box["height"] == pytest.approx(size[0] / size[1], rel=0.01)
    canvas = tab.get_by_test_id("heat-0").bounding_box()
    assert canvas == pytest.approx(box, abs=1.5)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    heat = explanation(site, file).heatmap()[0]
    middle = size[0] // 2, size[1] // 2
    view(tab).scroll_into_view_if_needed()
    same_place(tab, heat, middle, size)


def same_place(tab: Any, heat: Any, middle: tuple[int, int], size: tuple[int, int]) -> None:
    """By keys, since a screen's pixel is many of the photo's."""
    view(tab).focus()
    for key in ("ArrowRight", "Shift+ArrowDown", "Shift+ArrowLeft"):
        tab.keyboard.press(key)
    x, y = middle[0] + 1 - 10, middle[1] + 10
    until(lambda: tab.get_by_test_id("where-0").inner_text() == f"x {x}, y {y}", tab=tab)
    read = np.float32(tab.get_by_test_id("value-0").get_attribute("data-raw"))
    assert read == heat[y, x]


def test_names_of_files_and_classes_are_text_and_nothing_else(visits: Visits) -> None:
    tab = visits()
    tab.get_by_test_id("model").select_option("vit")
    give(tab, (f"{HOSTILE}.png", png(8)))
    shown(tab, "gradcam")
    assert tab.title() == f"{HOSTILE}.png · seewhy"
    assert HOSTILE in [name for name, _ in predictions(tab)]
    tab.get_by_test_id("find").fill("onerror")
    assert HOSTILE in tab.get_by_test_id("found").inner_text()
    tab.get_by_test_id("found").get_by_role("option").click()
    shown(tab, "gradcam", "gradcam")
    assert HOSTILE in tab.get_by_test_id("targets").inner_text()
    assert HOSTILE in tab.get_by_test_id("tile-1").locator("figcaption").inner_text()
    script = """() => { const found = [], look = root => { for (const one of root.querySelectorAll('*')) {
        if (one.hasAttribute('onerror') || one.getAttribute('src') === 'x') found.push(one.outerHTML);
        if (one.shadowRoot) look(one.shadowRoot); } }; look(document); return found; }"""
    assert tab.evaluate(script) == []
