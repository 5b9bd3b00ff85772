"""Pictures of the page of `seewhy serve` for README.md, into docs/images: a minute, and a Chromium.

python tools/page_pictures.py
"""

import io
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
FLAGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
WIDE, PHONE = (1440, 1010), (390, 844)
SIX = ("gradcam", "layercam", "integrated_gradients", "smoothgrad", "rise", "partition_shap")


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server whose photos and results are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "seewhy.cli", "serve", "--no-browser", "--folder", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            found = re.search(r"http\S+", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def saved(tab: Any, name: str, width: int) -> None:
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
    picture.thumbnail((width, 4 * width), Image.Resampling.LANCZOS)
    picture.save(IMAGES / f"{name}.jpg", quality=84, optimize=True)


def quiet(tab: Any) -> None:
    """Until nothing is at work."""
    tab.wait_for_timeout(500)
    tab.get_by_test_id("queue").wait_for(state="hidden", timeout=300_000)
    tab.wait_for_timeout(500)


def main() -> None:
    with serving() as address, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, device_scale_factor=1.25)
        tab = context.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(address)
        tab.get_by_test_id("samples").locator("button").first.click()
        for family in ("gradient", "perturbation"):
            tab.get_by_test_id(f"family-{family}").locator("summary").click()
        for method in SIX[1:]:
            tab.get_by_test_id(f"method-{method}").check()
        quiet(tab)
        tab.get_by_test_id("tile-0").locator(".view").hover(position={"x": 120, "y": 90})
        tab.evaluate("scrollTo(0, 0)")
        saved(tab, "page-methods", 1200)
        tab.get_by_test_id("tab-test").click()
        tab.get_by_test_id("share").fill("25")
        tab.get_by_test_id("curves").click()
        tab.get_by_text("area").first.wait_for()
        tab.wait_for_timeout(800)
        saved(tab, "page-by-hand", 1200)
        tab.get_by_test_id("tab-explain").click()
        tab.get_by_test_id("language").click()
        for method in SIX[2:]:
            tab.get_by_test_id(f"method-{method}").uncheck()
        tab.get_by_test_id("predictions").locator("button").nth(1).click()
        tab.get_by_test_id("theme").click()
        tab.get_by_test_id("theme").click()
        quiet(tab)
        tab.evaluate("scrollTo(0, 0)")
        saved(tab, "page-chinese-dark", 1200)
        link = tab.url
        phone = browser.new_context(
            viewport={"width": PHONE[0], "height": PHONE[1]}, device_scale_factor=2, has_touch=True, is_mobile=True
        )
        small = phone.new_page()
        small.goto(address)
        small.goto(link)
        small.reload()
        quiet(small)
        small.get_by_role("tablist").scroll_into_view_if_needed()
        small.evaluate(
            "document.querySelector('seewhy-app').shadowRoot.querySelector('[role=tablist]').scrollIntoView()"
        )
        saved(small, "page-phone", 560)
        browser.close()


if __name__ == "__main__":
    main()
