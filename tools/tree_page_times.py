"""How fast the page of the default model's tree is in headless Chromium: the table of docs/trees.md.

python tools/tree_page_times.py [PHOTO]
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from seewhy.trees import view

FLAGS = ["--no-sandbox", "--disable-gpu"]
FRAMES = """async (name) => {
    const { state } = seewhy, map = document.querySelector('[data-testid="map"]'), box = map.getBoundingClientRect();
    const at = (kind, extra) => {
        const where = { clientX: box.left + 300 + extra, clientY: box.top + 250 + extra, bubbles: true };
        const turned = { ...where, pointerId: 1, deltaY: extra % 2 ? 40 : -40 };
        map.dispatchEvent(new (kind === "wheel" ? WheelEvent : PointerEvent)(kind, turned));
    };
    const next = () => new Promise(requestAnimationFrame), gaps = [];
    map.setPointerCapture = () => null;
    state.frames.length = 0;
    if (name === "pan") at("pointerdown", 0);
    let last = await next();
    for (let i = 1; i <= 120; i++) {
        at(name === "pan" ? "pointermove" : "wheel", i * (name === "pan" ? 5 : 1));
        const now = await next();
        gaps.push(now - last);
        last = now;
    }
    if (name === "pan") at("pointercancel", 0);
    return [state.frames.slice(), gaps];
}"""


def settle(tab: Any) -> None:
    while tab.evaluate("seewhy.moving()"):
        tab.wait_for_timeout(10)


def told(name: str, found: list[list[float]]) -> None:
    drawn, gaps = (sorted(one) for one in found)
    middle, worst = statistics.median(drawn), drawn[int(0.95 * len(drawn))]
    every = statistics.median(gaps)
    print(f"| {name} | {middle:.1f} ms | {worst:.1f} ms | {every:.1f} ms |")


def main() -> None:
    page = Path(tempfile.mkdtemp()) / "tree.html"
    view("default", sys.argv[1] if len(sys.argv) > 1 else None).save(page)
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        firsts = []
        for _ in range(5):
            tab = browser.new_page(viewport={"width": 1400, "height": 1000})
            tab.goto(page.as_uri())
            tab.wait_for_selector('[data-ready="yes"]')
            settle(tab)
            firsts.append(tab.evaluate("seewhy.state.first"))
        print(f"{page.stat().st_size / 1e6:.2f} MB, first drawn after {statistics.median(firsts):.0f} ms")
        print("| what | drawing a frame, median | 95 % | between frames |\n| --- | --- | --- | --- |")
        for name in ("pan", "zoom"):
            told(f"{name}, as it opens", tab.evaluate(FRAMES, name))
        tab.evaluate("seewhy.state.frames.length = 0")
        tab.locator('[data-testid="all"]').click()
        settle(tab)
        frames = tab.evaluate("seewhy.state.frames.slice()")
        nodes, laid = tab.evaluate("[seewhy.state.lay.seen.length, seewhy.state.laid]")
        told(f"opening all {nodes} nodes ({laid:.1f} ms to lay out)", [frames, [0.0]])
        for name in ("pan", "zoom"):
            told(f"{name}, all open and in view", tab.evaluate(FRAMES, name))
        for _ in range(6):
            tab.mouse.move(500, 600)
            tab.mouse.wheel(0, -300)
        settle(tab)
        told("pan, all open, close enough to read", tab.evaluate(FRAMES, "pan"))
        browser.close()


if __name__ == "__main__":
    main()
