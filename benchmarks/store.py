"""One JSON a row, whole or not at all: a table that was broken off goes on where it stood."""

import json
import os
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def path_of(row: str, device: str, results: Path = RESULTS) -> Path:
    return results / ("gpu" if device == "cuda" else "cpu") / f"{row}.json"


def save(found: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    being_written = path.with_suffix(".writing")
    being_written.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", "utf-8")
    os.replace(being_written, path)


def read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None
