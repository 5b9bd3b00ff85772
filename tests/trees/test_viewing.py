"""What a page of a tree is made of: classes, pictures by name, marks; refusals."""

from pathlib import Path

import pytest
from PIL import Image

from conftest import MEAN, STD, SmallNet
from seewhy import Model
from seewhy.errors import BadInput, UnknownName
from seewhy.trees import Hierarchy, induce, view

TREE = Hierarchy.of(
    ["all", "cats", "n02123045", "n02123159", "dog"],
    [("all", "cats"), ("all", "dog"), ("cats", "n02123045"), ("cats", "n02123159")],
    ["n02123045", "n02123159", "dog"],
    ["", "cat", "tabby", "tiger cat", "dog"],
)


def put(path: Path, colour: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (200, 100), colour).save(path)


def test_pictures_are_found_by_the_class_or_the_id(tmp_path: Path) -> None:
    for name in (
        "n02123045_anything.jpg",
        "Tiger_Cat/a.png",
        "Tiger_Cat/b.png",
        "x1_dog.png",
        "cow.png",
        "dog.txt/no.png",
    ):
        put(tmp_path / name)
    for i in range(5):
        put(tmp_path / "n02123159" / f"{i}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "dog.png").write_text("broken")
    found = view(None, hierarchy=TREE, images=tmp_path, marked=["dog", 0])
    assert {number: len(own) for number, own in found.pictures.items()} == {0: 1, 1: 3, 2: 1}
    assert found.marked == (2, 0) and found.labels == ("tabby", "tiger cat", "dog")
    assert found.notes == ("pictures left out: 3, such as cow.png, dog.txt, dog.png",)
    import io

    assert Image.open(io.BytesIO(found.pictures[0][0])).size == (64, 64), "the middle of it"


def test_a_models_tree_is_induced_and_a_photo_decided() -> None:
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes=["tabby", "tiger cat", "dog", "car"])
    found = view(model, Image.new("RGB", (30, 20)), rule="hard")
    assert found.found is not None and found.found.rule == "hard" and found.tree == induce(model)
    assert found.model.fingerprint == model.fingerprint and view(model).found is None


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({}, BadInput, "no tree to look at"),
        ({"hierarchy": TREE, "photo": "x.png"}, BadInput, "no model to look at it"),
        ({"hierarchy": TREE, "marked": ["cow"]}, UnknownName, "no class is called 'cow'"),
        ({"hierarchy": TREE, "marked": [3]}, UnknownName, "class 3 of a tree with 3 classes"),
        ({"hierarchy": TREE, "images": "nowhere"}, BadInput, "no such folder"),
    ],
)
def test_what_can_not_be_viewed(asked: dict[str, object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        view(None, **asked)  # type: ignore[arg-type]  # of several kinds
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(16, 20), classes=["tabby", "tiger cat", "dog", "car"])
    with pytest.raises(BadInput, match="a tree of 3 classes"):
        view(model, hierarchy=TREE)
