"""The page's document and script: small, kept by browsers, and with nothing in it that could run besides."""

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from seewhy import Model
from seewhy.render.colors import table
from seewhy.web import application
from seewhy.web.shelf import Shelf
from serving import HOST, TOKEN, png


def data(text: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)
    assert found
    read: dict[str, Any] = json.loads(found[1])
    return read


def test_the_page_names_its_script_and_holds_what_it_starts_with(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    held = data(answer.text)
    assert (held["lang"], held["limits"]["grid"]) == ("en", 64)
    raw = np.frombuffer(base64.b64decode(held["tables"]["inferno"]), np.uint8)
    np.testing.assert_array_equal(raw.reshape(256, 3), table("inferno"))
    named = re.findall(r'(?:src|href)="/(\w+\.js)\?v=(\w+)"', answer.text)
    assert {name for name, _ in named} == {"start.js", "app.js", "viewer.js"} and len(
        {digest for _, digest in named}
    ) == 1
    assert "noscript" in answer.text and "<style" not in answer.text and " style=" not in answer.text
    scripts = {name: client.get(f"/{name}?v={digest}") for name, digest in named}
    assert all("immutable" in one.headers["cache-control"] for one in scripts.values())
    for name, other in (("start.js", "app.js"), ("app.js", "viewer.js")):  # the same address as the document has
        assert f'"./{other}?v={named[0][1]}"' in scripts[name].text
    for path in ("/app.js", "/app.js?v=older", "/viewer.js", "/start.js?v=older"):
        assert client.get(path).headers["cache-control"] == "no-cache"
    icon = re.search(r'href="(/[^"]+\.svg)"', answer.text)
    assert icon and client.get(icon[1]).headers["content-type"] == "image/svg+xml"


def test_scripts_styles_and_frames_come_from_the_server_alone(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy
    assert {rules[name] for name in ("script-src", "style-src", "frame-src", "connect-src")} == {"'self'"}


def test_what_a_first_visit_takes(client: TestClient) -> None:
    total = 0
    for path in ("/", "/start.js", "/app.js", "/viewer.js", "/favicon.svg"):
        with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        plain = client.get(path, headers={"accept-encoding": "gzip;q=0, br"})
        assert "content-encoding" not in plain.headers and gzip.decompress(packed) == plain.content
        total += len(packed)
        print(f"{path}: {len(packed):,} bytes")
    assert total < 100_000


def test_no_stranger_sees_the_page_and_nothing_else_is_there(client: TestClient) -> None:
    for path in ("/", "/start.js", "/app.js", "/viewer.js", "/favicon.svg"):
        assert client.get(path, headers={"authorization": ""}).status_code == 401
        assert client.post(path).status_code == 405
    for path in ("/nothing", "/viewer.css", "/page.html", "/index.html"):
        answer = client.get(path)
        assert answer.status_code == 404 and answer.json()["error"]["hint"]


def test_the_language_of_the_server(network: Model, tmp_path: Path) -> None:
    app = application({"small": network}, tmp_path, token=TOKEN, hosts=frozenset({HOST}), lang="zh")
    known = {"authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url=f"http://{HOST}", headers=known) as client:
        text = client.get("/").text
    assert '<html lang="zh-CN">' in text and data(text)["lang"] == "zh" and "需要 JavaScript" in text


def test_models_that_are_still_being_loaded(served: Callable[..., TestClient], network: Model) -> None:
    shelf = Shelf(["small", "owner/large:one"])
    shelf.put("small", network)
    client = served(shelf)
    listed = client.get("/api/models").json()
    assert [one["id"] for one in listed["models"]] == ["small"] and listed["loading"] == ["owner/large:one"]
    photo = client.put("/api/photos", content=png()).json()["id"]
    for path in ("/api/predictions", "/api/jobs"):
        answer = client.post(path, json={"photo": photo, "model": "owner/large:one"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "loading")
    assert client.get("/api/models/owner%2Flarge:one/classes").status_code == 503
    shelf.put("owner/large:one", network)
    assert client.get("/api/models/owner%2Flarge:one/classes").json()["classes"][0] == "cat"
    assert client.get("/api/models").json()["loading"] == []


@pytest.mark.parametrize("given", ["gzip", "br, gzip;q=0.5", "identity;q=0, gzip"])
def test_ways_to_say_gzip(client: TestClient, given: str) -> None:
    assert client.get("/", headers={"accept-encoding": given}).headers["content-encoding"] == "gzip"
