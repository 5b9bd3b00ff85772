"""seewhy inspect embeddings: which photos are alike to a network?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.inspect.asking import stamped
from seewhy.cli.inspect.many_photos import together
from seewhy.cli.output import Command, Progress
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.embeddings import Embeddings


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option("--layer", metavar="NAME", help="Default: what the last linear layer reads.")
@click.option(
    "--pool",
    type=click.Choice(["mean", "cls", "flatten"]),
    default="mean",
    show_default=True,
    help="How maps and tokens become a row of numbers.",
)
@click.option(
    "--map",
    "how",
    type=click.Choice(["pca", "tsne", "umap", "none"]),
    default="pca",
    show_default=True,
    help="The map on the page; umap needs seewhy[umap].",
)
@click.option("--query", metavar="PHOTO", help="Tell which photos are nearest to this one.")
@click.option("--most", type=click.IntRange(1, 100), default=12, show_default=True, help="Nearest photos to list.")
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["npz", "parquet"]),
    default="npz",
    show_default=True,
    help="Of the values; parquet needs seewhy[tables].",
)
@click.option("--batch", type=click.IntRange(1), default=16, show_default=True, help="Photos in one forward.")
@click.option("--seed", default=0, show_default=True, help="Of the map.")
@options.network_options
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where values and page.html go. Default seewhy-out/FOLDER-embeddings.",
)
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, out: Path | None, **asked: Any) -> None:
    """Embeddings of many photos, and a map of them to explore.

    PHOTO is a file, a folder or a pattern. A photo that can't be read is reported, and the others are done.
    """
    together(ctx, photos, model, out, asked, "embeddings", _done)


def _done(model: "Model", photos: list[Path], folder: Path, where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    from seewhy.errors import BadInput
    from seewhy.inspect import embeddings, project

    lang, how = asked["lang"], asked["how"]
    given = {"layer": asked["layer"], "pool": asked["pool"], "thumbs": how != "none"}
    where.step(text("embedding", lang, count=len(photos)))
    where.unit = "photos"
    query = embeddings(model, [asked["query"]], **given) if asked["query"] else None
    found = embeddings(model, photos, **given, batch=asked["batch"], tell=where.samples)
    failed = [{"photo": name, "error": where.failed(name, BadInput(why))} for name, why in found.failed]
    page = None
    if how != "none":
        found = project(found, how, seed=asked["seed"])
        page = found.save(folder / "page.html", query=query, most=asked["most"], lang=lang)
    file = found.save_values(folder / f"values.{asked['suffix']}")
    nearest = found.nearest(query.values[0], asked["most"]) if query else ()
    near = [(found.names[one.number], one.similarity) for one in nearest]
    if not (asked["quiet"] or asked["as_json"]):
        where.say("\n".join(_told(found, file, page, lang)))
        if query:
            where.say(text("nearest_to", lang, name=query.names[0]))
            where.say("\n".join(f"  {similarity:.3f}  {name}" for name, similarity in near))
    return {
        "model": found.model.name,
        "weights": found.model.weights,
        "layer": found.layer,
        "pool": found.pool,
        "photos": list(found.names),
        "shape": list(found.values.shape),
        "values": str(file),
        "page": str(page) if page else None,
        "nearest": [{"photo": name, "similarity": similarity} for name, similarity in near],
        "passes": {"forward": found.passes.forward, "backward": found.passes.backward},
        "notes": list(found.notes),
        "failed": failed,
    }


def _told(found: "Embeddings", file: Path, page: Path | None, lang: str) -> list[str]:
    count, width = found.values.shape
    said = [
        text(
            "embeddings_in",
            lang,
            model=stamped(found.model, lang),
            count=count,
            width=width,
            layer=found.layer,
            file=file,
        )
    ]
    if page:
        said.append("  " + text("map_in", lang, how=text(f"map_{found.how}", lang), page=page))
    if found.failed:
        said.append("  " + text("photos_left_out", lang, count=len(found.failed)))
    return [*said, *(f"  {text('note', lang, note=note(one, lang))}" for one in found.notes)]
