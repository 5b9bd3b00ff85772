"""Fifty clients at once, some of which stall, leave or flood: those that ask as a page does are all answered."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

from serving import png

ROOT = Path(__file__).parents[2]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_nobody_else_stops(there: Path) -> None:
    load = tool("load")
    assert sum(load.CLIENTS.values()) == 50
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests", there)))
    with load.serving("--model", "nets.py:build", folder=there / "kept", PYTHONPATH=path) as place:
        seen = load.run(load.Clients(place, png(size=(300, 200)), 4).run)
        assert load.run(lambda: load.ask(place, "GET", "/api/models")).status == 200
    assert seen.wrong == []
    assert seen.attacks > 20 and len(seen.seconds["result"]) > 5
    assert {200, 201, 202, 400, 401, 413, 422} <= set(seen.statuses)
    print(load.table(seen, 0, 0, 4))
