"""A script posts a photo and gets values: the same as Python's."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy import Model, explain, list_methods, predict
from seewhy.web import Limits
from seewhy.web.asked import asked
from seewhy.web.costs import Costs
from seewhy.web.jobs import Job
from seewhy.web.photos import Photos
from seewhy.web.results import Results
from seewhy.web.shelf import Shelf
from seewhy.web.work import Work
from serving import ended, long, png, send, values


def events(client: TestClient, job: str, after: int = 0) -> list[dict[str, Any]]:
    headers = {"last-event-id": str(after)} if after else {}
    text = client.get(f"/api/jobs/{job}/events", headers=headers).text
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def test_models_say_what_they_offer(client: TestClient) -> None:
    (model,) = client.get("/api/models").json()["models"]
    methods = {one["id"]: one for one in model["methods"]}
    assert (model["id"], model["classes"]) == ("small", 4)
    assert methods["gradcam"]["offered"] and not methods["attention_rollout"]["offered"]
    assert "ATTENTION" in methods["attention_rollout"]["reason"]
    steps = next(one for one in methods["integrated_gradients"]["options"] if one["name"] == "n_steps")
    assert steps["default"] == 50 and steps["help"]
    assert client.get("/api/models/small/classes").json()["classes"][3] == "<b>bus</b>"


def test_each_method_has_its_card_in_both_languages(client: TestClient) -> None:
    english, chinese = (client.get(f"/api/cards?lang={lang}").json()["cards"] for lang in ("en", "zh"))
    assert list(english) == list(chinese) == [one.id for one in list_methods()]
    assert list(english["rise"]) == [
        "title", "family", "answers", "misleads", "use", "cost", "summary", "paper", "link",
    ]  # fmt: skip
    assert english["rise"]["link"] == chinese["rise"]["link"] == "https://arxiv.org/abs/1806.07421"
    assert chinese["rise"]["cost"] == "每个基线前向 n_samples 次"
    (model,) = client.get("/api/models?lang=zh").json()["models"]
    found = next(one for one in model["methods"] if one["id"] == "rise")
    assert found["cost"] == chinese["rise"]["cost"] and found["summary"] == chinese["rise"]["summary"]
    assert {one["name"]: one["help"] for one in found["options"]}["keep"] == "单元格可见的概率"
    assert client.get("/api/cards?lang=fr").status_code == 422


def test_predictions_are_those_of_python(client: TestClient, network: Model, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(png(3))
    photo = send(client, png(3))
    answer = client.post("/api/predictions", json={"photo": photo, "top": 2}).json()["predictions"]
    wanted = predict(network, str(tmp_path / "photo.png"), 2)
    assert [one["index"] for one in answer] == [one.index for one in wanted]
    assert [one["probability"] for one in answer] == pytest.approx([one.probability for one in wanted])


def test_explanations_are_those_of_python_and_are_kept(
    served: Callable[..., TestClient], network: Model, tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(png(4))
    client = served()
    work = {
        "photo": send(client, png(4)),
        "methods": ["gradcam", {"id": "integrated_gradients", "options": {"n_steps": 5}}],
        "targets": ["top", "dog", "cat - dog"],
    }
    job = client.post("/api/jobs", json=work).json()
    assert ended(client, job["id"])["state"] == "done"
    told = events(client, job["id"])
    assert [one["number"] for one in told] == list(range(1, len(told) + 1))
    kinds = [one["kind"] for one in told]
    assert kinds[0] == "waiting" and "running" in kinds and kinds[-1] == "done" and kinds.count("result") == 6
    assert events(client, job["id"], after=len(told) - 1) == told[-1:]
    for cell in job["cells"]:
        answer = client.get(f"/api/results/{cell['key']}").json()
        options = {"n_steps": 5} if cell["method"] == "integrated_gradients" else {}
        asked: Any = {"top": None, "dog": "dog"}.get(cell["target"])
        if cell["target"] not in ("top", "dog"):
            continue
        wanted = explain(network, str(tmp_path / "photo.png"), cell["method"], asked, **options)
        np.testing.assert_array_equal(values(answer), wanted.reduced()[0])
        assert answer["seconds"] > 0 and answer["label"] == wanted.labels[0]
    again = served()  # another process, by the same folder
    job = again.post("/api/jobs", json=work).json()
    assert ended(again, job["id"])["state"] == "done"
    assert all(one["cached"] for one in events(again, job["id"]) if one["kind"] == "result")


def test_what_is_here_of_work_is_told_at_once_and_nothing_is_begun(client: TestClient) -> None:
    photo = send(client, png(21))
    job = client.post("/api/jobs", json={"photo": photo, "methods": ["gradcam"], "targets": ["dog"]}).json()
    assert ended(client, job["id"])["state"] == "done"
    wish = {"photo": photo, "methods": ["saliency", "gradcam"], "targets": ["cat", "dog"]}
    told = client.post("/api/results", json=wish).json()
    asked = [(cell["method"], cell["target"], cell["ready"]) for cell in told["cells"]]
    assert asked == [(method, target, (method, target) == ("gradcam", "dog"))
                     for method in ("saliency", "gradcam") for target in ("cat", "dog")]  # fmt: skip
    assert told["results"] == [client.get(f"/api/results/{job['cells'][0]['key']}").json()]
    assert client.get("/api/jobs").json() == {"jobs": []}
    assert client.post("/api/results", json={**wish, "photo": "0" * 64}).status_code == 404


def test_a_report_is_one_file(client: TestClient) -> None:
    job = client.post("/api/jobs", json={"photo": send(client), "methods": ["gradcam", "saliency"]}).json()
    ended(client, job["id"])
    answer = client.get("/api/report", params={"key": [cell["key"] for cell in job["cells"]], "lang": "zh"})
    assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")
    assert "attachment" in answer.headers["content-disposition"] and 'lang="zh-CN"' in answer.text


def test_a_photo_is_kept_without_what_its_file_says_besides(client: TestClient, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    id = send(client, png(5, format="JPEG", exif=exif))
    kept = [*(tmp_path / "data" / "photos").iterdir()]
    assert [one.name for one in kept] == [f"{id}.png"]
    assert b"taken at home" not in kept[0].read_bytes()
    shown = client.get(f"/api/photos/{id}")
    assert shown.headers["content-type"] == "image/webp" and b"taken at home" not in shown.content


def test_the_same_work_is_done_once(client: TestClient) -> None:
    photo = send(client)
    slow = {"photo": photo, "methods": [long(200000)]}
    first, second = (client.post("/api/jobs", json=slow).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert [one["id"] for one in client.get("/api/jobs").json()["jobs"]] == [first["id"]]
    client.delete(f"/api/jobs/{first['id']}")
    assert ended(client, first["id"])["state"] == "cancelled"


def test_work_waits_its_turn_and_is_cancelled_there_or_at_work(client: TestClient) -> None:
    photo = send(client)
    jobs = [
        client.post("/api/jobs", json={"photo": photo, "methods": [long(200000 + i)]})
        for i in range(3)
    ]  # fmt: skip
    ids = [job.json()["id"] for job in jobs]
    assert jobs[2].json()["before"] == 2
    while client.get(f"/api/jobs/{ids[0]}").json()["events"] < 5:
        time.sleep(0.01)
    for id in (ids[1], ids[0]):
        client.delete(f"/api/jobs/{id}")
    assert ended(client, ids[0])["state"] == ended(client, ids[1])["state"] == "cancelled"
    told = [one for one in events(client, ids[0]) if one["kind"] == "progress" and "total" in one]
    assert told and told[-1]["total"] == 200000
    assert client.get(f"/api/jobs/{ids[2]}").json()["state"] in ("waiting", "running")
    client.delete(f"/api/jobs/{ids[2]}")
    assert ended(client, ids[2])["state"] == "cancelled"
    cells = [cell["key"] for job in jobs for cell in job.json()["cells"]]
    assert all(client.get(f"/api/results/{key}").status_code == 404 for key in cells), "half of a result is none"


def test_work_that_takes_too_long_ends(served: Callable[..., TestClient]) -> None:
    client = served(seconds=0.05)
    work = {"photo": send(client), "methods": [long(1000000)]}
    job = client.post("/api/jobs", json=work).json()
    assert ended(client, job["id"])["state"] == "cancelled"
    assert events(client, job["id"])[-1]["late"] is True


def test_what_fails_is_said_and_the_next_goes_on(served: Callable[..., TestClient], network: Model) -> None:
    broken = Model(network.module, mean=network.mean, std=network.std, size=(32, 32))
    client = served({"small": network, "broken": broken})
    client.get("/api/models")
    photo = send(client)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(network.module), "forward", lambda self, x: x.sum() / 0 + "a")
        job = client.post("/api/jobs", json={"photo": photo, "model": "broken", "seed": 1}).json()
        failed = ended(client, job["id"]) if "id" in job else job
    assert failed.get("state") == "failed" or "error" in failed
    assert "Traceback" not in json.dumps(failed)
    job = client.post("/api/jobs", json={"photo": photo}).json()
    assert ended(client, job["id"])["state"] == "done"


def test_the_map_so_far_grows_into_the_result(client: TestClient, tmp_path: Path, network: Model) -> None:
    (tmp_path / "photo.png").write_bytes(png(8))
    work = {"photo": send(client, png(8)), "methods": [long(60000)], "targets": ["cat", "dog"]}
    job = client.post("/api/jobs", json=work).json()
    keys = [cell["key"] for cell in job["cells"]]
    while client.get(f"/api/jobs/{job['id']}/partial/{keys[0]}").status_code != 200:
        time.sleep(0.01)
        assert client.get(f"/api/jobs/{job['id']}").json()["state"] in ("waiting", "running")
    early = {key: values(client.get(f"/api/jobs/{job['id']}/partial/{key}").json()) for key in keys}
    client.delete(f"/api/jobs/{job['id']}")
    for key, label in zip(keys, ("cat", "dog"), strict=True):
        whole = explain(network, str(tmp_path / "photo.png"), "rise", label, n_samples=2000).reduced()[0]
        assert early[key].shape == whole.shape
        assert np.corrcoef(early[key].ravel(), whole.ravel())[0, 1] > 0.9
    assert {one["key"] for one in events(client, job["id"]) if one["kind"] == "partial"} == set(keys)


def test_what_a_method_returns_once_it_is_cancelled_is_not_kept(
    client: TestClient, tmp_path: Path, network: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, limits = send(client), Limits()
    photos, results = Photos(tmp_path / "data" / "photos", limits), Results(tmp_path / "kept", limits)
    job = Job(asked({"photo": photo}, Shelf.of({"small": network}), limits))

    def cancelled(_model: Model, path: str, *_args: Any, **_options: Any) -> list[Any]:
        job.cancelled.set()
        return [explain(network, path)]

    monkeypatch.setattr("seewhy.web.work.compare", cancelled)
    Work(photos, results, Costs(tmp_path / "costs.json"))(job)
    assert job.asked.cells[0].key not in results and not [one for one in job.events if one["kind"] == "result"]
