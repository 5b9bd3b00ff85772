"""The page of `seewhy serve` in headless Chromium, before a server of this process."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
import uvicorn
from torch import nn

import seewhy
from browsing import READING
from seewhy import Model
from seewhy.lang import class_name
from seewhy.lang.classes import table
from seewhy.types import ModelCard
from seewhy.web import application
from seewhy.web.guard import hosts_of
from serving import TOKEN, png
from viewing import point

NAMES = [english for english, _ in table()[:12]]  # ImageNet's, at their places: so they have Chinese names
HOSTILE = "<img src=x onerror=alert(1)>"
MOST = 3  # pictures at once that the network named fragile bears


@contextmanager
def running(models: dict[str, Model], folder: Path) -> Iterator[tuple[str, Any]]:
    """A real server in a thread: its host, and the application."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        app = application(models, folder / "data", token=TOKEN, hosts=hosts_of(port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"127.0.0.1:{port}", app
        finally:
            app.state.close()  # else streams of unfinished work would be waited for
            server.should_exit = True
            thread.join(10)


class Fragile(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if len(x) > MOST:
            raise RuntimeError(f"no more than {MOST} <b>pictures</b>")
        return self.net(x)


def networks() -> dict[str, Model]:
    from attentive import BrightTokens
    from conftest import MEAN, STD, Bright, SmallNet  # which loads this file

    card = ModelCard("Small", "nets.py:small")
    how: dict[str, Any] = {"mean": MEAN, "std": STD}
    fragile = Model(Fragile(SmallNet().eval()), **how, size=(32, 32), classes=list("abcd"))
    fragile._set(fast=False)  # else its forward is written down, and the check is not in it
    return {
        "small": Model(SmallNet(len(NAMES)).eval(), **how, size=(32, 32), classes=NAMES, card=card),
        "vit": Model(BrightTokens().eval(), **how, size=(32, 40), classes=["dark", "red", HOSTILE]),
        "red": Model(Bright().eval(), **how, size=(32, 40), classes=["dark", "red", "green"]),
        "fragile": fragile,
    }


@dataclass(frozen=True)
class Site:
    """A server that runs. models: by name, twins of those that it has."""

    host: str
    models: dict[str, Model]

    @property
    def address(self) -> str:
        return f"http://{self.host}/"

    def ask(self, method: str, path: str, given: Any = None) -> Any:
        """What a script is answered. given: bytes, or what is sent as JSON."""
        data = given if isinstance(given, bytes | None) else json.dumps(given).encode()
        headers = {"authorization": f"Bearer {TOKEN}"}
        asked = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    def jobs(self) -> list[dict[str, Any]]:
        return [one for one in self.ask("GET", "api/jobs")["jobs"] if one["state"] in ("waiting", "running")]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(networks(), tmp_path_factory.mktemp("served")) as (host, _):
        yield Site(host, networks())


@dataclass
class Visits:
    """Browsers of the page's readers, each with nothing kept. What they complain of fails the test, but for `expected`:
    texts of the console that a test brings about."""

    browser: Any
    site: Site
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # "POST /api/jobs" and so on, of all of them

    def context(self, **options: Any) -> Any:
        made = self.browser.new_context(**{"viewport": {"width": 1280, "height": 1000}, "locale": "en-GB", **options})
        made.set_default_timeout(20_000)
        self.contexts.append(made)
        made.on("page", self._watch)
        return made

    def __call__(self, fragment: str = "", **options: Any) -> Any:
        """The page as it is opened from the address that the server prints."""
        tab = self.context(**options).new_page()
        tab.goto(f"{self.site.address}?token={TOKEN}")
        if fragment:
            tab.goto("about:blank")  # else the page that is there would take the link before it is opened anew
            tab.goto(f"{self.site.address}#{fragment}")
        tab.get_by_test_id("model").wait_for()
        return tab

    def _watch(self, tab: Any) -> None:
        tab.on("console", lambda message: self._heard(message.type, message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", self._asked)

    def _heard(self, kind: str, text: str) -> None:
        if READING not in text and not any(one in text for one in self.expected):
            self.complaints.append(f"{kind}: {text}")

    def _asked(self, request: Any) -> None:
        if request.url.startswith(self.site.address):
            self.asked.append(f"{request.method} /{request.url.removeprefix(self.site.address)}")
        elif not request.url.startswith(("data:", "blob:", "file:")):
            self.complaints.append(f"asked {request.url}")


@pytest.fixture
def visits(browser: Any, site: Site) -> Iterator[Visits]:
    made = Visits(browser, site)
    yield made
    for context in made.contexts:
        context.close()
    for job in site.jobs():
        site.ask("DELETE", f"api/jobs/{job['id']}")
    assert made.complaints == []


def give(tab: Any, *photos: tuple[str, bytes]) -> None:
    """Photos, by name, to the page's file input."""
    kinds = {"png": "image/png", "jpg": "image/jpeg"}
    files = [{"name": name, "mimeType": kinds.get(name[-3:], "image/png"), "buffer": data} for name, data in photos]
    tab.get_by_test_id("file").first.set_input_files(files)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A photo that no other test has: its maps were never made."""
    place = tmp_path / "photo.png"
    place.write_bytes(png(time.monotonic_ns() % 2**32, (64, 64)))
    return place


@pytest.fixture
def tab(visits: Visits, file: Path) -> Any:
    """The page with the photo's Grad-CAM."""
    made = visits()
    give(made, (file.name, file.read_bytes()))
    shown(made, "gradcam")
    return made


def until(true: Callable[[], Any], seconds: float = 8, tab: Any = None, said: Callable[[], str] = str) -> Any:
    """What `true` returns, once it is something. tab: which has to go on meanwhile. said: what it is instead."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, said()
        tab.wait_for_timeout(30) if tab else time.sleep(0.03)
    return found


def shown(tab: Any, *methods: str) -> None:
    """Wait until maps by these methods are there, whole, and nothing else."""
    wanted = ", ".join(methods)
    script = """() => { const { results, works, data } = document.querySelector('seewhy-app').session ?? {};
        return works && [works.busy.length, data?.explanations.length, ...results.map(one => one.method)]; }"""
    wanted = [0, len(methods), *methods]
    until(lambda: tab.evaluate(script) == wanted, tab=tab, said=lambda: f"{tab.evaluate(script)}, not {wanted}")
    for i in range(len(methods)):
        tab.get_by_test_id(f"heat-{i}").wait_for()


def explanation(site: Site, file: Path, method: str = "gradcam", model: str = "small", **options: Any) -> Any:
    """What Python explains of the same photo."""
    return seewhy.explain(site.models[model], file, method, **options)


def same_values(tab: Any, map: Any, *places: tuple[int, int], index: int = 0) -> None:
    """What is read under the pointer is what Python has there. map (h,w): an explanation's heatmap()."""
    size = map.shape[::-1]
    for x, y in places:
        point(tab, x, y, index, size)
        at = tab.get_by_test_id(f"where-{index}")
        until(lambda at=at, x=x, y=y: at.inner_text() == f"x {x}, y {y}", tab=tab, said=at.inner_text)
        read = np.float32(tab.get_by_test_id(f"value-{index}").get_attribute("data-raw"))
        assert read == map[y, x] or (np.isnan(read) and np.isnan(map[y, x]))


def chinese(name: str) -> str:
    return class_name(name, "zh", NAMES.index(name))


def predictions(tab: Any) -> list[tuple[str, str]]:
    """Classes and their percent, as they are read."""
    rows = tab.get_by_test_id("predictions").locator("li div").all()
    return [tuple(one.locator("span").all_inner_texts()) for one in rows]
