"""Pages opened from disk in headless Chromium."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
READING = "willReadFrequently"  # a warning about these tests, which read the canvas back


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: the dependency group 'test'")
    if CHROMIUM is None:
        pytest.skip("needs an installed Chromium")
    with sync_api.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a page's text; it must ask nothing of the network and report nothing to the console."""
    complaints: list[str] = []
    contexts = []

    def go(html: str, **options: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 1400}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: complaints.extend([message.text] * (READING not in message.text)))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request",
            lambda asked: complaints.extend([asked.url] * (not asked.url.startswith(("data:", "file:", "blob:")))),
        )
        tab.goto(file.as_uri())
        return tab

    yield go
    for context in contexts:
        context.close()
    assert complaints == []
