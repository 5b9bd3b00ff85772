"""How soon the page of `seewhy serve` shows what a link asks for, and what a step of a slider takes in its script, by
`make page-times` into docs/page.md: two minutes, and a Chromium, which is asked to draw without a GPU.
"""

import re
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from page_pictures import CHROMIUM, FLAGS, quiet, serving
from playwright.sync_api import sync_playwright
from skimage.data import astronaut
from skimage.transform import resize

import seewhy
from seewhy.render.page import page
from seewhy.types import Explanation

PAGE = Path(__file__).parents[1] / "docs" / "page.md"
START, END = "<!-- times -->", "<!-- end of times -->"
SIX = ("gradcam", "gradcam++", "layercam", "integrated_gradients", "smoothgrad", "guided_gradcam")
OPENED, SIDE = 20, 1000  # times a link is opened; pixels of a map's and of a photo's side
STEPS: dict[str, Sequence[Any]] = {
    "opacity": range(20, 80, 3),
    "threshold": range(5, 65, 3),
    "colors": ["viridis", "gray", "inferno", "bluewhitered"] * 5,
    "clip": [i / 2 for i in range(20)],
}
# Milliseconds from the start of a navigation until the frame is over in which the last of so many maps was painted.
PAINTED = """(() => { const after = new MessageChannel(), drawn = new Set();
  const own = CanvasRenderingContext2D.prototype.putImageData;
  after.port1.onmessage = () => console.debug('painted ' + performance.now());
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...at) {
    own.call(this, image, ...at);
    if (image.height > 1 && drawn.size < COUNT && drawn.add(this.canvas).size === COUNT) after.port2.postMessage(0);
  }; })()"""
EMPTY = """(() => { const after = new MessageChannel();
  after.port1.onmessage = () => console.debug('painted ' + performance.now());
  requestAnimationFrame(() => after.port2.postMessage(0)); })()"""
STEPPED = """async ([name, values]) => {
  const viewer = document.querySelector('seewhy-viewer'), after = new MessageChannel(), found = [];
  const frame = () => new Promise((done) => {
    after.port1.onmessage = () => done(performance.now());
    requestAnimationFrame(() => after.port2.postMessage(0));
  });
  await frame();
  for (const value of values) {
    const began = performance.now();
    viewer.view = { ...viewer.view, [name]: value };
    await viewer.updateComplete;
    for (const tile of viewer.renderRoot.querySelectorAll('seewhy-tile')) await tile.updateComplete;
    const script = performance.now() - began;
    found.push([script, await frame() - began]);
  }
  return found; }"""
BESIDE = """() => { const v = document.querySelector('seewhy-viewer'); v.view = { ...v.view, beside: true }; }"""
WIDTH = """() => { const tiles = document.querySelector('seewhy-viewer').renderRoot.querySelectorAll('seewhy-tile');
  return tiles[5].renderRoot.querySelector('.view > canvas').width; }"""
LARGE = """() => { const viewer = document.querySelector('seewhy-viewer');
  document.body.style.maxWidth = 'none';
  viewer.renderRoot.querySelector('.stage').style.gridTemplateColumns = 'repeat(3, 1030px)'; }"""


@contextmanager
def visitor(started: Any, script: str) -> Iterator[Any]:
    """A browser that keeps what it has loaded, and runs a script of ours first in each document."""
    with tempfile.TemporaryDirectory() as home:
        options = {"executable_path": CHROMIUM, "args": FLAGS, "viewport": {"width": 1440, "height": 1010}}
        context = started.chromium.launch_persistent_context(home, **options)
        context.add_init_script(script)
        yield context
        context.close()


def painted(context: Any, address: str) -> float:
    tab = context.new_page()
    with tab.expect_console_message(lambda one: one.text.startswith("painted")) as said:
        tab.goto(address, wait_until="commit")
    tab.wait_for_timeout(1000)  # until the page is at rest
    tab.close()
    return float(said.value.text.split()[1])


def asked(context: Any, address: str, methods: Sequence[str]) -> str:
    """The link of explanations of the first sample, once they are there."""
    tab = context.new_page()
    tab.set_default_timeout(120_000)
    tab.goto(address)
    tab.get_by_test_id("samples").locator("button").first.click()
    tab.get_by_test_id("family-gradient").locator("summary").click()
    for method in methods[1:]:
        tab.get_by_test_id(f"method-{method}").check()
    quiet(tab)
    found: str = tab.evaluate("document.querySelector('seewhy-app').session.link")
    tab.close()
    return found


def links(started: Any) -> list[str]:
    """Rows of a table. All three are opened in turn, so that what else the machine does counts for all."""
    with (
        serving() as address,
        visitor(started, PAINTED.replace("COUNT", "6")) as six,
        visitor(started, PAINTED.replace("COUNT", "1")) as one,
        visitor(started, EMPTY) as empty,
    ):
        painted(empty, address)  # with the token
        opened = {
            "a link to six maps": (six, asked(six, address, SIX)),
            "a link to one map": (one, asked(one, address, SIX[:1])),
            "a document without anything": (empty, address.split("?")[0] + "favicon.svg"),
        }
        taken: dict[str, list[float]] = {name: [] for name in opened}
        for _ in range(OPENED):
            for name, (context, link) in opened.items():
                taken[name].append(painted(context, link))
    return [f"| {name} | {spread(all[2:])} |" for name, all in taken.items()]


def maps() -> list[Explanation]:
    """Of one photo, as large as it is, and as hard to draw as noise is."""
    photo = np.uint8(255 * resize(astronaut(), (SIDE, SIDE)))
    found = seewhy.explain(seewhy.load("default"), photo, "gradcam")
    noise = np.random.default_rng(0).normal(size=(len(SIX), 1, 1, SIDE, SIDE)).astype(np.float32)
    signs: list[Any] = ["positive", "all"] * 3
    return [
        replace(found, method=method, values=values, sign=sign)
        for method, values, sign in zip(SIX, noise, signs, strict=True)
    ]


def steps(started: Any) -> list[str]:
    """Rows of a table: as the page lays the panels out, and each as large as the map."""
    browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page(maps(), "en"), encoding="utf-8")
        taken = []
        for width, height, large in ((1440, 1010, False), (3400, 2600, True)):
            tab = browser.new_page(viewport={"width": width, "height": height}, bypass_csp=True)
            tab.goto(file.as_uri())
            tab.evaluate(BESIDE)
            if large:
                tab.evaluate(LARGE)
            tab.wait_for_timeout(3000)
            each = [np.median(tab.evaluate(STEPPED, [name, list(values)]), 0) for name, values in STEPS.items()]
            taken.append((tab.evaluate(WIDTH), each))
            tab.close()
    browser.close()
    return [
        f"| {size} x {size} | " + " | ".join(f"{script:.1f} ({frame:.0f})" for script, frame in rows) + " |"
        for size, rows in taken
    ]


def spread(all: Sequence[float]) -> str:
    return f"{statistics.median(all):.0f} [{min(all):.0f}, {max(all):.0f}]"


def main() -> None:
    with sync_playwright() as started:
        opened, stepped = links(started), steps(started)
    made = "\n".join(
        [
            START,
            "| milliseconds, median [least, most] | until painted |",
            "| --- | --- |",
            *opened,
            "",
            f"| pixels of each of six panels, maps of {SIDE} x {SIDE} | " + " | ".join(STEPS) + " |",
            "| --- |" + " --- |" * len(STEPS),
            *stepped,
            END,
        ]
    )
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(f"{START}.*{END}", lambda _: made, text, flags=re.S), encoding="utf-8")
    print(made)


if __name__ == "__main__":
    main()
