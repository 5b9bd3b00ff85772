"""seewhy inspect attention: what do patches attend to?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.each_photo import each
from seewhy.cli.output import Command, Progress
from seewhy.cli.photos import distinct
from seewhy.errors import BadOption
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.attention import AttentionCall, AttentionMaps

PAGES = (".html", ".htm")


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="A layer that attends, by its name, or by its number from 0 or from the end: -1. Repeat it; default all.",
)
@click.option(
    "--heads",
    type=click.Choice(["auto", "all", "mean", "max", "min"]),
    default="auto",
    show_default=True,
    help="Which are stored: each, or one of all; 'auto' is each, where that is not too many weights.",
)
@options.network_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="The page, OUT.html, of one photo; else a folder, for PHOTO-attention.html each. Default seewhy-out.",
)
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, **asked: Any) -> None:
    """What each patch of a photo attends to: one page a photo, with every layer and head.

    The page opens from disk and asks for nothing. Attention knows of no class: see `seewhy explain --method
    attention_relevance` for what it did to the answer.
    """
    each(ctx, photos, model, asked, "attending", _done, places=lambda found: _pages(found, asked["out"]))


def _pages(photos: list[Path], out: Path | None) -> list[Path]:
    """Where each photo's page goes."""
    out = Path("seewhy-out") if out is None else out
    if out.suffix.lower() not in PAGES:
        return [out / f"{name}-attention.html" for name in distinct([photo.stem for photo in photos])]
    if len(photos) > 1:
        raise BadOption(f"{out} is one page, and there are {len(photos)} photos", "name a folder: -o results")
    return [out] * len(photos)


def _done(model: "Model", photo: Path, page: Path, where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    from seewhy.inspect import attention

    lang = asked["lang"]
    layers = [int(one) if one.lstrip("-").isdigit() else one for one in asked["layers"]]
    maps = attention(model, str(photo), layers=layers or None, heads=asked["heads"])
    maps.save(page, lang)
    if not (asked["quiet"] or asked["as_json"]):
        where.say("\n".join(_told(maps, photo, page, lang)))
    return {
        "page": str(page),
        "bytes": page.stat().st_size,
        "layers": [_as_data(call) for call in maps.calls],
        "notes": list(maps.notes),
    }


def _told(maps: "AttentionMaps", photo: Path, page: Path, lang: str) -> list[str]:
    size = f"{page.stat().st_size / 1e6:.2g}"
    name = maps.model.name + (f", {text('random_weights', lang).upper()}" if maps.model.weights == "random" else "")
    said = text("attention_in", lang, photo=photo, model=name, layers=len(maps), page=page, size=size)
    return [said, *(f"  {text('note', lang, note=note(one, lang))}" for one in maps.notes)]


def _as_data(call: "AttentionCall") -> dict[str, Any]:
    """One call of attention in the JSON document."""
    return {
        "number": call.number,
        "layer": call.layer,
        "heads": call.heads,
        "stored": call.fused or "all",
        "queries": {"cells": list(call.queries.cells), "others": [str(one) for one in call.queries.others]},
        "keys": {"cells": list(call.keys.cells), "others": [str(one) for one in call.keys.others]},
        "windows": call.codes.shape[1],
        "error": call.error,
    }
