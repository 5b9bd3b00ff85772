"""seewhy again: does it come out the same?"""

from pathlib import Path
from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.output import REFUSED, Command, document, progress
from seewhy.errors import BadInput, SeewhyError
from seewhy.lang import class_name, note, text


@click.command(cls=Command)
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option("-M", "--model", metavar="NAME", help="Another network than the one on record.")
@options.weights_option
@options.device_option
@click.option("--trust", is_flag=True, help="Run the code that the record names: a factory or a function.")
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, folders: tuple[Path, ...], **asked: Any) -> None:
    """Compute stored explanations once more and print the largest difference.

    DIR holds the results of one photo, or folders of them.
    """
    rows: list[dict[str, Any]] = []
    models: dict[Any, Any] = {}
    with progress(quiet=asked["quiet"]) as where:
        for folder in [found for one in folders for found in _stored(one)]:
            where.step(text("computing_again", asked["lang"], folder=folder))
            try:
                rows.append(_done(folder, asked, models))
            except SeewhyError as error:
                rows.append({"folder": str(folder), "error": where.failed(str(folder), error)})
                continue
            if not (asked["quiet"] or asked["as_json"]):
                where.say("\n".join(_told(rows[-1], asked["lang"])))
    if asked["as_json"]:
        document({"explanations": rows})
    if any("error" in row for row in rows):
        ctx.exit(REFUSED)


def _done(folder: Path, asked: dict[str, Any], models: dict[Any, Any]) -> dict[str, Any]:
    import seewhy
    from seewhy.repeat import reload

    old = seewhy.open(folder)
    key = (old.model.spec, old.model.weights, old.model.overrides)
    if key not in models:
        card = old.model
        if asked["model"]:
            models[key] = seewhy.load(asked["model"], weights=asked["weights"], device=asked["device"])
        else:
            models[key] = reload(card, weights=asked["weights"], device=asked["device"], trust=asked["trust"])
    found = seewhy.again(old, models[key])
    return {
        "folder": str(folder),
        "method": old.method,
        "class": old.classes[0],
        "label": old.labels[0],
        "largest_difference": found.absolute,
        "relative": found.relative,
        "notes": list(found.notes),
    }


def _told(row: dict[str, Any], lang: str) -> list[str]:
    difference = row["largest_difference"]
    values = {
        "difference": f"{difference:.3g}",
        "relative": f"{row['relative']:.3g}",
        "label": class_name(row["label"], lang, row["class"]),
    }
    compared = text("compared" if difference else "compared_same", lang, **row | values)
    return [compared, *(f"  {text('note', lang, note=note(said, lang))}" for said in row["notes"])]


def _stored(folder: Path) -> list[Path]:
    """The folder itself, or those under it that hold an explanation."""
    if (folder / "manifest.json").is_file():
        return [folder]
    found = sorted(path.parent for path in folder.rglob("manifest.json") if not path.parent.name.startswith("."))
    if not found:
        raise BadInput(f"there is no explanation in {folder}", "name the folder that `seewhy explain` printed")
    return found
