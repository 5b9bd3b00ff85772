"""Photos to start with are photos like any other."""

import io
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.web.samples import FILES


def test_samples_are_sent_when_they_are_first_asked_for(client: TestClient, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "photos"
    assert not any(kept.iterdir())
    samples = client.get("/api/samples").json()["samples"]
    assert [one["name"] for one in samples] == ["Cat", "Coffee", "Rocket", "Astronaut", "Motorcycle"]
    assert {f"{one['id']}.png" for one in samples} == {path.name for path in kept.iterdir()}
    assert client.get("/api/samples?lang=zh").json()["samples"][0]["name"] == "猫"
    for one in samples:
        shown = Image.open(io.BytesIO(client.get(f"/api/photos/{one['id']}").content))
        assert shown.size == (one["width"], one["height"])
        assert client.post("/api/predictions", json={"photo": one["id"]}).status_code == 200


def test_samples_that_another_version_does_not_ship_are_left_out(
    served: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(files("skimage.data").joinpath(name).is_file() for name in FILES.values())
    monkeypatch.setitem(FILES, "sample_rocket", "nothing.png")  # type: ignore[arg-type]  # a dict
    assert [one["name"] for one in served().get("/api/samples").json()["samples"]][1:3] == ["Coffee", "Astronaut"]
