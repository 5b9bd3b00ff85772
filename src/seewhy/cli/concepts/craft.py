"""seewhy concepts craft: which concepts make a class?"""

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
@click.option("--target", required=True, metavar="CLASS", help="The class: a label, part of one, or a number.")
@click.option("--layer", metavar="NAME", help="Of maps. Default: the last.")
@click.option("--concepts", type=int, default=10, show_default=True, help="How many are looked for.")
@click.option("--side", type=int, metavar="PIXELS", help="Of a crop of the network's input. Default: 2/7 of it.")
@click.option("--samples", type=int, default=32, show_default=True, help="Of the importance: more are more exact.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samples.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/craft"), show_default=True, metavar="OUT",
    help="A folder for the picture, the numbers and the maps.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(photos: tuple[str, ...], model: str, **asked: Any) -> None:
    """Concepts found in pictures of a class, the most important first, and where each is.

    Crops of the pictures are factorized in a layer; how important a factor is says the variance of the class's score
    that it takes part in.
    """
    from seewhy.concepts import craft
    from seewhy.model.recorded import Meter
    from seewhy.render.craft import lines

    lang = asked["lang"]
    if asked["out"].is_file():
        raise BadOption(f"{asked['out']} is a file", "name a folder: -o results")
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = replace(options.loaded(model, asked, [asked["target"]]), meter=Meter(tell=where.passes))
        found, bad = expanded(photos)
        if bad:
            raise bad[0][1]
        where.step(text("looking_at", lang, count=len(found)))
        names = ("concepts", "side", "samples", "seed")
        made = craft(
            loaded, list(map(str, found)), asked["target"], asked["layer"], **{name: asked[name] for name in names}
        )
        made.save(asked["out"], lang)
        if not (asked["quiet"] or asked["as_json"]):
            where.say("\n".join([*lines(made, lang), text("report_in", lang, folder=asked["out"])]))
    if asked["as_json"]:
        document({**made.as_data(), "folder": str(asked["out"])})
