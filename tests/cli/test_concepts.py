"""seewhy concepts: reports, one JSON document, pictures, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from benchmarks.textures import sets
from seewhy.concepts import load_cavs

Call = Callable[..., Result]
Told = Callable[..., Any]
NET = "textures.py:build"
BUILD = """
from benchmarks.textures.network import load


def build():
    return load()
"""
TCAV = (
    *("concepts", "tcav", "-M", NET, "--random", "sets/random", "--images", "sets/classes/striped"),
    *("--target", "striped", "--layer", "stage3", "--layer", "stage4"),
)


@pytest.fixture
def folders(there: Path) -> Path:
    (there / "textures.py").write_text(BUILD)
    sets.write(there / "sets", n=12, randoms=12)
    (there / "empty").mkdir()
    return there


def test_tcav_reports_in_words_a_figure_numbers_and_cavs(folders: Path, call: Call) -> None:
    done = call(*TCAV, "--concept", "stripes=sets/concepts/stripes", "--concept", "sets/concepts/red", "-o", "out")
    assert done.exit_code == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[0] == "TCAV of striped in TextureNet, 12 pictures of the class"
    assert said[1] == "4 tests, Bonferroni: significant below 0.05"
    assert said[3] == "stage3" and said[4].startswith("  stripes  1.00 (±0.00), random ")
    assert "held-out accuracy" in said[5] and said[5].endswith(": not significant")
    assert said[-1] == "results in out"
    assert {one.name for one in Path("out").iterdir()} >= {"tcav.json", "tcav.txt", "tcav.png", "cavs.json"}
    assert load_cavs("out")["stripes", "stage4"].directions.shape == (12, 96)
    done = call(*TCAV, "--concept", "stripes=sets/concepts/stripes", "--lang", "zh", "--relative",
                "--concept", "dots=sets/concepts/dots")  # fmt: skip
    assert done.stdout.startswith("TextureNet 中“striped”的 TCAV") and "相对于 dots" in done.stdout
    assert call(*TCAV, "--concept", "a=sets/concepts/red", "-q").output == ""


def test_tcav_as_json_with_a_cache(folders: Path, told: Told) -> None:
    asked = (*TCAV, "--concept", "stripes=sets/concepts/stripes", "--cache", "kept", "-o", "out")
    found = told(*asked)
    again = told(*asked)
    assert (found["passes"]["forward"], again["passes"]["forward"]) == (13 * 12 + 12, 12)
    assert again["results"] == found["results"] and found["folder"] == "out"
    first = found["results"][0]
    assert (first["concept"], first["layer"], first["against"]) == ("stripes", "stage3", "random")
    assert len(first["runs"]["scores"]) == len(first["random"]["scores"]) == 12
    assert found["sizes"] == {"stripes": 12, **{f"random {i}": 12 for i in range(12)}}


def test_craft_and_factors(folders: Path, call: Call, told: Told) -> None:
    asked = ("sets/classes/striped", "-M", NET, "--layer", "stage3")
    done = call("concepts", "craft", *asked, "--target", "striped", "--concepts", "3", "-o", "out")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(
        "concepts of striped in stage3 of TextureNet, from 300 crops\n  concept 1: importance"
    )
    assert (Path("out") / "craft.png").stat().st_size > 10_000
    found = told("concepts", "craft", *asked, "--target", "striped", "--concepts", "3", "--samples", "8")
    assert len(found["concepts"]) == 3 and len(found["images"]) == 12 and found["folder"] == "seewhy-out/craft"
    done = call("concepts", "factors", *asked, "--factors", "3", "--lang", "zh", "-o", "parts")
    assert done.exit_code == 0 and done.stdout.startswith("TextureNet 的 stage3 层中的 3 个因子"), done.stderr
    found = told("concepts", "factors", *asked, "--factors", "3")
    assert len(found["factors"]) == 3
    assert np.allclose(np.sum([one["share"] for one in found["factors"]], 0), 1)


def test_refusals_have_a_problem_a_hint_and_the_code_2(folders: Path, call: Call) -> None:
    stripes = ("--concept", "stripes=sets/concepts/stripes")
    tcav: tuple[str, ...] = TCAV
    for args, said in (
        ((*tcav, "--concept", "a=empty"), "the folder empty holds no photos"),
        ((*tcav, "--concept", "a=nowhere"), "no such file: nowhere"),
        ((*tcav, *stripes, *stripes), "is there twice"),
        ((*tcav, "--concept", "="), "is not name=folder"),
        (tcav, "Missing option '--concept'"),
        ((*tcav, *stripes, "--concept", "b=sets/concepts/stripes"), "stripes and b are the same pictures"),
        ((*tcav, *stripes, "--random", "sets/concepts/stripes"), "stripes and random 12 are the same pictures"),
        ((*tcav, *stripes, "--layer", "stage9"), "no layer is named 'stage9'"),
        ((*tcav, *stripes, "--target", "furry"), "no class is called 'furry'"),
        ((*tcav, *stripes, "-o", "bad.jpg"), "bad.jpg is a file"),
        (("concepts", "craft", "bad.jpg", "-M", NET, "--target", "0"), "bad.jpg is no image"),
        (("concepts", "craft", "empty", "-M", NET, "--target", "0"), "the folder empty holds no photos"),
        (("concepts", "factors", "photos", "-M", NET, "--factors", "0"), "k is 0"),
        (("concepts", "factors", "photos", "-M", NET, "-o", "bad.jpg"), "bad.jpg is a file"),
        (("concepts", "craft", "photos", "-M", NET, "--target", "0", "-o", "bad.jpg"), "bad.jpg is a file"),
    ):
        done = call(*args)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr and not done.stdout, (args, done)
    assert call("concepts").exit_code == 2
    assert call("concepts", "tcaf").exit_code == 2
