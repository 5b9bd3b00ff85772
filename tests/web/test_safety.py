"""Who may not ask, and what may not be asked for: refused in words, without a trace, and the server goes on."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving import HOST, TOKEN, long, png, send


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "127.0.0.1"}, 421),
        ({"host": HOST.upper()}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"https://{HOST}"}, 403),
        ({"origin": f"http://{HOST}"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer ünsinn".encode()}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "", "cookie": f"seewhy-8765={TOKEN}"}, 200),
        ({"authorization": "", "cookie": "seewhy-8765=; seewhy"}, 401),
        ({"authorization": "", "cookie": f"seewhy-8764={TOKEN}"}, 401),
        ({"authorization": "", "cookie": f"seewhy-8764=another; seewhy-8765={TOKEN}"}, 200),
    ],
)
def test_who_may_ask(client: TestClient, headers: dict[str, Any], status: int) -> None:
    answer = client.get("/api/models", headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["problem"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers


def test_the_token_of_the_address_becomes_a_cookie(client: TestClient) -> None:
    bare = {"authorization": ""}
    answer = client.get(f"/?token={TOKEN}", headers=bare)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=strict" in answer.headers["set-cookie"]
    assert client.get("/api/models", headers=bare).status_code == 200
    client.cookies.clear()
    assert client.get("/?token=wrong", headers=bare).status_code == 401
    assert client.get(f"/api/models?token={TOKEN}", headers=bare).status_code == 401


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bad_input"),
        (b"no picture", "bad_input"),
        (png()[:200], "bad_input"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "bad_input"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bad_input"),
    ],
)
def test_what_is_no_photo(client: TestClient, data: bytes, code: str, tmp_path: Path) -> None:
    answer = client.put("/api/photos", content=data)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == code
    assert not any((tmp_path / "data" / "photos").iterdir())


def test_photos_too_large(served: Callable[..., TestClient]) -> None:
    client = served(bytes=3000, pixels=500)
    assert client.put("/api/photos", content=b"x" * 3001).status_code == 413
    assert client.put("/api/photos", content=iter([b"x" * 2000] * 3)).status_code == 413  # its length is not said
    many = client.put("/api/photos", content=png(size=(26, 20)))
    assert many.status_code == 422 and "500 pixels" in many.json()["error"]["problem"]


@pytest.mark.parametrize(
    "path",
    ["/api/photos/..%2f..%2fetc%2fpasswd", "/api/photos/" + "a" * 63, "/api/photos/" + "A" * 64,
     "/api/photos/" + "0" * 64,
     "/api/results/..%2fphotos", "/api/results/" + "0" * 64, "/api/jobs/none", "/api/nothing", "/../etc/passwd",
     "/api/models/nothing/classes", "/api/report?key=..%2f..", "/api/report"],
)  # fmt: skip
def test_what_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 422) and answer.json()["error"]["problem"]


@pytest.mark.parametrize(
    "change",
    [
        {"methods": ["nothing"]},
        {"methods": []},
        {"methods": "gradcam"},
        {"methods": [{"id": "gradcam", "options": {"nothing": 1}}]},
        {"methods": [{"id": "rise", "options": {"n_samples": 10**12}}]},
        {"methods": [{"id": "occlusion", "options": {"baseline": "@/etc/passwd"}}]},
        {"methods": [{"id": "attention_rollout"}]},
        {"methods": ["gradcam"] * 65},
        {"targets": ["zebra"]},
        {"targets": [3]},
        {"targets": ["x" * 201]},
        {"targets": ["99"]},
        {"model": "torchvision:resnet50"},
        {"model": 3},
        {"photo": "0" * 64},
        {"photo": "../../etc/passwd"},
        {"photo": 3},
        {"seed": -1},
        {"seed": 0.5},
        {"score": "nothing"},
        {"more": 1},
    ],
)
def test_work_that_can_not_be_done_is_refused_before_it_waits(client: TestClient, change: dict[str, Any]) -> None:
    answer = client.post("/api/jobs", json={"photo": send(client), **change})
    if answer.status_code == 202:  # what only a forward tells
        assert change in ({"targets": ["99"]},)
        return
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]["problem"] and "Traceback" not in answer.text
    assert client.get("/api/jobs").json()["jobs"] == []


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"photo": NaN}', b"\xff\xfe", b"[" * 5000, b'"' + b"x" * 70000])
def test_bodies_that_are_no_json_object(client: TestClient, text: bytes) -> None:
    for path in ("/api/jobs", "/api/predictions"):
        answer = client.post(path, content=text)
        assert answer.status_code in (400, 413) and answer.json()["error"]["code"] in ("bad_json", "too_large")


def test_a_full_queue(served: Callable[..., TestClient]) -> None:
    client = served(waiting=2)
    photo = send(client)
    answers = [
        client.post("/api/jobs", json={"photo": photo, "methods": [long(100000 + i)]})
        for i in range(5)
    ]  # fmt: skip
    assert [one.status_code for one in answers][:2] == [202, 202] and answers[-1].status_code == 429
    for job in client.get("/api/jobs").json()["jobs"][::-1]:
        client.delete(f"/api/jobs/{job['id']}")


def test_every_route_is_described(client: TestClient) -> None:
    described = {
        (method.upper(), path) for path, own in client.get("/api").json()["paths"].items() for method in own
    }  # fmt: skip
    routes: Any = client.app.routes  # type: ignore[attr-defined]  # a Starlette
    there = {(method, re.sub(r":\w+\}", "}", one.path)) for one in routes for method in one.methods - {"HEAD"}}
    assert there == described


def sample(schema: dict[str, Any], draw: random.Random) -> Any:
    """Something that may or may not fit a schema."""
    strange: list[Any] = [
        None, True, -1, 2**70, 1.5, "", "x" * 300, "../..", "\u0000", "cat", [], {}, [[]], {"id": []}, "NaN",
        "top - top", "rank:999", "rank:-1",
    ]  # fmt: skip
    if draw.random() < 0.3:
        return draw.choice(strange)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if "oneOf" in schema:
        return sample(draw.choice(schema["oneOf"]), draw)
    kind = schema.get("type")
    if kind == "object":
        names = [name for name in schema.get("properties", {}) if draw.random() < 0.8]
        more = {draw.choice(["x", "", "layer", "n_samples"]): draw.choice(strange)} if draw.random() < 0.2 else {}
        return {name: sample(schema["properties"][name], draw) for name in names} | more
    if kind == "array":
        return [sample(schema["items"], draw) for _ in range(draw.randint(0, 3))]
    if kind == "integer":
        return draw.randint(-5, 2000)
    return draw.choice(["gradcam", "saliency", "occlusion", "top", "cat", "dog - cat", "0" * 64])


def test_a_thousand_requests_made_from_the_description(client: TestClient) -> None:
    """None is answered by a trace or a fault, and the server goes on."""
    draw, photo = random.Random(0), send(client)
    paths = client.get("/api").json()["paths"]
    for _ in range(1000):
        path = draw.choice(list(paths))
        method = draw.choice([*paths[path], "get", "put", "patch"])
        for name in ("model", "photo", "job", "key"):
            path = path.replace(f"{{{name}}}", draw.choice([photo, "small", "..", "%00", "x" * 500, "%F0%9F%98%80"]))
        if path.endswith("/events"):
            continue
        given = paths.get(path, {}).get(method, {}).get("requestBody", {}).get("content", {})
        schema = given.get("application/json", {}).get("schema", {})
        body = sample(schema, draw)
        if isinstance(body, dict) and draw.random() < 0.7:
            body["photo"] = photo
        answer = client.request(method, path, params={"lang": draw.choice(["en", "zh", "xx"])}, json=body)
        assert answer.status_code < 500, (method, path, body, answer.text)
        if "javascript" not in answer.headers.get("content-type", ""):  # which says what it was built from
            assert "Traceback" not in answer.text and "/src/" not in answer.text
    for job in client.get("/api/jobs").json()["jobs"][::-1]:
        client.delete(f"/api/jobs/{job['id']}")
    assert client.get("/api/models").status_code == 200
