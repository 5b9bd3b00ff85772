"""seewhy inspect activations: a folder a photo, one JSON document, refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import Result

Call = Callable[..., Result]
NET = "nets.py:build"


def test_a_folder_a_photo(there: Path, call: Call) -> None:
    done = call("inspect", "activations", "photos/cat.jpg", "-M", NET, "--layer", "act2", "--layer", "fc")
    assert done.exit_code == 0, done.stderr
    folder = Path("seewhy-out/cat-activations")
    first, *rows = done.stdout.splitlines()
    assert first == f"photos/cat.jpg: activations of SmallNet: open {folder / 'page.html'}"
    assert rows[0].startswith("  act2/0: 6 x 8 x 10, strongest channels ") and rows[1].startswith("  fc/0: 4, ")
    assert sorted(one.name for one in folder.iterdir()) == ["figure.png", "page.html", "values.npz"]
    with np.load(folder / "values.npz") as stored:
        assert stored["act2/0"].shape == (1, 6, 8, 10)
    done = call("inspect", "activations", "photos", "-M", NET, "-o", "out", "--lang", "zh", "--scale", "shared")
    assert "激活" in Path("out/dog-activations/page.html").read_text("utf-8") and "的激活：打开" in done.stdout
    assert call("inspect", "activations", "photos/cat.jpg", "-M", NET, "-q").output == ""


def test_json_and_refusals(there: Path, call: Call, told: Callable[..., Any]) -> None:
    asked = ("inspect", "activations", "bad.jpg", "photos/cat.jpg", "-M", NET, "--layer", "act2", "--channels", "3,0")
    bad, cat = told(*asked, code=2)["photos"]
    assert bad["error"]["code"] == "bad_input" and cat["passes"] == {"forward": 1, "backward": 0}
    (tensor,) = cat["tensors"]
    assert tensor["name"] == "act2/0" and tensor["placed"] and [one["channel"] for one in tensor["channels"]] == [3, 0]
    assert {"minimum", "maximum", "mean", "active", "cell", "pixel"} < set(tensor["channels"][0])
    for args, said in (
        (["--layer", "cnv1"], "no layer is named 'cnv1'"),
        (["--layer", "act2", "--channels", "6"], "channel 6: 'act2' has 6"),
    ):
        done = call("inspect", "activations", "photos/cat.jpg", *args, "-M", NET)
        assert done.exit_code == 2 and said in done.stderr and "hint: " in done.stderr and not done.stdout
