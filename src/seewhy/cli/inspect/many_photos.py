"""Commands that make one thing of many photos: those that can't be read are reported, the others are done."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.inspect.asking import FOLDER
from seewhy.cli.output import REFUSED, Progress, document, progress
from seewhy.cli.photos import expanded
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.model import Model

Done = Callable[["Model", list[Path], Path, Progress, dict[str, Any]], dict[str, Any]]  # with "failed", a list


def together(
    ctx: click.Context,
    photos: tuple[str, ...],
    model: str,
    out: Path | None,
    asked: dict[str, Any],
    what: str,
    done: Done,
) -> None:
    """Do it with all photos, into `out` or seewhy-out/FIRST-what."""
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", asked["lang"], name=model))
        loaded = options.loaded(model, asked)
        found, bad = expanded(photos)
        told: dict[str, Any] = {"model": loaded.name, "failed": []}
        failed = [{"photo": name, "error": where.failed(name, error)} for name, error in bad]
        if found:
            folder = out or FOLDER / f"{Path(photos[0]).resolve().stem}-{what}"
            told = done(loaded, found, folder, where, asked)
        told["failed"] = [*failed, *told["failed"]]
    if asked["as_json"]:
        document(told)
    if told["failed"]:
        ctx.exit(REFUSED)
