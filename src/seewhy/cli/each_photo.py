"""Commands that make a file or a folder of each photo: one that fails stops no other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import REFUSED, Progress, document, progress
from seewhy.cli.photos import distinct, expanded
from seewhy.errors import SeewhyError
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.model import Model

Places = Callable[[list[Path]], list[Path]]
Done = Callable[["Model", Path, Path, Progress, dict[str, Any]], Any]  # what it returns stands in the JSON document


def each(
    ctx: click.Context,
    photos: tuple[str, ...],
    model: str,
    asked: dict[str, Any],
    doing: str,
    done: Done,
    classes: Sequence[str] = (),
    *,
    places: Places | None = None,
) -> None:
    """Do it with each photo, into the place of each; default `out`, or a folder of its own there if there are several.

    classes: those that are asked for; of an image-text model they are texts.
    """
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, asked, classes)
        found, bad = expanded(photos)
        rows: list[dict[str, Any]] = [{"photo": name, "error": where.failed(name, error)} for name, error in bad]
        into = places(found) if places else _folders(found, asked["out"])
        for photo, place in zip(found, into, strict=True):
            where.step(text(doing, lang, photo=photo))
            try:
                rows.append({**done(loaded, photo, place, where, asked), "photo": str(photo)})
            except SeewhyError as error:
                rows.append({"photo": str(photo), "error": where.failed(str(photo), error)})
    if asked["as_json"]:
        document({"model": loaded.name, "weights": loaded.card.weights, "photos": rows})
    if any("error" in row for row in rows):
        ctx.exit(REFUSED)


def _folders(photos: list[Path], out: Path) -> list[Path]:
    names = distinct([photo.stem for photo in photos])
    return [out / name for name in names] if len(names) > 1 else [out] * len(names)
