"""seewhy explain: why this answer?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import names, options
from seewhy.cli.interrupt import Interrupt, interruptible
from seewhy.cli.output import INTERRUPTED, REFUSED, Command, Progress, document, progress
from seewhy.cli.photos import expanded, folders
from seewhy.errors import SeewhyError
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.cli.style import Style
    from seewhy.plan import Plan
    from seewhy.types import Explanation


class Explain(Command):
    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section("Methods"):
            formatter.write_text(", ".join(names.methods()))


@click.command(cls=Explain)
@options.photos_argument
@options.model_option(multiple=True)
@click.option(
    "-m",
    "--method",
    "methods",
    multiple=True,
    metavar="ID",
    shell_complete=names.complete_method,
    help="How to explain: see Methods below. Default gradcam, or integrated_gradients where the network has no maps; "
    "attention_relevance for a CLIP with transformers. "
    "Repeat it to compare.",
)
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="CLASS",
    help="What to explain: an index, a label or a part of one, 'top' (the default), 'rank:1' (the second likeliest), "
    "or a contrast 'tabby - tiger cat'; of a CLIP any text. Repeat it to compare.",
)
@click.option("--layer", "layers", multiple=True, metavar="NAME", help="The layer read, where the method reads one.")
@click.option(
    "--score",
    type=click.Choice(["logit", "probability", "log_probability", "answer"]),
    help="What of the class is explained; default the method's own, and 'answer' of a function.",
)
@click.option(
    "-O",
    "--option",
    "pairs",
    multiple=True,
    callback=options.read_pairs,
    metavar="NAME=VALUE",
    help="An option of the methods that have it; @FILE is a picture, of segments labels.",
)
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn at random.")
@options.network_options
@click.option(
    "--precision",
    type=click.Choice(["float32", "float64", "bfloat16"]),
    help="Default the model's own. bfloat16 is for methods that only score variants, with its error in the result.",
)
@click.option("--compile", is_flag=True, help="Try torch.compile in long runs of scores; go on with what is faster.")
@click.option("--memory", callback=options.read_bytes, metavar="BYTES", help="Memory for activations, such as 2GB.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where results go: DIR itself for one file, DIR/PHOTO for several; default seewhy-out/PHOTO.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Results of the same call, stopped or short of samples, that go on where they ended, be it to more n_samples.",
)
@click.option(
    "--style",
    default="seewhy",
    show_default=True,
    help="The figure's looks: seewhy, flashtorch, captum, captum:MODE,MODE, shap, or lime:SIGN,NUMBER.",
)
@click.option("--cmap", metavar="NAME", help="Colour map of the figure, any of matplotlib's.")
@click.option(
    "--sign",
    type=click.Choice(["positive", "negative", "absolute", "all"]),
    help="Which evidence the figure shows; default as the method's paper.",
)
@click.option(
    "--plotly", is_flag=True, help="Also a Plotly figure of each explanation, plotly.html: with seewhy[plotly]."
)
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, **asked: Any) -> None:
    """Explain photos: figure, page, raw values and manifest for each.

    PHOTO is a file, a folder or a pattern. A photo that can't be read is reported, and the others are done.
    """
    results: list[dict[str, Any]] = []
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where, interruptible(where) as stop:
        plan, style = _planned(asked, where, stop)
        photos, bad = expanded(asked["photos"])
        for name, error in bad:
            results.append({"photo": name, "error": where.failed(name, error)})
        loud = not (asked["quiet"] or asked["as_json"])
        places = folders(photos, asked["photos"], asked["out"])
        for i, (photo, folder) in enumerate(zip(photos, places, strict=True)):
            number = f" ({text('number_of', lang, number=i + 1, total=len(photos))})" if len(photos) > 1 else ""
            if stop.asked:
                break
            where.step(text("explaining", lang, photo=photo) + number)
            try:
                results.append(_explained(plan, style, photo, folder, where, loud, asked["plotly"]))
            except SeewhyError as error:
                results.append({"photo": str(photo), "error": where.failed(str(photo), error)})
    if asked["as_json"]:
        document({"photos": results})
    if stop.asked:
        click.echo("stopped: --resume DIR goes on from there", err=True)
        ctx.exit(INTERRUPTED)
    if any("error" in one for one in results):
        ctx.exit(REFUSED)


def _planned(asked: dict[str, Any], where: Progress, stop: Interrupt) -> "tuple[Plan, Style]":
    where.step(text("loading", asked["lang"], name=", ".join(asked["models"])))
    from seewhy import plan
    from seewhy.cli.style import Style
    from seewhy.model.course import Course
    from seewhy.model.recorded import Meter

    style = Style(asked["style"], asked["cmap"], asked["sign"], asked["lang"])
    if asked["plotly"]:
        from seewhy.render.plotly import require

        require()  # before anything is computed
    models = []
    for name in dict.fromkeys(asked["models"]):
        course = Course(tell=where.samples, stopped=stop)
        made_for = {"meter": Meter(tell=where.passes), "course": course, "compile": asked["compile"]}
        model = replace(options.loaded(name, asked, asked["targets"]), **made_for)
        models.append(plan.prepared(model, asked["precision"], asked["memory"]))
    methods, reason = asked["methods"] or (plan.PREFERRED[0],), ""
    if not (asked["methods"] or asked["layers"]):  # a layer that is named is read, or refused with the reason
        chosen, reason = plan.chosen(models)
        methods = (chosen,)
    style.check(methods)
    made = plan.made(models, methods, asked["targets"], asked["pairs"], asked["layers"], asked["score"], asked["seed"])
    if asked["resume"]:
        made = replace(made, resume=plan.earlier(asked["resume"]))
    if reason:
        where.note(text("instead", asked["lang"], method=methods[0], reason=reason))
    return made, style


def _explained(
    plan: "Plan", style: "Style", photo: Path, folder: Path, where: Progress, loud: bool, plotly: bool
) -> dict[str, Any]:
    from seewhy.cli import results
    from seewhy.store import refuse_others

    refuse_others(folder)  # before minutes are spent on what can't be written
    found = plan.run(str(photo))
    where.step(text("drawing", style.lang, photo=photo))
    places, figures = results.written(found, folder, style, plotly)
    if loud:
        where.say("\n".join(_told(photo, folder, found, style.lang)))
    return {
        "photo": str(photo),
        "folder": str(folder),
        "figures": [str(path) for path in figures],
        "page": str(folder / "page.html"),
        "predictions": [results.prediction(one) for one in found[0].predictions[0]],
        "explanations": [results.as_data(one, place) for one, place in zip(found, places, strict=True)],
    }


def _told(photo: Path, folder: Path, found: "list[Explanation]", lang: str) -> list[str]:
    from seewhy.cli import results

    lines, firsts = [], {one.model: one for one in reversed(found)}
    for model, first in reversed(firsts.items()):
        lines += [results.says(photo, model, lang), *results.predictions(first.predictions[0], lang)]
    for one in found:
        lines.append(results.line(one, lang, one.model.name if len(firsts) > 1 else ""))
        lines += results.words(one, lang)
        lines += [f"    {text('note', lang, note=note(said, lang))}" for said in one.notes]
    return [*lines, f"  {text('results_in', lang, folder=folder, page=folder / 'page.html')}", ""]
