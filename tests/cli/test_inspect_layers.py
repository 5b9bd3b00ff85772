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
