"""seewhy inspect examples: a figure, a page, values; refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

Call = Callable[..., Result]
NET = "nets.py:build"


def test_a_figure_a_page_and_values(there: Path, call: Call, told: Callable[..., Any]) -> None:
    done = call("inspect", "examples", "photos", "-M", NET, "--layer", "act2", "--most", "3")
    assert done.exit_code == 0, done.stderr
    home = Path("seewhy-out/photos-examples")
    said = f"SmallNet: what excites 3 channels of act2 most among 2 photos: open {home / 'page.html'}\n"
    assert done.stdout == said
    assert sorted(one.name for one in home.iterdir()) == [
        "figure.png",
        "page.html",
        "values.npz",
    ]
    found = told("inspect", "examples", "photos", "bad.jpg", "-M", NET, "--channel", "5,0", "--top", "1", code=2)
    assert [one["channel"] for one in found["channels"]] == [5, 0] and len(found["channels"][0]["examples"]) == 1
    assert set(found["channels"][0]["examples"][0]) == {"photo", "value", "cell", "box"}
    assert [one["photo"] for one in found["failed"]] == ["bad.jpg"] and found["passes"]["forward"] == 2
    for args, words in (
        (["--layer", "cnv"], "no layer is named 'cnv'"),
        (["--channels", "77"], "channel 77"),
    ):
        done = call("inspect", "examples", "photos", *args, "-M", NET)
        assert done.exit_code == 2 and words in done.stderr and "hint: " in done.stderr and not done.stdout
    assert call("inspect", "examples", "photos", "-M", NET, "-q", "-o", "out").output == ""
