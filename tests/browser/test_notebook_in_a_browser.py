"""The widget's module as a notebook runs it, and the page in its frame."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import seewhy
import seewhy.render.notebook as notebook
from handmade import blob, handmade
from seewhy.render.page import bundle

Open = Callable[..., Any]
# What a notebook does with a widget, twice: import its module anew, and hand it a model and an element.
HOST = """<!doctype html><meta charset="utf-8"><div id="one"></div><div id="two"></div><script type="module">
const given = %s, text = %s;
for (const [id, data] of Object.entries(given)) {
  const { default: widget } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const state = { data, at: null, view: {} }, heard = {};
  const model = { get: (name) => state[name], set: (name, value) => { state[name] = value; },
    save_changes() {}, on: (name, run) => { heard[name] = run; } };
  await widget.render({ model, el: document.getElementById(id) });
  (window.states ??= {})[id] = state;
  (window.heard ??= {})[id] = heard;
}
window.ready = true;
</script>"""


def test_two_widgets_on_one_page_each_tell_the_pixel_under_the_pointer(opened: Open) -> None:
    pytest.importorskip("anywidget", reason="needs anywidget: the extra 'notebook'")
    given = {"one": bundle([handmade()]), "two": bundle([handmade(-blob(7, 7, 5, 1), sign="all"), handmade()])}
    escaped = [json.dumps(part).replace("<", "\\u003c") for part in (given, notebook._widget()._esm)]
    tab = opened(HOST % tuple(escaped))
    tab.wait_for_function("window.ready")
    assert tab.locator("seewhy-viewer").count() == 2
    for id in ("one", "two"):
        picture = tab.locator(f"#{id}").get_by_test_id("view-0")
        picture.scroll_into_view_if_needed()
        area = picture.bounding_box()
        tab.mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.5 * area["height"])
        tab.wait_for_function(f"window.states.{id}.at !== null")
        x, y = tab.evaluate(f"window.states.{id}.at")
        assert abs(x - 0.25 * 451) < 3 and abs(y - 150) < 3
    tab.evaluate("window.states.one.view = { opacity: 35 }; window.heard.one['change:view']()")
    assert tab.evaluate("document.querySelector('#one seewhy-viewer').view.opacity") == 35
    assert tab.evaluate("document.querySelector('#two seewhy-viewer').view.opacity") == 80


def test_the_page_in_its_frame_works_and_reaches_nothing_outside(opened: Open) -> None:
    tab = opened(f"<!doctype html><meta charset=utf-8><script>window.secret = 1</script>{handmade()._repr_html_()}")
    frame = tab.frames[1]
    frame.wait_for_selector("seewhy-viewer canvas")
    reached = "(() => { try { return parent.secret ?? null } catch { return 'refused' } })()"
    assert frame.evaluate(reached) == "refused"
    assert frame.get_by_test_id("view-0").bounding_box()["height"] > 100
    assert tab.locator("iframe").bounding_box()["height"] == notebook.HEIGHT
    assert seewhy.show is notebook.show
