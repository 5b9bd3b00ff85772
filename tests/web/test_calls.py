"""The calls that the server tells of give its values, bit for bit."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from starlette.testclient import TestClient

import seewhy
from called import of_command, of_python, same
from seewhy import Model
from serving import ended, send, values

OPTIONS = {"mean": (0.45, 0.4, 0.35), "std": (0.25, 0.3, 0.2), "size": (16, 20)}


@pytest.fixture
def client(there: Path, served: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """Of a network that has a name, and of which options are told; in a folder with the photo of its calls."""
    monkeypatch.syspath_prepend(str(there))
    (there / "photo.jpg").write_bytes((there / "photos" / "cat.jpg").read_bytes())
    names = ["tabby cat", "tiger cat", "dog", "car"]
    (there / "classes.txt").write_text("\n".join(names))
    return served({"bare": seewhy.load("nets.py:bare", **OPTIONS, classes=names)})


WORK: list[dict[str, Any]] = [
    {"methods": ["gradcam"]},
    {"methods": ["gradcam", "saliency"], "targets": ["top", "rank:1", "dog", "3", "dog - tiger cat", "top - 0"]},
    {"methods": [{"id": "rise", "options": {"n_samples": 40, "antithetic": True}},
                 {"id": "occlusion", "options": {"window": 4, "stride": 4}}], "seed": 7},
    {"methods": [{"id": "integrated_gradients", "options": {"n_steps": 6, "baseline": "mean"}}],
     "score": "probability"},
    {"methods": [{"id": "smoothgrad", "options": {"n_samples": 3}}, {"id": "vargrad", "options": {"n_samples": 4}},
                 {"id": "gradcam", "options": {"layer": "conv2"}}, {"id": "gradcam", "options": {"layer": "conv3"}},
                 {"id": "gradient_shap", "options": {"n_samples": 4, "baseline": [0.25, 0.5]}}, "hirescam"]},
]  # fmt: skip


@pytest.mark.parametrize("work", WORK, ids=lambda work: str(len(work["methods"])))
def test_both_calls_are_the_servers(
    client: TestClient, work: dict[str, Any], there: Path, call: Callable[..., Result], undrawn: None
) -> None:
    photo = send(client, (there / "photo.jpg").read_bytes())
    job = client.post("/api/jobs", json={"photo": photo, **work}).json()
    assert ended(client, job["id"])["state"] == "done"
    told = client.get(f"/api/jobs/{job['id']}").json()["calls"]
    assert told == job["calls"] and "mean=(0.45, 0.4, 0.35)" in told["python"]
    results = [client.get(f"/api/results/{cell['key']}").json() for cell in job["cells"]]
    by_python = of_python(told["python"])
    assert len(by_python) == len(results)
    for one, result in zip(by_python, results, strict=True):
        assert same(one, result), (one.method, one.target, np.abs(one.reduced()[0] - values(result)).max())
    by_command = of_command(told["command"], call, there)
    assert len(by_command) == len(results)
    assert all(any(same(one, result) for one in by_command) for result in results)


def test_the_calls_of_one_result(
    client: TestClient, there: Path, call: Callable[..., Result], undrawn: None
) -> None:  # fmt: skip
    photo = send(client, (there / "photo.jpg").read_bytes())
    for work in WORK[1:]:
        job = client.post("/api/jobs", json={"photo": photo, **work}).json()
        ended(client, job["id"])
        for number, cell in enumerate(job["cells"]):
            result = client.get(f"/api/results/{cell['key']}").json()
            assert "calls" in result, result
            (one,) = of_python(result["calls"]["python"])
            assert same(one, result), result["calls"]
            if number % 4 == 0:
                (one,) = of_command(result["calls"]["command"], call, there)
                assert same(one, result), result["calls"]


def test_each_method_has_its_own_options_and_the_models(client: TestClient, there: Path) -> None:
    job = client.post("/api/jobs", json={"photo": send(client, (there / "photo.jpg").read_bytes()), **WORK[-1]}).json()
    lines = job["calls"]["command"].splitlines()
    assert len(lines) == 6 and all(line.startswith("seewhy explain photo.jpg --model nets.py:bare") for line in lines)
    assert all("--mean 0.45,0.4,0.35" in line and "--classes classes.txt" in line for line in lines)
    assert len({line.split("--out ")[1] for line in lines}) == 6, "none writes over another's results"
    client.delete(f"/api/jobs/{job['id']}")


def test_what_no_call_can_say(served: Callable[..., TestClient], network: Model, there: Path) -> None:
    client = served({"mine": network})  # a module of the user's own, which no name stands for
    job = client.post("/api/jobs", json={"photo": send(client)}).json()
    ended(client, job["id"])
    none = {"python": None, "command": None}
    assert job["calls"] == none == client.get(f"/api/results/{job['cells'][0]['key']}").json()["calls"]


def test_what_is_typed_is_quoted(served: Callable[..., TestClient], there: Path, monkeypatch: Any) -> None:
    monkeypatch.syspath_prepend(str(there))
    names = ["a'; rm -rf ~; '", "$(true)", "-x", "b"]
    client = served({"bare": seewhy.load("nets.py:bare", **OPTIONS, classes=names)})
    job = client.post("/api/jobs", json={"photo": send(client), "targets": names}).json()
    words = shlex.split(job["calls"]["command"])
    assert [words[i + 1] for i, word in enumerate(words) if word == "--target"] == [names[0], names[1], "b"]
    assert "--target=-x" in words
    client.delete(f"/api/jobs/{job['id']}")
