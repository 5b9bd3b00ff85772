"""The calls that the server tells of, made."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import Result

import seewhy
from seewhy import Explanation
from serving import values


def of_python(call: str) -> list[Explanation]:
    names: dict[str, Any] = {}
    exec(call, names)
    found = names["found"]
    return [one for each in (found if isinstance(found, list) else [found]) for one in each]


def of_command(text: str, call: Callable[..., Result], folder: Path) -> list[Explanation]:
    found = []
    for number, line in enumerate(text.splitlines()):
        words = shlex.split(line)
        out = folder / f"out-{number}"
        words = words[: words.index("--out")] if "--out" in words else words
        assert words[0] == "seewhy"
        done = call(*words[1:], "--out", str(out), "--quiet")
        assert done.exit_code == 0, done.stderr
        found += [seewhy.open(path.parent) for path in sorted(out.rglob("manifest.json"))]
    return found


def same(one: Any, other: dict[str, Any]) -> bool:
    return one.method == other["method"] and np.array_equal(one.reduced()[0], values(other))
