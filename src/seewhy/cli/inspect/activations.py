"""seewhy inspect activations: what do layers answer to a photo?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.each_photo import each
from seewhy.cli.inspect.asking import FOLDER, read_range, stamped
from seewhy.cli.output import Command, Progress
from seewhy.cli.photos import distinct
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.activations import Activation, Activations


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option("--layer", "layers", multiple=True, metavar="NAME", help="A layer; repeat it. Default the last maps.")
@click.option(
    "--scale",
    type=click.Choice(["channel", "shared"]),
    default="channel",
    show_default=True,
    help="Of the figure: each channel's own, or one for all channels of a layer.",
)
@click.option(
    "--most", type=click.IntRange(1), default=64, show_default=True, help="Channels of a layer that are drawn."
)
@click.option("--channels", callback=read_range, metavar="0-15,20", help="Which, and not those that respond most.")
@options.network_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where a folder goes for each photo: figure.png, page.html, values.npz. Default seewhy-out.",
)
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, out: Path | None, **asked: Any) -> None:
    """Feature maps of layers for a photo: a figure, a page to explore, and the values.

    One forward for all layers. The channels that respond most come first.
    """
    each(ctx, photos, model, asked, "looking_at_layers", _done, places=lambda found: _folders_of(found, out))


def _folders_of(photos: list[Path], out: Path | None) -> list[Path]:
    """Where each photo's files go."""
    return [(out or FOLDER) / f"{name}-activations" for name in distinct([photo.stem for photo in photos])]


def _done(model: "Model", photo: Path, folder: Path, where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    from seewhy.inspect import activations
    from seewhy.render.saved import saved

    lang, shown = asked["lang"], {key: asked[key] for key in ("most", "channels")}
    found = activations(model, str(photo), list(asked["layers"]) or None)
    saved(found.figure(scale=asked["scale"], lang=lang, **shown), folder / "figure.png")
    found.save(folder / "page.html", lang=lang, **shown)
    found.save_values(folder / "values.npz")
    if not (asked["quiet"] or asked["as_json"]):
        where.say("\n".join(_told(found, photo, folder, lang)))
    return {
        "folder": str(folder),
        "tensors": [_as_data(found, one, one.strongest(**shown)) for one in found],
        "passes": {"forward": found.passes.forward, "backward": found.passes.backward},
        "notes": list(found.notes),
    }


def _told(found: "Activations", photo: Path, folder: Path, lang: str) -> list[str]:
    said = [text("activations_in", lang, photo=photo, model=stamped(found.model, lang), page=folder / "page.html")]
    for one in found:
        shape = " x ".join(map(str, one.values.shape[1:] or (1,)))
        strongest = ", ".join(map(str, one.strongest(5)))
        said.append("  " + text("responds_most", lang, name=one.name, shape=shape, channels=strongest, dead=one.dead))
    return [*said, *(f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)]


def _as_data(found: "Activations", one: "Activation", shown: tuple[int, ...]) -> dict[str, Any]:
    return {
        "name": one.name,
        "layer": one.layer,
        "call": one.call,
        "part": one.part,
        "shape": list(one.values.shape),
        "placed": one.placed,
        "dead": one.dead,
        "channels": [
            {"channel": channel, **one.numbers(channel)._asdict(), "pixel": found.where(one, channel)}
            for channel in shown
        ],
    }
