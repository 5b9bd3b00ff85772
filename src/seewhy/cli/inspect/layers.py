"""seewhy inspect layers: what is it made of?"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, columns, document, progress
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.results.layers import LayerRow, Layers
    from seewhy.results.receptive import Receptive


@click.command(cls=Command)
@options.model_option()
@click.option("--find", metavar="TEXT", default="", help="Only layers whose name or type holds each word of it.")
@options.network_options
@options.lang_option
@options.json_option
@options.quiet_option
def command(model: str, find: str, **asked: Any) -> None:
    """Every layer by its name: type, output, parameters, receptive field, how often it runs.

    A receptive field is given where a cell of the layer's output sees a part of the picture: its size, and how far
    apart the fields of neighbours are. Behind attention and behind means over all places there is none.
    """
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, asked)
        where.step(text("looking_inside", lang))
        from seewhy.inspect import layers

        known = layers(loaded)
        found = known.find(find)
        if asked["as_json"]:
            document(_data(found))
        elif not asked["quiet"]:
            where.say("\n".join(_lines(found, len(known), lang)))


def _data(found: "Layers") -> dict[str, Any]:
    return {
        "model": found.model.name,
        "weights": found.model.weights,
        "size": list(found.size),
        "parameters": found.parameters,
        "layers": [one.as_data() for one in found],
        "notes": list(found.notes),
    }


def _lines(found: "Layers", known: int, lang: str) -> Iterator[str]:
    name = found.model.name + (f", {text('random_weights', lang).upper()}" if found.model.weights == "random" else "")
    size = " x ".join(map(str, found.size))
    yield text(
        "layers_of", lang, model=name, shown=len(found), all=known, parameters=f"{found.parameters:,}", size=size
    )
    if found.rows:
        keys = ("layer", "type", "output", "parameters", "receptive_field", "used")
        yield from columns([[text(key, lang) for key in keys], *(_row(one, lang) for one in found)], "  ")
    yield from (f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)


def _row(one: "LayerRow", lang: str) -> list[str]:
    used = text(f"used_{one.used}", lang, times=one.calls)
    fields = " | ".join(dict.fromkeys(_field(field, lang) for field in one.receptive))
    return [one.name, one.kind, one.output or "-", f"{one.parameters:,}", fields or "-", used]


def _field(field: "Receptive | None", lang: str) -> str:
    if field is None:
        return "-"
    size, step = ("x".join(map(str, each)) for each in (field.size, field.step))
    return text("field_and_step", lang, size=size, step=step)
