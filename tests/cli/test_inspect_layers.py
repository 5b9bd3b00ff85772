"""seewhy inspect layers: a table to search, one JSON document."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

Call = Callable[..., Result]
NET = "nets.py:build"


def test_a_table_and_a_part_of_it(there: Path, call: Call) -> None:
    done = call("inspect", "layers", "--model", NET)
    assert done.exit_code == 0, done.stderr
    first, header, *rows = done.stdout.splitlines()
    assert first.startswith("SmallNet: ") and first.endswith("input 16 x 20")
    assert header.split() == ["Layer", "Type", "Output", "Parameters", "Receptive", "field", "Used"]
    assert f"{len(rows)} of {len(rows)} layers" in first
    some = call("inspect", "layers", "-M", NET, "--find", "conv2d").stdout.splitlines()[2:]
    assert len(some) == 3 and all("Conv2d" in row for row in some)
    assert f"0 of {len(rows)}" in call("inspect", "layers", "-M", NET, "--find", "nothing").stdout
    assert "感受野" in call("inspect", "layers", "-M", NET, "--lang", "zh").stdout
    assert call("inspect", "layers", "-M", NET, "-q").output == ""


def test_json_has_every_run(there: Path, told: Callable[..., Any]) -> None:
    found = told("inspect", "layers", "-M", NET)
    assert found["size"] == [16, 20] and found["model"] == "SmallNet" and found["notes"] == []
    assert all(len(one["receptive_field"]) == one["calls"] == len(one["outputs"]) == 1 for one in found["layers"])
    conv = next(one for one in found["layers"] if one["type"] == "Conv2d")
    assert set(conv["receptive_field"][0]) == {"size", "step", "start"} and conv["outputs"][0][0]["part"] == ""
    assert told("inspect", "layers", "-M", "nothing:here", code=2)["error"]["code"] == "unknown_name"


def test_kernels_are_a_picture_in_a_folder_or_a_file(there: Path, call: Call, told: Callable[..., Any]) -> None:
    done = call("inspect", "kernels", "-M", NET)
    picture = Path("seewhy-out/SmallNet-conv1-kernels.png")
    assert done.stdout == f"SmallNet: kernels of conv1 (Conv2d), 6 x 3 x 3 x 3: open {picture}\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
    found = told(
        "inspect", "kernels", "-M", NET, "--layer", "conv2", "--filters", "0-2,5", "--inputs", "1", "-o", "k.svg",
        "--most", "3", "--page", "2", "--lang", "zh",
    )  # fmt: skip
    assert (found["filters"], found["inputs"], found["tiles"], found["page"]) == ([0, 1, 2, 5], [1], 4, 2)
    assert found["picture"] == "k.svg" and Path("k.svg").read_text("utf-8").startswith("<?xml")
    for args, said in (
        (["--layer", "conv9"], "no layer is named 'conv9'"),
        (["--layer", "bn1"], "has no kernels"),
        (["--filters", "6"], "filter 6: 'conv1' has 6"),
        (["--filters", "3-1"], "neither a number nor a stretch"),
        (["--page", "2"], "page is 2"),
    ):
        done = call("inspect", "kernels", *args, "-M", NET)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr and not done.stdout, args
