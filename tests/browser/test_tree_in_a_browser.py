"""The tree in a browser: opening and closing, searching, marking, zooming, and a photo's probabilities."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from random_trees import anyhow
from seewhy.geometry import Geometry
from seewhy.render.tree_page import tree_page
from seewhy.results.decisions import Decisions
from seewhy.results.hierarchy import Hierarchy
from seewhy.results.tree_view import TreeView
from seewhy.trees import SoftRules
from seewhy.types import ModelCard, Photo, Prediction

TREE = Hierarchy.of(
    ["thing", "animal", "f1", "cat", "tabby", "tiger", "dog", "car", "f2", "bus"],
    [("thing", "animal"), ("thing", "f2"), ("f2", "car"), ("f2", "bus"), ("animal", "f1"), ("animal", "dog"),
     ("f1", "cat"), ("cat", "tabby"), ("cat", "tiger")],
    ["tabby", "tiger", "dog", "car", "bus"],
    ["entity", "animal", "", "cat", "", "", "", "", "", ""],
)  # fmt: skip
LABELS = ("tabby", "tiger cat", "golden retriever", "sports car</script>", "school bus")


def decided(tree: Hierarchy, labels: tuple[str, ...], scores: Any) -> Decisions:
    given = torch.tensor([scores])
    rules = SoftRules(tree)
    _, (steps,) = rules.forward_with_decisions(given)
    photo = Photo(np.full((30, 40, 3), 90, np.uint8), Geometry.identity(30, 40), "cat.jpg")
    shares = rules.log_shares(given).exp().numpy()[0].astype(np.float32)
    best = steps[-1].best
    return Decisions(steps, best, labels[best], steps[-1].reached, Prediction(2, labels[2], 0.4), "soft", tree,
                     labels, shares, photo, ModelCard("net"))  # fmt: skip


def seen(tab: Any) -> list[str]:
    return list(tab.evaluate("seewhy.state.lay.seen.map(node => seewhy.ids[node])"))


def until(tab: Any, true: str) -> None:
    """The page's policy forbids what `wait_for_function` does."""
    for _ in range(200):
        if tab.evaluate(true):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(true)


def settle(tab: Any) -> None:
    until(tab, "!seewhy.moving()")


def spot(tab: Any, id: str) -> tuple[float, float]:
    settle(tab)
    x, y = tab.evaluate(f"seewhy.at(seewhy.ids.indexOf({id!r}))")
    box = tab.locator('[data-testid="map"]').bounding_box()
    return box["x"] + x, box["y"] + y


def click(tab: Any, id: str) -> None:
    tab.mouse.click(*spot(tab, id))
    settle(tab)


def text_of(tab: Any, id: str) -> str:
    return str(tab.locator(f'[data-testid="{id}"]').inner_text())


def ready(tab: Any) -> Any:
    tab.wait_for_selector('[data-ready="yes"]')
    settle(tab)
    return tab


def test_branches_close_and_open_by_click_and_stay_where_they_are(opened: Callable[..., Any]) -> None:
    tab = ready(opened(tree_page(TreeView(TREE, LABELS, ModelCard("net")))))
    assert text_of(tab, "title") == "The tree of net" and seen(tab) == list(TREE.ids), "a small tree is open"
    before = spot(tab, "animal")
    click(tab, "animal")
    assert seen(tab) == ["thing", "animal", "f2", "car", "bus"]
    assert np.abs(np.subtract(spot(tab, "animal"), before)).max() < 1, "it stays under the pointer"
    assert text_of(tab, "node") == "animal" and "Classes below\n3" in text_of(tab, "about")
    click(tab, "animal")
    assert seen(tab) == list(TREE.ids)
    click(tab, "cat")
    assert "tabby" not in seen(tab)
    tab.locator('[data-testid="all"]').click()
    assert seen(tab) == list(TREE.ids)


def test_keys_go_through_the_tree(opened: Callable[..., Any]) -> None:
    tab = ready(opened(tree_page(TreeView(TREE, LABELS))))
    where = tab.locator('[data-testid="map"]')
    where.focus()
    way = "Right animal, Right f1, Left f1, Left animal, Down f1, Down dog, Up f1"
    pressed = [(f"Arrow{key}", at) for key, at in (one.split() for one in way.split(", "))]
    for key, at in (*pressed, ("Home", "thing"), ("End", "bus")):
        where.press(key)
        assert where.get_attribute("data-focus") == at, key
    assert "cat" not in seen(tab), "left closed it"
    where.press("Home")
    where.press("Enter")
    assert seen(tab) == ["thing"] and "closed" in tab.locator('[data-testid="spoken"]').inner_text()
    where.press("/")
    assert tab.evaluate("document.activeElement.name") == "find"


def test_searching_opens_the_way_and_goes_on_with_enter(opened: Callable[..., Any]) -> None:
    tab = ready(opened(tree_page(TreeView(TREE, LABELS))))
    click(tab, "thing")
    assert seen(tab) == ["thing"]
    search = tab.locator('[data-testid="find"]')
    search.fill("CAT")
    settle(tab)
    assert text_of(tab, "count") == "1 of 2" and text_of(tab, "node") == "cat", "a whole name comes first"
    assert {"cat", "tiger"} <= set(seen(tab))
    box = tab.locator('[data-testid="map"]').bounding_box()
    x, y = spot(tab, "cat")
    assert box["x"] < x < box["x"] + box["width"] and abs(y - box["y"] - box["height"] / 2) < 2, "in the middle"
    search.press("Enter")
    assert text_of(tab, "node") == "tiger cat" and text_of(tab, "count") == "2 of 2"
    search.fill("nothing")
    assert text_of(tab, "count") == "0 of 0"
    search.fill("")
    settle(tab)
    assert seen(tab) == ["thing"], "as it was before"


def test_ways_to_several_classes_are_marked(opened: Callable[..., Any]) -> None:
    tab = ready(opened(tree_page(TreeView(TREE, LABELS, marked=(3,)))))
    assert tab.locator('[data-testid="marks"] button').all_inner_texts() == ["sports car</script> \u2715"]
    click(tab, "tabby")
    marks = tab.evaluate("[...seewhy.state.marks].map(([node, own]) => [seewhy.ids[node], own.length])")
    assert dict(marks) == {"thing": 2, "f2": 1, "car": 1, "tabby": 1, "cat": 1, "f1": 1, "animal": 1}
    tab.locator('[data-testid="mark-car"]').click()
    assert tab.evaluate("[...seewhy.state.marks.keys()].map(node => seewhy.ids[node])") == [
        "tabby",
        "cat",
        "f1",
        "animal",
        "thing",
    ]
    pixel = tab.evaluate(
        """() => { const [x, y] = seewhy.at(seewhy.ids.indexOf("tabby"));
        const c = document.querySelector('[data-testid="canvas"]');
        return [...c.getContext("2d").getImageData(x, y, 1, 1).data]; }"""
    )
    assert pixel[:3] in ([22, 135, 201], [47, 158, 87]), "in a colour of its own"


def test_zooming_keeps_the_place_and_dragging_moves(opened: Callable[..., Any]) -> None:
    tab = ready(opened(tree_page(TreeView(TREE, LABELS))))
    before = spot(tab, "dog")
    tab.mouse.move(*before)
    tab.mouse.wheel(0, -300)
    until(tab, "seewhy.state.view.k > 1.6")
    after = spot(tab, "dog")
    assert np.abs(np.subtract(before, after)).max() < 1
    tab.mouse.down()
    tab.mouse.move(before[0] + 40, before[1] + 25, steps=3)
    tab.mouse.up()
    assert np.abs(np.subtract(spot(tab, "dog"), after) - (40, 25)).max() < 1
    assert seen(tab) == list(TREE.ids), "a drag is no click"
    tab.locator('[data-testid="whole"]').click()
    settle(tab)
    assert tab.evaluate("seewhy.state.view.k") <= 1.15


@pytest.mark.parametrize("unnamed", [True, False])
def test_a_photos_probabilities_are_the_arrays(opened: Callable[..., Any], unnamed: bool) -> None:
    found = decided(TREE, LABELS, [3.0, 1.0, 1.5, 0.5, -2.0])
    tab = ready(opened(tree_page(TreeView(TREE, LABELS, ModelCard("net"), found))))
    assert text_of(tab, "title") == "Prediction: tabby"
    assert "the tree says tabby, and the network itself golden retriever (40.0%)" in text_of(tab, "says")
    assert tab.evaluate("[...seewhy.shares]") == found.shares.astype(float).tolist()
    assert tab.evaluate("[...seewhy.reached]") == found.reached.astype(float).tolist()
    if not unnamed:
        tab.locator('[data-testid="unnamed"]').uncheck()
        settle(tab)
        assert seen(tab) == ["thing", "animal", "cat", "tabby", "tiger", "dog", "car", "bus"]
    cat = TREE.ids.index("cat")
    share = found.shares[cat] if unnamed else found.shares[cat] * found.shares[TREE.ids.index("f1")]
    assert tab.evaluate(f"seewhy.share({cat})") == pytest.approx(float(share), rel=1e-5)
    click(tab, "dog")
    dog = TREE.ids.index("dog")
    assert f"{found.shares[dog]:.1%}" in text_of(tab, "about") and f"{found.reached[dog]:.1%}" in text_of(tab, "about")


def test_pictures_of_classes_stand_at_their_leaves(opened: Callable[..., Any]) -> None:
    held = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 0, 0)).save(held, "WEBP", lossless=True)
    tab = ready(opened(tree_page(TreeView(TREE, LABELS, pictures={2: (held.getvalue(),)}, notes=("said",)), "zh")))
    tab.wait_for_timeout(100)
    pixel = """() => { const node = seewhy.ids.indexOf("dog"), [x, y] = seewhy.at(node), k = seewhy.state.view.k;
        const c = document.querySelector('[data-testid="canvas"]').getContext("2d");
        const row = c.getImageData(x, y, 300 * k, 1).data;
        const red = (i) => row[i] > 170 && row[i + 1] < 60 && row[i + 2] < 60;
        return [...Array(row.length / 4).keys()].filter((i) => red(4 * i)).length / k; }"""
    assert 35 <= tab.evaluate(pixel) <= 42, "forty pixels of red"
    tab.locator('[data-testid="pictures"]').uncheck()
    settle(tab)
    assert tab.evaluate(pixel) < 5
    assert text_of(tab, "notes") == "said"


def test_a_thousand_classes_start_with_a_few_and_the_photos_way(opened: Callable[..., Any]) -> None:
    tree = anyhow(1000, 2, 5)
    labels = tuple(f"class {number}" for number in range(1000))
    rng = np.random.default_rng(0)
    found = decided(tree, labels, rng.normal(size=1000).astype(np.float32).tolist())
    tab = ready(opened(tree_page(TreeView(tree, labels, ModelCard("net"), found))))
    shown = seen(tab)
    assert len(shown) < 150 and {tree.ids[step.node] for step in found.steps} <= set(shown)
    tab.locator('[data-testid="all"]').click()
    settle(tab)
    assert len(seen(tab)) == len(tree)
    tab.mouse.move(*spot(tab, tree.ids[found.steps[-1].node]))
    tab.mouse.wheel(0, -1200)
    until(tab, "seewhy.state.view.k > 0.5")
    settle(tab)
    assert tab.evaluate("seewhy.state.drawn") < 400, "what is out of view is not drawn"
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
