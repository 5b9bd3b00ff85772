"""seewhy tree train: it learns, goes on, and what it leaves is read by the other commands."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import Result
from PIL import Image

from benchmarks.textures.fills import CLASSES
from benchmarks.textures.scenes import draw

Call = Callable[..., Result]
NET = ("--model", "nets_of_textures.py:build")
BUILD = """
import torch
from benchmarks.textures.network import load


def build():
    model = load()
    with torch.no_grad():
        model.module.head.bias += torch.tensor([8.0, -9.0, 2.0, 9.0])
    return model
"""


@pytest.fixture
def place(there: Path) -> Path:
    (there / "nets_of_textures.py").write_text(BUILD)
    for number, name in enumerate(CLASSES):
        (there / "scenes" / name).mkdir(parents=True)
        for i, one in enumerate(draw(10, (9, number), name).pixels):
            Image.fromarray(one).save(there / "scenes" / name / f"{i}.png")
    return there


def test_it_learns_and_the_weights_are_read(place: Path, call: Call) -> None:
    asked = ("tree", "train", "scenes", *NET, "--epochs", "4", "--batch", "16", "--rate", "0.01", "-o", "out")
    done = call(*asked)
    assert done.exit_code == 0, done.stderr
    assert "training on 32 photos, 8 held out" in done.stderr and "right after: network" in done.stdout
    data = json.loads(Path("out/history.json").read_text())
    losses = [one["loss"] for one in data["epochs"]]
    assert len(losses) == 4 and losses[-1] < losses[0] / 2
    assert {one.name for one in Path("out").iterdir()} == {"weights.pt", "tree.json", "history.json", "training.pt"}
    weights = torch.load("out/weights.pt", weights_only=True)
    again = json.loads(call(*asked, "--json").stdout)  # nothing is left to do
    assert again["epochs"] == data["epochs"]
    other = torch.load("out/weights.pt", weights_only=True)
    assert all(torch.equal(weights[name], other[name]) for name in weights)


def test_refusals(place: Path, call: Call) -> None:
    for more, problem in (
        (("--rate", "0"), "a rate of 0"),
        (("--epochs", "0"), "0 epochs"),
        (("--held-out", "nowhere"), "no such folder"),
        (("--weight", "-1"), "weights are 0 or more"),
    ):
        done = call("tree", "train", "scenes", *NET, *more, "-o", "out")
        assert done.exit_code == 2 and problem in done.stderr, done.stderr
    (place / "scenes" / "plain").rename(place / "scenes" / "spotty")
    done = call("tree", "train", "scenes", *NET, "-o", "out")
    assert done.exit_code == 2 and "'spotty' is no class" in done.stderr
