"""Attention, feature maps and decisions as pages for a frame: the command line's own, or a refusal to read."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from torch import nn

import seewhy
from attentive import BrightTokens
from conftest import MEAN, STD, SmallNet
from paging import running
from seewhy import Model
from seewhy.render.activations_page import activations_page
from seewhy.render.attention_page import attention_page
from serving import TOKEN, png, send

POLICY = "sandbox allow-scripts; frame-ancestors 'self'"
DRAWN = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(value => value > 0)"
COOKIE = "() => { try { return document.cookie } catch { return 'kept out' } }"
NAMES = ("tabby cat", "golden retriever", "school bus", "banana")


@pytest.fixture
def vit() -> Model:
    return Model(BrightTokens().eval(), mean=MEAN, std=STD, size=(32, 40), classes=["dark", "red", "green"])


@pytest.fixture
def both(served: Callable[..., TestClient], network: Model, vit: Model) -> TestClient:
    return served({"small": network, "vit": vit})


def test_pages_are_those_of_the_command_line(both: TestClient, vit: Model, network: Model, tmp_path: Path) -> None:
    id = send(both, png(3))
    photo = tmp_path / f"{id[:8]}.png"
    photo.write_bytes(png(3))
    answer = both.get("/inside/attention", params={"photo": id, "model": "vit", "lang": "zh"})
    assert answer.status_code == 200, answer.text
    assert answer.text == attention_page(seewhy.inspect.attention(vit, str(photo)), "zh")
    for layer in ("", "conv2"):
        answer = both.get("/inside/activations", params={"photo": id, "model": "small", "layer": layer})
        wanted = seewhy.inspect.activations(network, str(photo), [layer] if layer else None)
        assert answer.text == activations_page(wanted, most=64)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["content-type"].startswith("text/html")


def test_a_tree_is_made_once_a_network(
    both: TestClient, network: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[Any] = []
    induce = seewhy.trees.induce
    monkeypatch.setattr("seewhy.trees.induce", lambda one: made.append(one) or induce(one))
    for seed in (1, 2, 1):
        answer = both.get("/inside/tree", params={"photo": send(both, png(seed)), "lang": "en"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-security-policy"] == POLICY
        (tmp_path / "photo.png").write_bytes(png(seed))
        found = seewhy.explain_decisions(network, str(tmp_path / "photo.png"), induce(network))
        assert f'"said":"{100 * found.shown[0].share:.1f}%"' in answer.text
    assert len(made) == 1


def test_a_page_is_made_once(both: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"photo": send(both), "model": "vit"}
    first = both.get("/inside/attention", params=asked).text
    monkeypatch.setattr("seewhy.inspect.attention", None)
    assert both.get("/inside/attention", params=asked).text == first


@pytest.mark.parametrize(
    ("path", "params", "status", "said"),
    [
        ("attention", {}, 422, "no attention was found"),
        ("attention", {"layer": "conv1"}, 422, "not asked for here"),
        ("activations", {"layer": "<b>nothing</b>"}, 404, "&lt;b&gt;nothing"),
        ("activations", {"layer": "x" * 201}, 422, "no name"),
        ("activations", {"photo": "0" * 64}, 404, "PUT /api/photos"),
        ("activations", {"photo": "../../etc/passwd"}, 404, "no photo"),
        ("activations", {"model": "nothing"}, 404, "no model"),
        ("activations", {"lang": "xx"}, 422, "lang is"),
        ("tree", {"model": "headless"}, 422, "linear"),
    ],
)
def test_what_can_not_be_shown_is_told_on_a_page(
    served: Callable[..., TestClient], network: Model, path: str, params: dict[str, str], status: int, said: str
) -> None:
    headless = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    client = served({"small": network, "headless": Model(headless.eval(), mean=MEAN, std=STD, size=(32, 32))})
    answer = client.get(f"/inside/{path}", params={"photo": send(client), **params})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html") and said in answer.text
    assert "<b>" not in answer.text and "<script" not in answer.text and "Traceback" not in answer.text
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]


def framing(names: dict[str, str]) -> str:
    return "<!doctype html>" + "".join(
        f'<iframe id="{name}" sandbox="allow-scripts" width="900" height="900" src="{address}"></iframe>'
        for name, address in names.items()
    )


def test_in_a_browser_each_is_shown_in_a_sandboxed_frame_and_its_script_runs(browser: Any, tmp_path: Path) -> None:
    """A page of the server's own frames all three, by the cookie of the address that was opened."""
    net = SmallNet().eval()
    models = {
        "small": Model(net, mean=MEAN, std=STD, size=(32, 32), classes=NAMES),
        "vit": Model(BrightTokens().eval(), mean=MEAN, std=STD, size=(32, 40), classes=NAMES[:3]),
    }
    with running(models, tmp_path) as (host, app):
        photo = send_to(host, png(3, (200, 160)))
        names = {
            "attention": f"/inside/attention?photo={photo}&model=vit",
            "activations": f"/inside/activations?photo={photo}&model=small&layer=conv2",
            "tree": f"/inside/tree?photo={photo}&model=small",
            "refused": f"/inside/attention?photo={photo}&model=small",
        }

        async def frames(_request: Request) -> Response:
            policy = "default-src 'none'; frame-src 'self'; frame-ancestors 'none'"
            return HTMLResponse(framing(names), headers={"content-security-policy": policy})

        app.router.routes.append(Route("/frames", frames))
        context = browser.new_context(viewport={"width": 1000, "height": 1000})
        try:
            tab, errors, asked = context.new_page(), [], []
            tab.on("console", lambda message: errors.extend([message.text] * (message.type == "error")))
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(f"http://{host}/frames?token={TOKEN}")
            tab.wait_for_load_state("networkidle")
            shown = {name: tab.frame_locator(f"#{name}") for name in names}
            for name in ("attention", "activations", "tree"):
                canvas = shown[name].locator("canvas").first
                canvas.wait_for(state="visible", timeout=10000)
                assert canvas.evaluate(DRAWN), f"nothing drew the canvas of {name}"
                assert canvas.evaluate("() => window.origin") == "null"
                assert canvas.evaluate(COOKIE) == "kept out"
            assert "no attention was found" in shown["refused"].locator("body").inner_text()
            assert [one for one in asked if not one.startswith((f"http://{host}/", "data:", "blob:"))] == []
            assert [one for one in errors if "422" not in one and "sandbox" not in one.lower()] == []
        finally:
            context.close()


def test_no_other_page_may_frame_them(both: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"}
    assert both.get("/inside/activations", params={"photo": send(both)}, headers=headers).status_code == 403


def send_to(host: str, data: bytes) -> str:
    asked = urllib.request.Request(
        f"http://{host}/api/photos", data, {"authorization": f"Bearer {TOKEN}"}, method="PUT"
    )
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["id"])
