"""What a tree decided, as lines of text, and as a folder with them, a figure and a page."""

import io
import json
from os import PathLike
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import numpy as np

from seewhy.lang import class_name, note, text
from seewhy.render.decisions_figure import figure
from seewhy.render.decisions_page import decisions_page
from seewhy.render.document import written
from seewhy.render.naming import notes, share, taken, turned_down, verdict
from seewhy.results.decisions import Decisions

SIDES = 2  # rejected branches that a line names


def save(found: Decisions, folder: str | PathLike[str], lang: str = "en") -> Path:
    """decisions.json, decisions.png, decisions.html and decisions.npz in a folder."""
    path, drawn = Path(folder), still(found, lang)
    written(path / "decisions.png", drawn)
    written(path / "decisions.html", decisions_page(found, drawn, lang).encode())
    arrays = io.BytesIO()
    values: dict[str, Any] = {f"map_{i}": one.values[0] for i, one in enumerate(found.maps) if one is not None}
    np.savez_compressed(arrays, shares=found.shares, reached=found.reached, **values)
    written(path / "decisions.npz", arrays.getvalue())
    written(path / "decisions.json", (json.dumps(found.as_data(), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def still(found: Decisions, lang: str = "en") -> bytes:
    """The figure as a PNG."""
    file = io.BytesIO()
    figure(found, lang).savefig(file, format="png")
    return file.getvalue()


def lines(found: Decisions, lang: str = "en") -> list[str]:
    """The prediction with its path in one line; what was rejected at each step; what must be said of it."""
    label = class_name(found.label, lang, found.index)
    way = ", ".join(f"{taken(one, lang)} ({share(one.share)})" for one in found.shown)
    said = [text("tree_says", lang, label=label, way=way)]
    names = [taken(one, lang) for one in found.shown]
    width = max(map(columns, names))
    for one, name in zip(found.shown, names, strict=True):
        sides = ", ".join(
            f"{turned_down(other, one, found, lang)} {share(other.share)}" for other in one.rejected[:SIDES]
        )
        more = len(one.rejected) - SIDES
        sides += text("tree_and_more", lang, count=more) if more > 0 else ""
        against = text("tree_not", lang, sides=sides) if sides else text("tree_no_choice", lang)
        said.append(f"  {name}{' ' * (width - columns(name))}  {share(one.share):>6}  {against}")
    if found.model.weights == "random":
        said.append(f"  {text('random_weights', lang).upper()}")
    return [
        *said,
        f"  {_told(found, lang)}",
        *(f"  {text('note', lang, note=note(one, lang))}" for one in notes(found)),
    ]


def columns(said: str) -> int:
    """How many columns of a terminal a text takes: Chinese characters take two."""
    return sum(1 + (east_asian_width(one) in "WF") for one in said)


def _told(found: Decisions, lang: str) -> str:
    said = verdict(found, lang)
    return said if found.agrees else text("note", lang, note=said)
