"""A module of one's own, which does not say what its input is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

import seewhy

Call = Callable[..., Result]
BARE = ("--model", "nets.py:bare")
INPUT = ("--mean", "0.4,0.5,0.6", "--std", "0.2, 0.25, 0.3", "--size", "16x20")
NAMES = ["tabby cat", "tiger cat", "dog", "car"]


def test_what_the_module_does_not_say_is_given_stored_and_used_again(
    undrawn: None, there: Path, call: Call, told: Callable[..., Any]
) -> None:
    Path("names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    assert call("explain", "photos/cat.jpg", *BARE, *INPUT, "--classes", "names.txt").exit_code == 0
    found = seewhy.open("seewhy-out/cat")
    model = seewhy.load(BARE[1], mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3), size=(16, 20), classes=NAMES)
    assert np.array_equal(found.values, seewhy.explain(model, "photos/cat.jpg").values)
    assert found.labels[0] in NAMES
    assert told("again", "seewhy-out", "--trust")["explanations"][0]["largest_difference"] == 0.0


@pytest.mark.parametrize("command", ["explain", "predict"])
def test_without_mean_and_std_the_options_are_named(there: Path, call: Call, command: str) -> None:
    result = call(command, "photos/cat.jpg", *BARE)
    assert result.exit_code == 2 and "--mean" in result.stderr and "--std" in result.stderr


def test_every_command_with_a_model_takes_them(there: Path, told: Callable[..., Any]) -> None:
    Path("names.json").write_text(json.dumps(NAMES))
    given = (*BARE, *INPUT, "--classes", "names.json")
    report = told("doctor", *given)
    assert report["preprocess"]["size"] == [16, 20] and report["named"] == 4
    assert any(one["offered"] for one in told("methods", *given))
    assert told("predict", "photos/cat.jpg", *given)["photos"][0]["predictions"][0]["label"] in NAMES


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("--mean", "a"),
        ("--mean", "1,,2"),
        ("--size", "0"),
        ("--size", "3x4x5"),
        ("--classes", "missing.txt"),
        ("--classes", "empty.txt"),
        ("--classes", "numbers.json"),
        ("--classes", "half.json"),
    ],
)
def test_what_can_t_be_read_is_refused(option: str, text: str, there: Path, call: Call) -> None:
    for name, content in (("empty.txt", "\n"), ("numbers.json", "[1, 2]"), ("half.json", '["a", ')):
        Path(name).write_text(content)
    result = call("predict", "photos/cat.jpg", *BARE, option, text)
    assert result.exit_code == 2 and f"'{option}'" in result.stderr and len(result.stderr.splitlines()) == 2
