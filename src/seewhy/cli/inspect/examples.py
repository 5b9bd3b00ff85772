"""seewhy inspect examples: what excites channels most?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.inspect.asking import read_range, stamped
from seewhy.cli.inspect.many_photos import together
from seewhy.cli.output import Command, Progress
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.examples import Examples


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option("--layer", metavar="NAME", help="Of maps, tokens or numbers. Default the last maps.")
@click.option("--channels", "--channel", callback=read_range, metavar="0-15,20", help="Which to show.")
@click.option("--most", type=click.IntRange(1), default=16, show_default=True, help="Channels, where none are named.")
@click.option("--top", type=click.IntRange(1, 1000), default=9, show_default=True, help="Photos for a channel.")
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Photos in one forward.")
@options.network_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where figure.png, page.html and values.npz go. Default seewhy-out/FOLDER-examples.",
)
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, out: Path | None, **asked: Any) -> None:
    """For each channel the photos, and the places in them, that excite it most.

    Shown is what a cell of the layer sees: its receptive field, cut from the original picture.
    """
    together(ctx, photos, model, out, asked, "examples", _done)


def _done(model: "Model", photos: list[Path], folder: Path, where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    from seewhy.errors import BadInput
    from seewhy.inspect import examples
    from seewhy.render.saved import saved

    lang = asked["lang"]
    given = {key: asked[key] for key in ("layer", "channels", "most", "top", "batch")}
    where.step(text("exciting", lang, count=len(photos)))
    where.unit = "photos"
    found = examples(model, photos, **given, tell=where.samples)
    failed = [{"photo": name, "error": where.failed(name, BadInput(why))} for name, why in found.failed]
    saved(found.figure(lang), folder / "figure.png")
    page = found.save(folder / "page.html", lang)
    found.save_values(folder / "values.npz")
    if not (asked["quiet"] or asked["as_json"]):
        where.say("\n".join(_told(found, page, lang)))
    return {
        "model": found.model.name,
        "weights": found.model.weights,
        "layer": found.layer,
        "receptive_field": found.receptive._asdict() if found.receptive else None,
        "photos": len(found.names),
        "folder": str(folder),
        "channels": [{"channel": one, "examples": _as_data(found, one)} for one in found.shown],
        "passes": {"forward": found.passes.forward, "backward": found.passes.backward},
        "notes": list(found.notes),
        "failed": failed,
    }


def _as_data(found: "Examples", channel: int) -> list[dict[str, Any]]:
    listed = zip(found[channel], found.crops[channel], strict=True)
    return [
        {"photo": found.names[one.photo], "value": one.value, "cell": one.cell, "box": crop.box} for one, crop in listed
    ]


def _told(found: "Examples", page: Path, lang: str) -> list[str]:
    shown = {"model": stamped(found.model, lang), "layer": found.layer, "page": page}
    said = [text("examples_in", lang, count=len(found.names), channels=len(found.shown), **shown)]
    return [*said, *(f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)]
