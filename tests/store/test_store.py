"""What is saved comes back bit for bit, and what is broken is refused."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import seewhy
from seewhy import Contrast, Explanation, Model, Top
from seewhy.store import MANIFEST, VALUES
from seewhy.types import Function, Photo


def same(one: Any, other: Any) -> bool:
    """Equal in type, and arrays in every bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, Photo | Explanation):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, list | tuple):
        alike = type(one) is type(other) and len(one) == len(other)
        return alike and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 41, 3), np.uint8)


@pytest.fixture
def made(small: Model, photo: np.ndarray) -> Explanation:
    return seewhy.explain(small, photo, "integrated_gradients", n_steps=3)


def explanations(small: Model, photo: np.ndarray, x: torch.Tensor) -> Iterator[tuple[str, Explanation]]:
    picture = np.full((3, 16, 20), 0.25, np.float32)
    yield "a photo", seewhy.explain(small, photo)
    yield "two photos", seewhy.explain(small, [photo, photo[::-1].copy()], target=["a", "b"])
    yield "tensors", seewhy.explain(small, x, "saliency", precision="float64")
    several = {"baseline": [0.5, "mean", picture, torch.from_numpy(picture)], "n_steps": 2}
    yield "pictures as options", seewhy.explain(small, photo, "integrated_gradients", **several)
    yield "layers", seewhy.explain(small, photo, "gradcam", layer=["act2", "act3"])
    yield "a contrast", seewhy.explain(small, x, "gradcam", Contrast(None, Top(1)))


def test_every_field_comes_back_bit_for_bit(small: Model, photo: np.ndarray, x: torch.Tensor, tmp_path: Path) -> None:
    for what, one in explanations(small, photo, x):
        back = seewhy.open(one.save(tmp_path / what))
        for field in fields(one):
            assert same(getattr(one, field.name), getattr(back, field.name)), f"{what}: {field.name}"


def test_odd_numbers_and_words_come_back(made: Explanation, tmp_path: Path) -> None:
    odd = {
        "inf": float("inf"),
        "tiny": 5e-324,
        "wörter": "猫\n<&>",
        "none": None,
        "flags": (True, 0, 1.0),
        "d": {1: "x"},
    }
    card = replace(made.model, overrides=(("size", (16, 20)), ("classes", ("a", "b"))))
    one = replace(made, options=odd, model=card, scores=np.array([np.nan], np.float32))
    back = seewhy.open(one.save(tmp_path / "odd"))
    assert same(back.options, odd) and back.model == card
    assert np.isnan(back.scores[0])


def test_the_manifest_is_strict_json_and_nothing_is_pickled(made: Explanation, tmp_path: Path) -> None:
    folder = made.save(tmp_path / "e")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    manifest = json.loads((folder / MANIFEST).read_text(), parse_constant=refuse)
    assert manifest["schema"] == 1 and manifest["method"] == "integrated_gradients"
    assert sorted(os.listdir(folder)) == ["manifest.json", "photo.png", "values.npz"]
    with np.load(folder / VALUES, allow_pickle=False) as stored:
        assert np.array_equal(stored["values"], made.values)


def test_what_can_not_be_stored_is_refused_and_nothing_is_left(made: Explanation, tmp_path: Path) -> None:
    for value in (object(), np.array([object()]), [torch.nn.ReLU()], int):
        with pytest.raises(seewhy.SeewhyError, match="can't be stored"):
            replace(made, options={"odd": value}).save(tmp_path / "e")
    assert os.listdir(tmp_path) == []


def test_a_function_is_stored_by_its_name(made: Explanation, tmp_path: Path) -> None:
    def halves(picture: Any) -> Any:
        return picture

    folder = replace(made, options={"segments": halves}).save(tmp_path / "e")
    for back in (seewhy.open(folder), seewhy.open(seewhy.open(folder).save(tmp_path / "again"))):
        assert back.options == {"segments": Function("halves")} and str(back.options["segments"]) == "function halves"


def test_a_broken_folder_is_refused_with_a_hint(made: Explanation, tmp_path: Path) -> None:
    def damaged(name: str, change: Any) -> Path:
        folder = made.save(tmp_path / "e")
        change(folder / name)
        return folder

    def edit(**changes: Any) -> Any:
        return lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def drop(key: str) -> Any:
        def change(path: Path) -> None:
            manifest = json.loads(path.read_text())
            del manifest[key]
            path.write_text(json.dumps(manifest))

        return change

    def halve(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    for name, change, said in (
        (MANIFEST, Path.unlink, "there is no explanation"),
        (MANIFEST, halve, "can't be read"),
        (MANIFEST, lambda path: path.write_text("[]"), "schema None"),
        (MANIFEST, edit(schema=2), "schema 2; this seewhy reads 1"),
        (MANIFEST, drop("seed"), "lacks 'seed'"),
        (MANIFEST, drop("files"), "lacks 'files'"),
        (MANIFEST, edit(photos=[]), "broken"),
        (MANIFEST, edit(extras=["absent"]), "lacks"),
        (VALUES, Path.unlink, "lacks values.npz"),
        (VALUES, halve, "SHA-256 differs"),
        ("photo.png", Path.unlink, "lacks photo.png"),
        ("photo.png", halve, "SHA-256 differs"),
    ):
        with pytest.raises(seewhy.SeewhyError, match=said) as raised:
            seewhy.open(damaged(name, change))
        assert raised.value.hint and "\n" not in raised.value.problem


def test_a_pickle_in_the_place_of_values_is_not_loaded(made: Explanation, tmp_path: Path) -> None:
    folder = made.save(tmp_path / "e")
    np.savez(folder / VALUES, values=np.array([{"a": 1}], dtype=object))
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    del manifest["files"][VALUES]
    path.write_text(json.dumps(manifest))
    with pytest.raises(seewhy.SeewhyError, match="broken"):
        seewhy.open(folder)


def test_an_older_result_is_replaced_and_other_files_are_not(made: Explanation, tmp_path: Path) -> None:
    folder = made.save(tmp_path / "e")
    replace(made, seed=7).save(folder)
    assert seewhy.open(folder).seed == 7
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(seewhy.SeewhyError, match="other files"):
        made.save(folder)
    assert (folder / "notes.txt").read_text() == "mine" and seewhy.open(folder).seed == 7
    with pytest.raises(seewhy.SeewhyError, match="is a file"):
        made.save(folder / "notes.txt")


def test_a_failure_midway_leaves_what_was_there(
    made: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made.save(tmp_path / "e")

    def full(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seewhy.store.json.dumps", full)
    for place in (folder, tmp_path / "new"):
        with pytest.raises(seewhy.SeewhyError, match="No space left"):
            replace(made, seed=9).save(place)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["e"] and seewhy.open(folder).seed == made.seed


def test_a_disk_without_links_gets_copies(made: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError("no links here")

    made.save(tmp_path / "one")
    wanted = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    monkeypatch.setattr(os, "link", refuse)
    made.save(tmp_path / "two")
    assert {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()} == wanted


def test_a_swap_that_fails_half_way_leaves_the_old_result(
    made: Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.save(tmp_path / "result")
    before = (tmp_path / "result" / VALUES).read_bytes()
    move = shutil.move

    def fails_on_the_fresh_one(source: Any, to: Any) -> Any:
        if Path(source).name.startswith(".result") and not Path(source).name.endswith("-old"):
            raise OSError(28, "No space left on device")
        return move(source, to)

    monkeypatch.setattr(shutil, "move", fails_on_the_fresh_one)
    with pytest.raises(seewhy.SeewhyError, match="can't be written: No space left"):
        replace(made, values=made.values + 1).save(tmp_path / "result")
    assert (tmp_path / "result" / VALUES).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_a_photo_of_another_size_than_was_explained_is_refused(made: Explanation, tmp_path: Path) -> None:
    made.save(tmp_path / "result")
    path = tmp_path / "result" / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["photos"][0]["geometry"]["original"] = [31, 41]
    path.write_text(json.dumps(manifest))
    with pytest.raises(seewhy.SeewhyError, match=r"is \(30, 41\), not \(31, 41\)"):
        seewhy.open(tmp_path / "result")


@pytest.mark.parametrize("value", [float("inf"), Path("there") / "grey.png", np.float32(0.25), np.int64(3)])
def test_options_json_has_no_word_for_come_back(value: Any, made: Explanation, tmp_path: Path) -> None:
    replace(made, options={"baseline": value}).save(tmp_path / "result")
    found = seewhy.open(tmp_path / "result").options["baseline"]
    assert found == (str(value) if isinstance(value, Path) else value)
