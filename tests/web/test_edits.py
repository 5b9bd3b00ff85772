"""A part of a photo is hidden or kept alone, and the scores are those of that very picture."""

import io
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.images import load
from seewhy.web.edits import Brush
from seewhy.web.twins import twin
from serving import HOST, TOKEN, ended, long, png, send


def edited(client: TestClient, photo: str, edit: Any, status: int = 200, **more: Any) -> Any:
    answer = client.post("/api/edits", json={"photo": photo, "edit": edit, **more})
    assert answer.status_code == status, answer.text
    return answer.json()


def explained(client: TestClient, photo: str, method: str = "gradcam", target: str = "top") -> str:
    job = client.post("/api/jobs", json={"photo": photo, "methods": [method], "targets": [target]}).json()
    assert ended(client, job["id"])["state"] == "done"
    return str(job["cells"][0]["key"])


def brush(mask: Any, **more: Any) -> dict[str, Any]:
    cells = np.asarray(mask, np.uint8)
    said = b64encode(cells.tobytes()).decode()
    return {"kind": "brush", "rows": cells.shape[0], "columns": cells.shape[1], "mask": said, **more}


def probabilities(model: Model, x: torch.Tensor) -> Any:
    return [one.probability for one in sorted(seewhy.predict(model, x, 4)[0], key=lambda one: one.index)]


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("fill", ["blur", "grey", "black"])
def test_the_hottest_share_is_what_the_curves_hide(
    client: TestClient, network: Model, tmp_path: Path, keep: bool, fill: str
) -> None:
    (tmp_path / "photo.png").write_bytes(png(7))
    photo = send(client, png(7))
    key = explained(client, photo, "saliency", "dog")
    found = seewhy.explain(network, str(tmp_path / "photo.png"), "saliency", "dog")
    make = seewhy.metrics.insertion if keep else seewhy.metrics.deletion
    curve = make(network, found, fill, steps=5, random=0)
    for step, share in enumerate([0, 0.2, 0.4, 0.6, 0.8, 1]):
        edit = {"kind": "hottest", "key": key, "share": share, "keep": keep, "fill": fill}
        answer = edited(client, photo, edit, classes=[1], top=2)
        assert answer["classes"][0]["probability"] == pytest.approx(curve.values[0, step], abs=1e-6)
        assert answer["covered"] == pytest.approx(1 - share if keep else share, abs=1e-3)
        assert len(answer["predictions"]) == 2 and answer["classes"][0]["label"] == "dog"
    curves = client.get(f"/api/results/{key}/curves", params={"fill": fill, "steps": 5, "random": 0}).json()
    np.testing.assert_allclose(curves["insertion" if keep else "deletion"]["values"], curve.values[0], atol=1e-6)


@pytest.mark.parametrize("keep", [False, True])
def test_a_brush_hides_what_lies_below_it(client: TestClient, network: Model, tmp_path: Path, keep: bool) -> None:
    """By hand: a photo of 40x30, of which the network sees the middle 30x30 at 32x32; the brush is over the photo."""
    (tmp_path / "photo.png").write_bytes(png(7))
    x, photo = load(str(tmp_path / "photo.png"), network.preprocess)
    mask = np.zeros((3, 4), np.uint8)
    mask[0, 2:] = 1  # rows 0 to 9 and columns 20 to 39 of the photo
    wanted = x.clone()
    for row in range(32):
        for column in range(32):
            down = (row + 0.5 - photo.geometry.offset[0]) / photo.geometry.scale[0]
            across = (column + 0.5 - photo.geometry.offset[1]) / photo.geometry.scale[1]
            if (down < 10 and across >= 20) != keep:
                wanted[0, :, row, column] = 0
    answer = edited(client, send(client, png(7)), brush(mask, keep=keep, fill="black"), classes=[0, 1, 2, 3])
    assert [one["probability"] for one in answer["classes"]] == pytest.approx(probabilities(network, wanted), abs=1e-6)
    hidden = float((wanted == 0).all(1).float().mean())
    assert answer["covered"] == pytest.approx(hidden, abs=2e-3)


def test_nothing_hidden_is_the_photo_itself(client: TestClient) -> None:
    photo = send(client)
    plain = client.post("/api/predictions", json={"photo": photo}).json()["predictions"]
    for edit in (brush([[0]], fill="grey"), brush([[1, 1]], keep=True, fill="blur")):
        answer = edited(client, photo, edit)
        assert answer["predictions"] == plain and answer["covered"] == 0 and answer["classes"] == []
        assert "picture" not in answer


def test_the_picture_is_what_the_network_was_shown_in_its_place(client: TestClient) -> None:
    """A white photo of 1300x650, the middle of which is seen: its right half black, the rest pale or white."""
    file = io.BytesIO()
    Image.new("RGB", (1300, 650), (0, 200, 0)).save(file, "PNG")
    mask = np.zeros((1, 2), np.uint8)
    mask[0, 1] = 1
    answer = edited(client, send(client, file.getvalue()), brush(mask, fill="black"), picture=True)
    head, data = answer["picture"].split(",", 1)
    shown = np.asarray(Image.open(io.BytesIO(b64decode(data))).convert("RGB")).astype(int)
    assert head == "data:image/webp;base64" and shown.shape == (320, 640, 3)
    assert np.abs(shown[100:200, 180:300] - [0, 200, 0]).max() < 12
    assert shown[100:200, 340:460].max() < 12
    for beside in (shown[100:200, 10:140], shown[100:200, 500:630]):
        assert np.abs(beside - (255 - 0.3 * (255 - np.array([0, 200, 0])))).max() < 12


def test_a_border_beside_the_photo_stays_and_covers_nothing(served: Callable[..., TestClient]) -> None:
    padded = Model(SmallNet().eval(), mean=MEAN, std=STD, size=(32, 32), classes=list("abcd"), mode="pad")
    client = served({"padded": padded})
    photo = send(client, png(size=(40, 20)))
    assert edited(client, photo, brush([[1]], fill="grey"))["covered"] == 1
    mask = Brush(np.ones((1, 1), bool), False, "grey").mask(load_geometry(padded), lambda key: np.empty(0))
    assert mask[:8].all() and mask[24:].all() and not mask[8:24].any()


def load_geometry(model: Model) -> Any:
    return load(Image.new("RGB", (40, 20)), model.preprocess)[1].geometry


def test_inpainting_is_offered_where_it_is_there(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2", reason="needs OpenCV: the extra 'inpaint'")
    photo, edit = send(client), brush([[1, 0]], fill="inpaint")
    assert client.get("/api/models").json()["models"][0]["fills"] == ["blur", "grey", "black", "inpaint"]
    assert 0.3 < edited(client, photo, edit)["covered"] < 0.7
    monkeypatch.setattr("seewhy.web.edits.find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    assert client.get("/api/models").json()["models"][0]["fills"] == ["blur", "grey", "black"]
    error = edited(client, photo, edit, 422)["error"]
    assert "OpenCV" in error["problem"] and "seewhy[inpaint]" in error["hint"]


@pytest.mark.parametrize(
    "edit",
    [
        None, [], "hottest", {}, {"kind": "nothing"}, {"kind": ["hottest"]},
        {"kind": "hottest"}, {"kind": "hottest", "key": 3, "share": 0.5},
        {"kind": "hottest", "key": "../../etc", "share": 0.5}, {"kind": "hottest", "key": "0" * 64, "share": 0.5},
        {"kind": "hottest", "key": "0" * 64, "share": 1.1}, {"kind": "hottest", "key": "0" * 64, "share": "half"},
        brush([[1]], more=1), brush([[1]], fill="noise"), brush([[1]], keep="no"), brush([[2]]),
        {**brush([[1]]), "rows": 2}, {**brush([[1]]), "rows": 0}, {**brush([[1]]), "rows": 10**9},
        {**brush([[1]]), "mask": "ü"}, {**brush([[1]]), "mask": 5}, {**brush([[1]]), "mask": ""},
    ],
)  # fmt: skip
def test_edits_that_can_not_be_made(client: TestClient, edit: Any) -> None:
    answer = client.post("/api/edits", json={"photo": send(client), "edit": edit})
    assert 400 <= answer.status_code < 500 and answer.json()["error"]["problem"], answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "change",
    [{"classes": [4]}, {"classes": [-1]}, {"classes": "dog"}, {"classes": [0] * 65}, {"classes": [True]}, {"top": 0},
     {"lang": "xx"}, {"model": "nothing"}, {"photo": "0" * 64}, {"photo": None}, {"more": 1}],
)  # fmt: skip
def test_requests_that_can_not_be_answered(client: TestClient, change: dict[str, Any]) -> None:
    answer = client.post("/api/edits", json={"photo": send(client), "edit": brush([[1]]), **change})
    assert 400 <= answer.status_code < 500 and answer.json()["error"]["problem"], answer.text


def test_a_mask_of_the_largest_size_passes_and_a_larger_one_does_not(client: TestClient) -> None:
    photo = send(client)
    assert edited(client, photo, brush(np.ones((512, 512))))["covered"] == 1
    assert edited(client, photo, brush(np.ones((513, 512))), 422)["error"]["code"] == "bad_option"
    assert edited(client, photo, brush(np.ones((600, 600))), 413)["error"]["code"] == "too_large"


def test_a_map_of_another_photo_or_network_is_refused(served: Callable[..., TestClient], network: Model) -> None:
    other = Model(SmallNet(seed=1).eval(), mean=MEAN, std=STD, size=(32, 32), classes=list("abcd"))
    client = served({"small": network, "other": other})
    photo, second = send(client), send(client, png(9))
    edit = {"kind": "hottest", "key": explained(client, photo), "share": 0.5}
    assert "another photo" in edited(client, second, edit, 422)["error"]["problem"]
    assert "not what was explained" in edited(client, photo, edit, 422, model="other")["error"]["problem"]
    edited(client, photo, edit)


def test_a_photo_is_unpacked_once_while_a_slider_moves(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = send(client)
    key = explained(client, photo)
    unpacked = []
    monkeypatch.setattr("seewhy.web.looked.load", lambda *given: unpacked.append(given) or load(*given))
    monkeypatch.setattr(
        "seewhy.web.editing.hottest", lambda one: unpacked.append(one) or seewhy.metrics.ranking.hottest(one)
    )
    for share in np.linspace(0, 1, 6):
        edited(client, photo, {"kind": "hottest", "key": key, "share": float(share)})
    assert len(unpacked) == 2


def test_predictions_and_edits_do_not_wait_for_the_work(client: TestClient) -> None:
    photo = send(client)
    job = client.post("/api/jobs", json={"photo": photo, "methods": [long(1000000)]}).json()
    while client.get(f"/api/jobs/{job['id']}").json()["events"] < 5:
        time.sleep(0.01)
    assert client.post("/api/predictions", json={"photo": photo}).status_code == 200
    edited(client, photo, brush([[1, 0]]))
    assert client.get(f"/api/jobs/{job['id']}").json()["state"] == "running"
    client.delete(f"/api/jobs/{job['id']}")


def test_an_edit_that_nobody_waits_for_is_not_computed(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slider that went on has dropped its request: the server sees that before it begins."""
    body = json.dumps({"photo": send(client), "edit": brush([[1, 0]])}).encode()
    computed: list[Any] = []
    monkeypatch.setattr("seewhy.web.editing.Editing._answer", lambda *given: computed.append(given) or {})
    headers = [(b"host", HOST.encode()), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/api/edits", "query_string": b"", "headers": headers}

    def asked(gone: bool) -> int:
        coming = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            if coming:
                return coming.pop()
            if not gone:
                await anyio.sleep_forever()
            return {"type": "http.disconnect"}

        async def answer(message: Any) -> None:
            sent.append(message)

        with ThreadPoolExecutor(1) as pool:  # in this thread Playwright has a loop that runs, where it was used
            pool.submit(anyio.run, client.app, scope, receive, answer).result()
        return int(sent[0]["status"])

    assert (asked(gone=True), computed) == (499, [])
    assert asked(gone=False) == 200 and len(computed) == 1


def test_a_twin_is_the_same_network_on_the_same_weights(network: Model) -> None:
    other = twin(network)
    assert other.module is not network.module and other.fingerprint == network.fingerprint
    pairs = list(zip(network.module.parameters(), other.module.parameters(), strict=True))
    assert all(one.data_ptr() == two.data_ptr() and not two.requires_grad for one, two in pairs)
    assert all(one.requires_grad for one, _ in pairs)
    x = torch.rand(1, 3, 32, 32)
    assert seewhy.predict(network, x) == seewhy.predict(other, x)
    function = seewhy.black_box(lambda images: images.mean((1, 2)), size=(16, 16), input="float")
    assert twin(function) is function
