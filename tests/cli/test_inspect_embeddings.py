"""seewhy inspect embeddings: values, a page, the nearest photos, what was left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import Result
from PIL import Image

Call = Callable[..., Result]
NET = "nets.py:build"


def test_values_a_map_and_the_nearest(there: Path, call: Call) -> None:
    Image.open("photos/cat.jpg").save("photos/cat2.png")
    done = call("inspect", "embeddings", "photos", "-M", NET, "--layer", "act2", "--query", "photos/cat.jpg")
    assert done.exit_code == 0, done.stderr
    first, second, note, title, *near = done.stdout.splitlines()
    home = Path("seewhy-out/photos-embeddings")
    assert first == f"SmallNet: 3 photos x 6 numbers of act2: {home / 'values.npz'}"
    assert second == f"  map by principal components: open {home / 'page.html'}" and note.startswith("  note: the two")
    assert title == "Nearest to photos/cat.jpg" and near[:2] == ["  1.000  photos/cat.jpg", "  1.000  photos/cat2.png"]
    with np.load(home / "values.npz") as stored:
        assert stored["values"].shape == (3, 6) and stored["points"].shape == (3, 2)
    done = call("inspect", "embeddings", "photos", "-M", NET, "--map", "none", "-o", "out", "--lang", "zh")
    assert "3 张照片" in done.stdout and [one.name for one in Path("out").iterdir()] == ["values.npz"]
    assert call("inspect", "embeddings", "photos", "-M", NET, "-q").output == ""


def test_bad_photos_are_reported_and_the_others_done(there: Path, call: Call, told: Callable[..., Any]) -> None:
    Path("photos/broken.png").write_text("no photo")
    found = told("inspect", "embeddings", "missing", "photos", "-M", NET, "--map", "pca", code=2)
    assert found["shape"] == [2, 8] and found["layer"] and found["passes"]["forward"] == 2
    assert [one["photo"] for one in found["failed"]] == ["missing", "photos/broken.png"]
    Path("empty").mkdir()
    for args, said in (
        (["empty"], "holds no photos"),
        (["photos/broken.png"], "none of 1 photos could be used"),
        (["photos", "--layer", "act9"], "no layer is named 'act9'"),
        (["photos/cat.jpg"], "a map by pca of 1 photos"),
        (["photos", "--layer", "act2", "--pool", "cls"], "no token beside the picture"),
    ):
        done = call("inspect", "embeddings", *args, "-M", NET)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr, (args, done.stderr)
