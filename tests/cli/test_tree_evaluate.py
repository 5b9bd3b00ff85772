"""seewhy tree evaluate: the report, its files, one JSON document, refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image

from benchmarks.textures.fills import CLASSES
from benchmarks.textures.scenes import draw
from seewhy.trees import Hierarchy, save

Call = Callable[..., Result]
NET = ("--model", "benchmarks.textures.network:load")
EDGES = [("all", "patterned"), ("all", "plain"), *(("patterned", name) for name in CLASSES[:3])]


@pytest.fixture
def place(there: Path) -> Path:
    for number, name in enumerate(("striped", "plain")):
        (there / "scenes" / name).mkdir(parents=True)
        for i, one in enumerate(draw(3, (9, number), name).pixels):
            Image.fromarray(one).save(there / "scenes" / name / f"{i}.png")
    (there / "scenes" / "plain" / "no.png").write_bytes(b"")
    save(Hierarchy.of(["all", "patterned", *CLASSES], EDGES, CLASSES), there / "tree.json")
    return there


def test_the_report_and_its_files(place: Path, call: Call) -> None:
    done = call("tree", "evaluate", "scenes", *NET, "--tree", "tree.json", "-o", "out")
    assert done.exit_code == 0, done.stderr
    assert "of 6 photos of classes" in done.stdout and "patterned" in done.stdout and "no.png" in done.stdout
    assert "judging the photos in scenes" in done.stderr
    assert {one.name for one in Path("out").iterdir()} == {"tree.json", "tree.txt", "tree.png"}
    assert Path("out/tree.txt").read_text("utf-8") in done.stdout


def test_one_document(place: Path, call: Call) -> None:
    done = call("tree", "evaluate", "scenes", *NET, "--json", "-o", "out")
    data: dict[str, Any] = json.loads(done.stdout)
    assert (data["photos"], data["of_classes"], len(data["nodes"])) == (6, 6, 3)
    assert set(data["accuracy"]) == {"network", "soft", "hard"} and data["failed"][0]["name"].endswith("no.png")
    assert "%" in call("tree", "evaluate", "scenes", *NET, "--lang", "zh", "-o", "out").stdout


def test_refusals(place: Path, call: Call) -> None:
    (place / "odd" / "spotty").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(place / "odd" / "spotty" / "0.png")
    for folder, problem in (
        ("odd", "'spotty' is no class"),
        ("nowhere", "no such folder"),
        ("odd/spotty", "is no class"),
    ):
        done = call("tree", "evaluate", folder, *NET, "-o", "out")
        assert done.exit_code == 2 and problem in done.stderr and "hint:" in done.stderr
    assert call("tree", "evaluate", "scenes", *NET, "-o", "tree.json").exit_code == 2
    assert not Path("out").exists()
