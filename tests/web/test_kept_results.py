"""Results on disk: a photo is there once, those looked at last are in memory, and the oldest make room."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy import Explanation, Model, explain
from seewhy.images import load_all
from seewhy.store import MANIFEST
from seewhy.web import Limits
from seewhy.web.photos import Photos
from seewhy.web.refusing import Refusal
from seewhy.web.results import Results
from seewhy.web.room import Room
from serving import ended, long, png, send, values


def made(network: Model, folder: Path, seed: int) -> Explanation:
    (folder / "photo.png").write_bytes(png(seed))
    found: Explanation = explain(network, str(folder / "photo.png"))
    return found


def key(number: int) -> str:
    return f"{number:064x}"


def test_results_of_one_photo_have_it_on_disk_once(network: Model, tmp_path: Path) -> None:
    results, one = Results(tmp_path / "kept", Limits()), made(network, tmp_path, 0)
    for number in range(3):
        results.add(key(number), one)
    files = [tmp_path / "kept" / key(number) / "photo.png" for number in range(3)]
    assert len({file.stat().st_ino for file in files}) == 1
    results.add(key(3), made(network, tmp_path, 1))
    assert (tmp_path / "kept" / key(3) / "photo.png").stat().st_ino != files[0].stat().st_ino
    for file in (files[0], files[2]):  # what others share is not lost with one of them
        file.unlink()
    fresh = Results(tmp_path / "kept", Limits())
    np.testing.assert_array_equal(fresh.get(key(1)).photos[0].pixels, one.photos[0].pixels)
    results.add(key(4), one)
    np.testing.assert_array_equal(fresh.get(key(4)).photos[0].pixels, one.photos[0].pixels)


def test_what_was_looked_at_last_is_read_once(network: Model, tmp_path: Path) -> None:
    results, one = Results(tmp_path / "kept", Limits()), made(network, tmp_path, 0)
    results.add(key(0), one)
    assert results.get(key(0)) is one
    fresh = Results(tmp_path / "kept", Limits())
    assert fresh.get(key(0)) is fresh.get(key(0)) is not one
    held = one.values.nbytes + one.photos[0].pixels.nbytes
    small = Results(tmp_path / "kept", Limits(memory=2 * held + 1))
    small.add(key(1), replace(one, seed=1))
    small.add(key(2), replace(one, seed=2))
    first = small.get(key(0))
    assert small.get(key(0)) is first and small.get(key(2)) is small.get(key(2))
    small.get(key(1))
    assert small.get(key(0)) is not first, "only two of them fit"


def test_the_oldest_make_room(network: Model, tmp_path: Path) -> None:
    folder, one = tmp_path / "kept", made(network, tmp_path, 0)
    results = Results(folder, Limits())
    for number in range(3):
        results.add(key(number), one)
        os.utime(folder / key(number), (number, number))
    photo = (folder / key(0) / "photo.png").stat().st_size
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) - 2 * photo
    results = Results(folder, Limits(disk=size + photo + 100))  # it writes a photo anew
    results.get(key(0))  # which was the oldest
    results.add(key(3), one)
    assert sorted(path.name for path in folder.iterdir()) == [key(0), key(2), key(3)]
    assert key(1) not in results and results.get(key(0)).method == "gradcam"


def test_photos_and_results_share_the_disk(network: Model, tmp_path: Path) -> None:
    room = Room(10**9)
    needed = set[str]()
    photos = Photos(tmp_path / "photos", Limits(), room, lambda: needed)
    results = Results(tmp_path / "kept", Limits(), room)
    ids = [photos.add(png(seed)) for seed in range(3)]
    results.add(key(0), made(network, tmp_path, 0))
    for age, path in enumerate([*(tmp_path / "photos" / f"{id}.png" for id in ids), tmp_path / "kept" / key(0)]):
        os.utime(path, (age, age))
    full = photos.total + results.total
    assert full == sum(file.stat().st_size for file in tmp_path.glob("*/**/*") if file.is_file())
    photos.picture(ids[0])  # which was the oldest
    needed.add(ids[1])
    tight = Room(full)
    fresh = Photos(tmp_path / "photos", Limits(), tight, lambda: needed)
    others = Results(tmp_path / "kept", Limits(), tight)
    new = fresh.add(png(3))  # one too many
    assert {one.stem for one in fresh.kept()} == {ids[0], ids[1], new}, "the oldest is needed, the next went"
    with pytest.raises(Refusal) as gone:
        fresh.picture(ids[2])
    assert gone.value.status == 404
    fresh.add(png(4))
    assert key(0) not in others, "a result is let go of before a photo that was looked at later"
    assert fresh.total + others.total == sum(one.stat().st_size for one in fresh.kept()) <= full
    fresh.add(png(4))
    assert fresh.total == sum(one.stat().st_size for one in fresh.kept()), "sent once more, it is there once"


def test_a_photo_of_work_that_waits_stays(served: Callable[..., TestClient], tmp_path: Path) -> None:
    client = served(disk=10_000)
    photo = send(client, png(20))
    job = client.post("/api/jobs", json={"photo": photo, "methods": [long(200000)]}).json()
    waits = client.post("/api/jobs", json={"photo": send(client, png(21)), "methods": ["gradcam"]}).json()
    others = [send(client, png(seed)) for seed in range(22, 30)]
    kept = {one.stem for one in (tmp_path / "data" / "photos").iterdir()}
    assert {photo, waits["photo"], others[-1]} <= kept and len(kept & set(others)) == 1
    client.delete(f"/api/jobs/{job['id']}")
    assert ended(client, waits["id"])["state"] == "done"
    assert client.post("/api/jobs", json={"photo": others[0]}).json()["error"]["code"] == "unknown_photo"


def test_photos_in_memory_are_those_looked_at_last(tmp_path: Path) -> None:
    photos = Photos(tmp_path, Limits(memory=2 * 40 * 30 * 3))
    ids = [photos.add(png(seed)) for seed in range(3)]
    first = photos.picture(ids[0])
    assert photos.picture(ids[1]) is photos.picture(ids[1]) and photos.picture(ids[0]) is first
    photos.picture(ids[2])
    photos.picture(ids[1])
    assert photos.picture(ids[0]) is not first
    np.testing.assert_array_equal(
        np.asarray(photos.picture(ids[0])), np.asarray(Image.open(tmp_path / f"{ids[0]}.png"))
    )


def test_a_photo_is_decoded_once_for_all_methods(
    client: TestClient, network: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = list[Any]()
    monkeypatch.setattr("seewhy.web.work.load_all", lambda *args: loaded.append(args) or load_all(*args))
    (tmp_path / "photo.png").write_bytes(png(6))
    photo = send(client, png(6))
    for methods in (["gradcam", "saliency"], ["integrated_gradients"], [{"id": "smoothgrad", "options": {}}]):
        job = client.post("/api/jobs", json={"photo": photo, "methods": methods}).json()
        assert ended(client, job["id"])["state"] == "done"
        for cell in job["cells"]:
            wanted = explain(network, str(tmp_path / "photo.png"), cell["method"])
            np.testing.assert_array_equal(values(client.get(f"/api/results/{cell['key']}").json()), wanted.reduced()[0])
    assert len(loaded) == 1
    ended(client, client.post("/api/jobs", json={"photo": send(client, png(7))}).json()["id"])
    assert len(loaded) == 2


def test_what_a_linked_photo_holds_is_told_by_the_result_that_has_it(network: Model, tmp_path: Path) -> None:
    results, one = Results(tmp_path / "kept", Limits()), made(network, tmp_path, 0)
    for number in range(2):
        results.add(key(number), one)
    manifests = [json.loads((tmp_path / "kept" / key(number) / MANIFEST).read_text()) for number in range(2)]
    digest = hashlib.sha256((tmp_path / "kept" / key(1) / "photo.png").read_bytes()).hexdigest()
    assert manifests[0]["files"]["photo.png"] == manifests[1]["files"]["photo.png"] == digest
