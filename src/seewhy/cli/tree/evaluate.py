"""seewhy tree evaluate: how often are a network and its tree right on photos with labels?"""

from pathlib import Path
from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, document, progress
from seewhy.cli.tree.asking import tree_of, tree_option
from seewhy.errors import BadOption
from seewhy.lang import text


@click.command(cls=Command)
@click.argument("folder", type=click.Path())
@options.model_option()
@tree_option
@click.option("--batch", type=int, default=16, show_default=True, help="Photos at a time.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/tree"), show_default=True, metavar="OUT",
    help="A folder for the report, the figure and the numbers.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(folder: str, model: str, **asked: Any) -> None:
    """How often a network and its tree are right, and where they are in doubt.

    FOLDER has one subfolder a class, or photos and a labels.json or labels.csv, or photos whose names say what they
    show. A label may be a kind of classes that the network never saw: a node of the tree, or any kind WordNet knows.
    """
    from seewhy.render.tree_scores import lines
    from seewhy.trees import evaluate

    lang = asked["lang"]
    if asked["out"].is_file():
        raise BadOption(f"{asked['out']} is a file", "name a folder: -o results")
    with progress(quiet=asked["quiet"]) as where:
        where.unit = "photos"
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, asked)
        tree = tree_of(loaded, asked["file"])
        where.step(text("tree_scores_judging", lang, folder=folder))
        found = evaluate(loaded, folder, tree, batch=asked["batch"], tell=where.samples)
        found.save(asked["out"], lang)
        if not (asked["quiet"] or asked["as_json"]):
            where.say("\n".join([*lines(found, lang), "", text("report_in", lang, folder=asked["out"])]))
    if asked["as_json"]:
        document({**found.as_data(), "folder": str(asked["out"])})
