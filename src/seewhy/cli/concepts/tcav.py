"""seewhy concepts tcav: does a concept matter to a class?"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, document, progress
from seewhy.errors import BadOption
from seewhy.lang import text


def read_concepts(_ctx: click.Context, _param: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Concepts: name=folder each, or a folder, which names it."""
    found: dict[str, str] = {}
    for one in texts:
        name, sign, folder = one.partition("=")
        name, folder = (name.strip(), folder) if sign else (Path(one).name, one)
        if not name or not folder or name in found:
            raise click.BadParameter(f"{one!r} is not name=folder, such as stripes=photos/stripes, or is there twice")
        found[name] = folder
    return found


@click.command(cls=Command)
@options.model_option()
@click.option(
    "--concept",
    "concepts",
    multiple=True,
    required=True,
    callback=read_concepts,
    metavar="NAME=DIR",
    help="A folder of pictures that show it. Repeat it.",
)
@click.option(
    "--random",
    multiple=True,
    required=True,
    type=click.Path(),
    metavar="DIR",
    help="Pictures of anything: ten folders and more, a folder of such folders, or one large folder.",
)
@click.option("--random-sets", type=int, metavar="N", help="So many sets are cut from one large folder.")
@click.option("--images", required=True, type=click.Path(), metavar="DIR", help="Pictures of the class.")
@click.option("--target", required=True, metavar="CLASS", help="The class: a label, part of one, or a number.")
@click.option("--layer", "layers", multiple=True, metavar="NAME", help="Repeat it. Default: the last maps.")
@click.option(
    "--pool",
    type=click.Choice(["mean", "flatten"]),
    default="mean",
    show_default=True,
    help="What a CAV is a direction of: each channel's mean over its places, or every number.",
)
@click.option(
    "--classifier", type=click.Choice(["ridge", "logistic", "sgd"]), default="ridge", show_default=True,
    help="The linear model that tells a concept from random pictures.",
)  # fmt: skip
@click.option(
    "--correction", type=click.Choice(["bonferroni", "holm", "none"]), default="bonferroni", show_default=True,
    help="Of p for the number of tests.",
)  # fmt: skip
@click.option("--level", type=float, default=0.05, show_default=True, help="Below which p is significant.")
@click.option("--relative", is_flag=True, help="Tell each concept from the others, too.")
@click.option("--cache", type=click.Path(path_type=Path), metavar="DIR", help="Keep activations there for later calls.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is held out.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/tcav"), show_default=True, metavar="OUT",
    help="A folder for the report, the figure, the numbers and the CAVs.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(model: str, **asked: Any) -> None:
    """How often a class's score grows with a concept, and whether that is more than chance.

    A concept is a folder of pictures. It is told from random pictures by a linear model in a layer; its score is the
    share of the class's pictures whose logit grows that way. Ten random sets and more say what chance does.
    """
    from seewhy.concepts import tcav
    from seewhy.model.recorded import Meter
    from seewhy.render.tcav import lines

    lang = asked["lang"]
    if asked["out"].is_file():
        raise BadOption(f"{asked['out']} is a file", "name a folder: -o results")
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = replace(options.loaded(model, asked, [asked["target"]]), meter=Meter(tell=where.passes))
        where.step(text("collecting", lang, count=len(asked["concepts"]) + len(asked["random"]) + 1))
        random = asked["random"]
        found = tcav(
            loaded,
            asked["concepts"],
            random[0] if len(random) == 1 else list(random),
            asked["images"],
            asked["target"],
            asked["layers"] or None,
            random_sets=asked["random_sets"],
            **{
                name: asked[name] for name in ("pool", "classifier", "correction", "level", "relative", "cache", "seed")
            },
        )
        found.save(asked["out"], lang)
        if not (asked["quiet"] or asked["as_json"]):
            where.say("\n".join([*lines(found, lang), "", text("report_in", lang, folder=asked["out"])]))
    if asked["as_json"]:
        document({**found.as_data(), "folder": str(asked["out"])})
