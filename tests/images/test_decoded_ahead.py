"""Photos decoded ahead: in order, the same as one by one, no further ahead than asked for."""

import io
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from seewhy.images import decoded, load
from seewhy.images import stream as module
from seewhy.types import Preprocess

PREPROCESS = Preprocess((0.5,) * 3, (0.5,) * 3, (8, 10))


@pytest.fixture
def folder(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    paths = []
    for i in range(12):
        paths.append(tmp_path / f"{i:02}.png")
        Image.fromarray(rng.integers(0, 256, (20 + i, 31, 3), np.uint8)).save(paths[-1])
    paths[4].write_text("no photo")
    return paths


def test_each_photo_in_order_as_load_has_it_and_bad_ones_with_the_reason(folder: list[Path]) -> None:
    found = list(decoded(folder, PREPROCESS, thumb=16, ahead=3))
    assert [one.number for one in found] == list(range(12)) and [one.name for one in found] == list(map(str, folder))
    for one, path in zip(found, folder, strict=True):
        if path == folder[4]:
            assert one.pixels is None and one.error is not None and "no image" in one.error.problem and not one.thumb
            continue
        pixels, photo = load(path, PREPROCESS)
        assert one.pixels is not None and torch.equal(one.pixels, pixels) and one.geometry == photo.geometry
        assert max(Image.open(io.BytesIO(one.thumb)).size) == 16
    arrays = [np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.float32)]
    first, second = decoded(arrays, PREPROCESS)
    assert first.name == "image-0" and first.pixels is not None and second.error is not None


def test_no_more_is_decoded_than_asked_for_and_nothing_goes_on_behind_it(
    folder: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    real = module.one_decoded

    def counting(number: int, *rest: Any) -> Any:
        begun.append(number)
        return real(number, *rest)

    monkeypatch.setattr(module, "one_decoded", counting)
    photos = decoded(folder, PREPROCESS, ahead=4, workers=2)
    next(photos)
    time.sleep(0.3)
    assert len(begun) == 4
    next(photos)
    time.sleep(0.3)
    assert len(begun) == 5
    photos.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("decode")]


def test_photos_are_decoded_while_others_are_worked_on(folder: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    real = module.one_decoded

    def slow(number: int, *rest: Any) -> Any:
        time.sleep(0.1)  # as reading from a disk
        return real(number, *rest)

    monkeypatch.setattr(module, "one_decoded", slow)
    began = time.monotonic()
    for _ in decoded(folder, PREPROCESS, ahead=4, workers=1):
        time.sleep(0.1)
    assert time.monotonic() - began < 1.9  # 2.4 one after the other
