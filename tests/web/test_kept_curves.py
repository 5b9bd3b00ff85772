"""Deletion and insertion of a result that is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.web.following import timed
from serving import ended, png, send


def result(client: TestClient, **more: Any) -> str:
    job = client.post("/api/jobs", json={"photo": send(client, png(7)), **more}).json()
    assert ended(client, job["id"])["state"] == "done"
    return str(job["cells"][0]["key"])


def test_curves_are_those_of_python_and_are_kept(
    served: Callable[..., TestClient], network: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photo.png").write_bytes(png(7))
    client = served()
    key = result(client)
    answer = client.get(f"/api/results/{key}/curves").json()
    found = seewhy.explain(network, str(tmp_path / "photo.png"))
    for kind in ("deletion", "insertion"):
        wanted = getattr(seewhy.metrics, kind)(network, found, "blur", 20, random=3)
        assert answer[kind]["shares"] == pytest.approx(wanted.shares) and len(answer[kind]["shares"]) == 21
        assert answer[kind]["values"] == pytest.approx(wanted.values[0], abs=1e-6)
        assert answer[kind]["area"] == pytest.approx(wanted.area[0], abs=1e-6)
        assert answer[kind]["random_area"] == pytest.approx(wanted.random_area[0], abs=1e-6)
        assert len(answer[kind]["random"]) == 21
    assert answer["score"] == "probability" and answer["fill"] == "blur"
    monkeypatch.setattr("seewhy.web.following.deletion", None)
    assert served().get(f"/api/results/{key}/curves").json() == answer, "another process reads it from the disk"


@pytest.mark.parametrize(
    "params",
    [{"fill": "noise"}, {"steps": "1"}, {"steps": "101"}, {"steps": "x"}, {"steps": "²"}, {"random": "-1"},
     {"random": "21"}],
)  # fmt: skip
def test_curves_that_can_not_be_asked_for(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get(f"/api/results/{result(client)}/curves", params=params)
    assert answer.status_code == 422 or answer.status_code == 400
    assert answer.json()["error"]["problem"]


def test_what_has_no_curves_is_told(client: TestClient) -> None:
    assert client.get("/api/results/" + "0" * 64 + "/curves").status_code == 404
    answer = client.get(f"/api/results/{result(client, targets=['cat - dog'])}/curves")
    assert answer.status_code == 422 and "not one class" in answer.json()["error"]["problem"]


def test_curves_that_take_too_long_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    key = result(client)
    monkeypatch.setattr("seewhy.web.following.timed", lambda model, _seconds: timed(model, -1))
    answer = client.get(f"/api/results/{key}/curves")
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "too_long"
    monkeypatch.undo()
    assert client.get(f"/api/results/{key}/curves").status_code == 200


def test_a_result_of_a_network_that_is_not_served_any_more(served: Callable[..., TestClient]) -> None:
    key = result(served())
    other = Model(SmallNet(seed=1).eval(), mean=MEAN, std=STD, size=(32, 32), classes=list("abcd"))
    answer = served({"other": other}).get(f"/api/results/{key}/curves")
    assert answer.status_code == 422 and "is not served" in answer.json()["error"]["problem"]


def test_the_oldest_curves_go_first(client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seewhy.web.following.MOST", 2)
    key = result(client)
    for steps in (2, 3, 4):
        client.get(f"/api/results/{key}/curves", params={"steps": steps, "random": 0})
    kept = sorted(one.name.split("-")[2] for one in (tmp_path / "data" / "curves").iterdir())
    assert kept == ["3", "4"]
