"""seewhy visualize, dream and invert: pictures, manifests, one JSON document, refusals."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from PIL import Image

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = "nets.py:build"


def size(file: Path) -> tuple[int, int]:
    with Image.open(file) as image:
        return image.size


def test_pictures_a_grid_and_a_manifest(there: Path, call: Call) -> None:
    args = ("visualize", "-M", NET, "--objective", "conv3:5", "--objective", "class:dog - 1e-3*tv")
    done = call(*args, "--size", "16x20", "--steps", "4", "--threshold", "2", "-o", "out")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("conv3:5: objective from ") and lines[-1] == "pictures of SmallNet in out"
    assert "4 of 4 steps, objective " in done.stderr
    told = json.loads((there / "out" / "manifest.json").read_text("utf-8"))
    files = [name for one in told["objectives"] for name in one["files"]]
    assert files == [
        "01-conv3-5-step2.png", "01-conv3-5-step4.png",
        "02-class-dog-1e-3-tv-step2.png", "02-class-dog-1e-3-tv-step4.png",
    ]  # fmt: skip
    assert all(size(there / "out" / name) == (20, 16) for name in files) and (there / "out" / "grid.png").exists()
    assert told["options"]["kept"] == [2, 4] and told["options"]["transforms"]["pad"] == 12 and told["seed"] == 0
    assert told["model"]["name"] == "SmallNet" and told["objectives"][1]["objective"] == "class:dog - 1e-3*tv"
    assert call(*args, "--steps", "1", "-o", "quiet", "-q").output == ""
    chinese = call(*args, "--steps", "1", "-o", "zh", "--lang", "zh").stdout
    assert chinese.startswith("conv3:5：目标值从 ") and chinese.endswith("SmallNet 的图像在 zh 中\n")


def test_options_reach_the_optimisation(there: Path, told: Told) -> None:
    args = ("visualize", "-M", NET, "--objective", "conv3:5", "--steps", "2", "--size", "12", "-o")
    found = told(*args, "a", "--parametrization", "maco", "--batch", "2", "--seed", "3", "--transforms", "none")
    assert found["options"]["parametrization"]["kind"] == "MaCo" and found["options"]["transforms"]["pad"] == 0
    assert found["seed"] == 3 and [Path(one).suffix for one in found["objectives"][0]["files"]] == [".png"] * 2
    with Image.open(there / "a" / found["objectives"][0]["files"][0]) as image:
        assert image.mode == "RGBA" and np.asarray(image)[:, :, 3].max() == 255
    plain = told(*args, "b", "--plain", "--lr", "0.5")
    assert plain["options"] == {"method": "ascend", "size": [12, 12], "steps": 2, "lr": 0.5}


def test_a_dream_a_photo(there: Path, call: Call, told: Told) -> None:
    found = told("dream", "photos", "bad.jpg", "-M", NET, "--objective", "conv3:5", "--steps", "1", "-o", "out", code=2)
    bad, cat, dog = sorted(found["photos"], key=lambda one: one["photo"])
    assert bad["error"]["code"] == "bad_input" and [cat["folder"], dog["folder"]] == ["out/cat", "out/dog"]
    assert size(there / "out" / "cat" / cat["objectives"][0]["files"][0]) == (41, 30)
    assert cat["options"]["method"] == "dream" and cat["photo"] == "photos/cat.jpg"
    done = call("dream", "photos/cat.jpg", "-M", NET, "--plain", "--steps", "1", "-o", "plain")
    assert done.exit_code == 0 and done.stdout.startswith("deepdream:") and Path("plain/grid.png").exists()


def test_layers_side_by_side(there: Path, call: Call, told: Told) -> None:
    args = ("invert", "photos/cat.jpg", "-M", NET, "--layer", "conv2", "--layer", "conv3", "--steps", "3", "-o", "out")
    done = call(*args)
    assert done.exit_code == 0 and done.stdout.startswith("photos/cat.jpg, conv2: feature loss from "), done.stderr
    (row,) = told(*args)["photos"]
    assert row["photo"] == str(Path("photos/cat.jpg")), "as it was asked for, not as the manifest names it"
    assert [one["file"] for one in row["layers"]] == ["01-conv2.png", "02-conv3.png"]
    assert size(there / "out" / "01-conv2.png") == (20, 16) and (there / "out" / "inversion.png").exists()
    curve = (there / "out" / "02-conv3.csv").read_text("utf-8").splitlines()
    assert curve[0] == "step,features,alpha,tv" and len(curve) == 5
    assert float(curve[1].split(",")[1]) == pytest.approx(row["layers"][1]["first"]["features"], rel=1e-5)
    assert row["options"]["regularisers"]["alpha"] == 6
    (last,) = told("invert", "photos/cat.jpg", "-M", NET, "--steps", "1")["photos"]
    assert len(last["layers"]) == 1, "the last maps, where no layer is named"


def test_refusals_have_a_problem_a_hint_and_the_code_2(there: Path, call: Call, told: Told) -> None:
    few = ("-M", NET, "--steps", "1", "-q")
    for args, said in (
        (["visualize", "--objective", "conv9:1"], "no layer is named 'conv9'"),
        (["visualize", "--objective", "conv1:6"], "channel 6 of layer 'conv1', which has 6"),
        (["visualize", "--objective", "conv1:1 + 0.5*"], "can't be read at ^: conv1:1 + 0.5*^"),
        (["visualize", "--objective", "class:zebra"], "no class is called 'zebra'"),
        (["visualize", "--objective", "conv1:1", "--size", "x"], "is not a height and a width"),
        (["visualize", "--objective", "conv1:1", "--threshold", "5"], "a threshold is 5"),
        (["visualize", "--objective", "conv1:1", "-o", "bad.jpg"], "bad.jpg"),
        (["visualize"], "Missing option '--objective'"),
        (["dream", "photos/cat.jpg", "--objective", "conv1"], "can't be read at ^: conv1^"),
        (["invert", "photos/cat.jpg", "--layer", "conv9"], "no layer is named 'conv9'"),
    ):
        done = call(*args, *few)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr and not done.stdout, args
    dead = told("visualize", "-M", "nets.py:dead", "--objective", "class:1", "--steps", "1", code=2)
    assert "is zero in each of 1 steps" in dead["error"]["problem"] and dead["error"]["code"] == "model_failed"
    broken = told("visualize", "-M", "nets.py:broken", "--objective", "class:1", "--steps", "1", code=2)
    assert "NaN or infinite" in broken["error"]["problem"]
