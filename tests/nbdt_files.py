"""What nbdt's distribution ships, for tests: its hierarchies and the synsets of its data sets' classes."""

from importlib.util import find_spec
from pathlib import Path

import pytest


def folder() -> Path:
    found = find_spec("nbdt")
    if found is None or not found.submodule_search_locations:
        pytest.skip("needs nbdt, the oracle")
    return Path(found.submodule_search_locations[0])


def wnids(dataset: str) -> list[str]:
    return (folder() / "wnids" / f"{dataset}.txt").read_text().split()
