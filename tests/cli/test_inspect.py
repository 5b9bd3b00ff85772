"""seewhy inspect attention: pages, one JSON document, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = "vit.py:build"
BUILD = """
from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model


def build():
    return Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
"""


@pytest.fixture
def vit(there: Path) -> Path:
    (there / "vit.py").write_text(BUILD)
    return there


def test_a_page_a_photo_and_a_line_that_says_where(vit: Path, call: Call) -> None:
    done = call("inspect", "attention", "photos/cat.jpg", "--model", NET)
    assert done.exit_code == 0, done.stderr
    page = Path("seewhy-out") / "cat-attention.html"
    size = f"{page.stat().st_size / 1e6:.2g} MB"
    assert done.stdout == f"photos/cat.jpg: attention of TinyViT in 3 layers: open {page} ({size})\n"
    assert "What it attends to" in page.read_text("utf-8")
    done = call("inspect", "attention", "photos/cat.jpg", "-M", NET, "-o", "cat.html", "--lang", "zh")
    assert done.stdout.startswith("photos/cat.jpg：TinyViT 共 3 层的注意力：打开 cat.html")
    assert "谁关注它" in Path("cat.html").read_text("utf-8")
    assert call("inspect", "attention", "photos/cat.jpg", "-M", NET, "-q").output == ""


def test_json_tells_what_is_in_each_page_and_a_bad_photo_stops_no_other(vit: Path, told: Told) -> None:
    found = told("inspect", "attention", "bad.jpg", "photos", "-M", NET, "-o", "out", "--layer", "-1", code=2)
    bad, cat, dog = found["photos"]
    assert bad["error"]["code"] == "bad_input"
    assert [cat["page"], dog["page"]] == ["out/cat-attention.html", "out/dog-attention.html"]
    assert cat["bytes"] == Path(cat["page"]).stat().st_size
    (layer,) = cat["layers"]
    assert 0 < layer.pop("error") < 0.002
    tokens = {"cells": [4, 5], "others": ["cls"]}
    assert layer == {
        "number": 2, "layer": "blocks.2", "heads": 2, "stored": "all", "queries": tokens, "keys": tokens, "windows": 1,
    }  # fmt: skip
    found = told("inspect", "attention", "photos/cat.jpg", "-M", NET, "--layer", "blocks.0", "--heads", "max")
    assert [(one["layer"], one["stored"]) for one in found["photos"][0]["layers"]] == [("blocks.0", "max")]


def test_refusals_have_a_problem_a_hint_and_the_code_2(vit: Path, call: Call, told: Told) -> None:
    found = told("inspect", "attention", "photos/cat.jpg", "--model", "nets.py:build", code=2)
    assert found["photos"][0]["error"]["problem"].startswith("no attention was found")
    assert not Path("seewhy-out").exists()
    for args, said in (
        (["photos", "-o", "one.html"], "one.html is one page, and there are 2 photos"),
        (["photos/cat.jpg", "--layer", "head"], "no attention runs in 'head'"),
        (["photos/cat.jpg", "--layer", "7"], "there are 3 calls of attention"),
        (["photos/cat.jpg", "-o", "bad.jpg"], "can't be written"),
        (["photos/cat.jpg", "--heads", "some"], "is not one of"),
    ):
        done = call("inspect", "attention", *args, "-M", NET)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr and not done.stdout, args
    assert call("inspect").exit_code == 2
