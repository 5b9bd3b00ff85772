"""seewhy inspect kernels: what do filters weigh their inputs by?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.inspect.asking import place, read_range, stamped
from seewhy.cli.output import Command, document, progress
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.results.kernels import Kernels


@click.command(cls=Command)
@options.model_option()
@click.option("--layer", metavar="NAME", help="A convolution or linear layer; default the first one.")
@click.option("--filters", callback=read_range, metavar="0-15,20", help="Which filters; default all.")
@click.option("--inputs", callback=read_range, metavar="0-15,20", help="Which inputs of each; default all.")
@click.option("--most", type=click.IntRange(1), default=4096, show_default=True, help="Tiles on a picture.")
@click.option(
    "--page", type=click.IntRange(1), default=1, show_default=True, help="Which picture, where there are more tiles."
)
@options.network_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="The picture, OUT.png (or .svg, .pdf), or a folder for it. Default seewhy-out.",
)
@options.lang_option
@options.json_option
@options.quiet_option
def command(model: str, layer: str | None, most: int, page: int, out: Path | None, **asked: Any) -> None:
    """The kernels of a layer as one picture: one scale for all, white is zero.

    Kernels of a first layer, which read red, green and blue, are drawn in colour: grey is zero.
    """
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, asked)
        where.step(text("looking_inside", lang))
        from seewhy.inspect import kernels
        from seewhy.render.saved import FORMATS

        found = kernels(loaded, layer, filters=asked["filters"], inputs=asked["inputs"])
        name = f"{found.model.name}-{found.layer}-kernels" + (f"-{page}" if page > 1 else "")
        file = found.save(place(out, name, FORMATS), most=most, page=page, lang=lang)
        if asked["as_json"]:
            document(_data(found, file, page))
        elif not asked["quiet"]:
            where.say(_told(found, file, lang))


def _data(found: "Kernels", file: Path, page: int) -> dict[str, Any]:
    return {
        "model": found.model.name,
        "weights": found.model.weights,
        "layer": found.layer,
        "type": found.kind,
        "shape": [*found.of, *found.weights.shape[2:]],
        "filters": list(found.filters),
        "inputs": list(found.inputs),
        "tiles": found.tiles,
        "largest": found.top,
        "colour": found.colour,
        "drawn_as": found.shape,
        "page": page,
        "picture": str(file),
    }


def _told(found: "Kernels", file: Path, lang: str) -> str:
    shape = " x ".join(map(str, found.weights.shape[: 2 if found.shape == "matrix" else 4]))
    model = stamped(found.model, lang)
    return text("kernels_in", lang, model=model, layer=found.layer, kind=found.kind, shape=shape, file=file)
