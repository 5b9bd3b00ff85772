"""A server in this process, and a client that has its token."""

import base64
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy import Model
from seewhy.web import Limits, application

TOKEN, HOST = "a-token", "127.0.0.1:8765"


def png(seed: int = 0, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, options.pop("format", "PNG"), **options)
    return file.getvalue()


@pytest.fixture
def network() -> Model:
    from conftest import MEAN, STD, SmallNet  # which loads this file

    return Model(SmallNet().eval(), mean=MEAN, std=STD, size=(32, 32), classes=["cat", "dog", "car", "<b>bus</b>"])


@pytest.fixture
def served(network: Model, tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Serve models with limits; several times, to come back to the same folder."""
    running: list[TestClient] = []

    def serve(models: dict[str, Model] | None = None, **limits: Any) -> TestClient:
        app = application(
            models or {"small": network},
            tmp_path / "data",
            token=TOKEN,
            hosts=frozenset({HOST}),
            limits=Limits(**limits),
        )
        client = TestClient(
            app, base_url=f"http://{HOST}", headers={"authorization": f"Bearer {TOKEN}"}, follow_redirects=False
        )
        client.__enter__()
        running.append(client)
        return client

    yield serve
    for client in running:
        client.__exit__(None, None, None)


@pytest.fixture
def client(served: Callable[..., TestClient]) -> TestClient:
    return served()


def send(client: TestClient, data: bytes | None = None) -> str:
    """A photo's id."""
    answer = client.put("/api/photos", content=png() if data is None else data)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def ended(client: TestClient, job: str) -> dict[str, Any]:
    """The job once it has ended."""
    for _ in range(2000):
        found: dict[str, Any] = client.get(f"/api/jobs/{job}").json()
        if found["state"] in ("done", "failed", "cancelled"):
            return found
        time.sleep(0.005)
    raise AssertionError(f"{found} does not end")


def values(answer: dict[str, Any]) -> Any:
    raw = np.frombuffer(base64.b64decode(answer["values"]), "<f4")
    return raw.reshape(answer["rows"], answer["columns"])


def long(samples: int) -> dict[str, Any]:
    """A method that takes its time."""
    return {"id": "rise", "options": {"n_samples": samples}}
