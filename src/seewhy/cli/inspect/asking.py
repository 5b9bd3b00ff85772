"""What the commands that look inside are asked for: some numbers of many, and where results go."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from seewhy.types import ModelCard

FOLDER = Path("seewhy-out")


def read_range(_ctx: click.Context, _param: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    """Numbers and stretches of them: 0-15,20."""
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", part)
        if not ends or int(ends[2] or ends[1]) < int(ends[1]):
            raise click.BadParameter(f"{part.strip()!r} in {text!r} is neither a number nor a stretch such as 0-15")
        last = int(ends[2] or ends[1])
        if last - int(ends[1]) > 10**6:
            raise click.BadParameter(f"{part.strip()!r} is too long a stretch")
        found += range(int(ends[1]), last + 1)
    return tuple(dict.fromkeys(found))


def place(out: Path | None, name: str, suffixes: Sequence[str]) -> Path:
    """The file asked for, where its name ends in one of these, else one of this name in the folder asked for."""
    if out is not None and out.suffix.lower() in suffixes:
        return out
    file = re.sub(r"[^\w.+-]+", "_", name) + suffixes[0]
    return (FOLDER if out is None else out) / file


def stamped(model: "ModelCard", lang: str) -> str:
    """The model's name, with the stamp of one that nobody trained."""
    from seewhy.lang import text

    return model.name + (f", {text('random_weights', lang).upper()}" if model.weights == "random" else "")
