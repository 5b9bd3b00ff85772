"""The committed scripts are what viewer/ builds, and small."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src" / "seewhy" / "render"
NAMES = ("viewer.js", "app.js", "start.js", "maps.js")


@pytest.mark.skipif(shutil.which("npm") is None, reason="needs Node and npm, to build the viewer anew")
def test_the_committed_scripts_are_what_their_source_builds(tmp_path: Path) -> None:
    copy = tmp_path / "viewer"
    shutil.copytree(ROOT / "viewer", copy, ignore=shutil.ignore_patterns("node_modules"))
    for read in ("render/page.css", "lang/en.json", "lang/zh.json"):  # what the build reads beside its own folder
        place = tmp_path / "src" / "seewhy" / read
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "src" / "seewhy" / read, place)
    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npm", "run", "build"]):
        done = subprocess.run(
            command, cwd=copy, env={**os.environ, "OUT": str(tmp_path / "built")}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    for name in NAMES:
        assert (tmp_path / "built" / name).read_text() == (BUILT / name).read_text(), f"{name}: run `make viewer`"


def test_what_a_first_visit_loads_is_small() -> None:
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes())) for name in ("viewer.js", "app.js", "start.js")}
    assert sum(sizes.values()) < 100_000, sizes
