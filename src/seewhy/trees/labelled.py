"""Photos of a folder with what each shows: by subfolder, by a file of labels, or by the photos' own names."""

import csv
import json
import re
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from seewhy.errors import BadInput
from seewhy.images import expand

FILES = ("labels.json", "labels.csv")
FORM = 'write [{"file": "a.jpg", "label": "cat"}], {"a.jpg": "cat"}, or a CSV of file,label'


class Labelled(NamedTuple):
    """photo: whatever `seewhy.explain` takes. label: a class's number, or a name as it was given."""

    photo: Any
    label: str | int


def labelled(folder: str | PathLike[str]) -> list[Labelled]:
    """The photos of a folder and their labels.

    A file labels.json or labels.csv says it; else the subfolders are the labels; else the photos' names are, without
    their numbers, or the WordNet id that they begin with. Raises BadInput where nothing is found, or a file is missing.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BadInput(f"no such folder: {root}", "pass a folder of photos, one subfolder a class")
    for name in FILES:
        if (root / name).is_file():
            return _listed(root, root / name)
    below = sorted(one for one in root.iterdir() if one.is_dir() and not one.name.startswith("."))
    if below:
        return [Labelled(photo, one.name) for one in below for photo in expand([one])]
    return [Labelled(photo, by_name(photo.stem)) for photo in expand([root])]


def by_name(stem: str) -> str:
    """What a photo's name says it shows."""
    if found := re.match(r"(n\d{8})(?!\d)", stem):
        return found[1]
    return re.sub(r"[-_. ]*\(?\d*\)?$", "", stem) or stem


def _listed(root: Path, file: Path) -> list[Labelled]:
    try:
        rows = _json(file) if file.suffix == ".json" else _csv(file)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{file} can't be read as labels: {error}", FORM) from error
    if not rows:
        raise BadInput(f"{file} names no photo", FORM)
    missing = [name for name, _ in rows if not (root / name).is_file()]
    if missing:
        raise BadInput(f"{file} names {len(missing)} files that are not there, such as {missing[0]}", "correct it")
    return [Labelled(root / name, label) for name, label in rows]


def _json(file: Path) -> list[tuple[str, str | int]]:
    data = json.loads(file.read_text("utf-8-sig"))
    rows = data.items() if isinstance(data, dict) else [(one["file"], one["label"]) for one in data]
    found: list[tuple[str, str | int]] = []
    for name, label in rows:
        if isinstance(label, bool) or not isinstance(label, str | int) or not isinstance(name, str):
            raise ValueError(f"{label!r} is no label")
        found.append((name, label))
    return found


def _csv(file: Path) -> list[tuple[str, str | int]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.reader(lines) if row]
    if any(len(row) != 2 for row in rows):
        raise ValueError("not every line is a file and a label")
    rows = rows[1:] if rows and rows[0][0].strip().lower() == "file" else rows
    return [(name.strip(), int(label) if label.strip().isdigit() else label.strip()) for name, label in rows]
