"""seewhy predict: what does it say?"""

from typing import Any

import click

from seewhy.cli import options
from seewhy.cli.output import REFUSED, Command, document, progress
from seewhy.cli.photos import expanded
from seewhy.errors import SeewhyError
from seewhy.lang import note, text


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option("--top", default=5, show_default=True, type=click.IntRange(min=1), help="How many classes.")
@options.network_options
@options.lang_option
@options.json_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, top: int, **asked: Any) -> None:
    """The likeliest classes of photos."""
    with progress(quiet=False) as where:
        where.step(text("loading", asked["lang"], name=model))
        from seewhy.api import predict
        from seewhy.cli import results
        from seewhy.texts.answers import about_texts

        loaded = options.loaded(model, asked, ())
        for said in about_texts(loaded):
            where.note(text("note", asked["lang"], note=note(said, asked["lang"])))
        found, bad = expanded(photos)
        rows: list[dict[str, Any]] = [{"photo": name, "error": where.failed(name, error)} for name, error in bad]
        for photo in found:
            try:
                said = predict(loaded, str(photo), top)
            except SeewhyError as error:
                rows.append({"photo": str(photo), "error": where.failed(str(photo), error)})
                continue
            rows.append({"photo": str(photo), "predictions": [results.prediction(one) for one in said]})
            if not asked["as_json"]:
                head = results.says(photo, loaded.card, asked["lang"])
                where.say("\n".join([head, *results.predictions(said, asked["lang"])]))
    if asked["as_json"]:
        document({"model": loaded.name, "weights": loaded.card.weights, "photos": rows})
    if any("error" in row for row in rows):
        ctx.exit(REFUSED)
