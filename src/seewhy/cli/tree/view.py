"""seewhy tree view: a page of the tree to look around in."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from seewhy.cli import options
from seewhy.cli.output import Command, document, progress
from seewhy.cli.tree.asking import rule_option, tree_of, tree_option
from seewhy.errors import BadOption
from seewhy.lang import note, text

PAGES = (".html", ".htm")


@click.command(cls=Command)
@click.argument("photo", required=False, type=click.Path())
@options.model_option()
@tree_option
@rule_option
@click.option("--images", type=click.Path(), metavar="DIR", help="Pictures at the classes: a folder or a file each, "
              "called as the class or its id.")  # fmt: skip
@click.option("--mark", "marked", multiple=True, metavar="CLASS", help="Mark the way to a class. Repeat it.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/tree.html"), show_default=True,
    metavar="OUT.html", help="The page.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photo: str | None, model: str, out: Path, **asked: Any) -> None:
    """The tree as a page: branches that open and close, search, ways to classes, and a photo's probabilities.

    The page opens from disk and asks for nothing. A tree in a file is shown without a network where none is named.
    """
    from seewhy.trees import load, view

    lang = asked["lang"]
    if out.suffix.lower() not in PAGES:
        raise BadOption(f"{out} is no page", "end it in .html: -o tree.html")
    with progress(quiet=asked["quiet"]) as where:
        alone = asked["file"] and not photo and ctx.get_parameter_source("model") == ParameterSource.DEFAULT
        where.step(text("loading", lang, name=asked["file"] if alone else model))
        loaded = None if alone else options.loaded(model, asked, asked["marked"])
        tree = load(asked["file"]) if loaded is None else tree_of(loaded, asked["file"])
        if photo:
            where.step(text("deciding", lang, photo=photo))
        made = view(loaded, photo, tree, asked["rule"], images=asked["images"], marked=asked["marked"])
        made.save(out, lang)
        if not (asked["quiet"] or asked["as_json"]):
            size = f"{out.stat().st_size / 1e6:.2g}"
            where.say(text("tree_in_file", lang, count=len(tree.leaves), page=out, size=size))
            for one in made.notes:
                where.say(f"  {text('note', lang, note=note(one, lang))}")
    if asked["as_json"]:
        document({
            "page": str(out),
            "bytes": out.stat().st_size,
            "classes": len(tree.leaves),
            "decisions": None if made.found is None else made.found.as_data(),
            "notes": list(made.notes),
        })  # fmt: skip
