"""seewhy concepts factors: what do parts of photos have in common?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, document, progress
from seewhy.cli.photos import expanded
from seewhy.errors import BadOption
from seewhy.lang import text


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option("--factors", "k", type=int, default=5, show_default=True, help="How many.")
@click.option("--layer", metavar="NAME", help="Of maps. Default: the last.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/factors"), show_default=True,
    metavar="OUT", help="A folder for the picture, the numbers and the maps.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(photos: tuple[str, ...], model: str, **asked: Any) -> None:
    """What parts of photos have in common in a layer, each part in its colour and with its classes.

    The maps of all photos are factorized together, so that the same colour is the same thing in each.
    """
    from seewhy.concepts import factors
    from seewhy.model.recorded import Meter
    from seewhy.render.factors import lines

    lang = asked["lang"]
    if asked["out"].is_file():
        raise BadOption(f"{asked['out']} is a file", "name a folder: -o results")
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = replace(options.loaded(model, asked), meter=Meter(tell=where.passes))
        found, bad = expanded(photos)
        if bad:
            raise bad[0][1]
        where.step(text("looking_at", lang, count=len(found)))
        made = factors(loaded, list(map(str, found)), asked["k"], asked["layer"])
        made.save(asked["out"], lang)
        if not (asked["quiet"] or asked["as_json"]):
            where.say("\n".join([*lines(made, lang), text("report_in", lang, folder=asked["out"])]))
    if asked["as_json"]:
        document({**made.as_data(), "folder": str(asked["out"])})
