"""seewhy visualize: what would the network like to see?"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, Progress, document, progress
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.results.visualization import Visualization

PARAMETRIZATIONS = ("fourier", "pixels", "shared", "cppn", "maco", "fourier-correlated", "pixels-correlated")


def making(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of pictures that are made step by step."""
    for add in reversed(MAKING):
        command = add(command)
    return command


MAKING = (
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn."),
    click.option(
        "-o",
        "--out",
        type=click.Path(path_type=Path),
        default=Path("seewhy-out"),
        show_default=True,
        metavar="FOLDER",
        help="For the pictures, the figure and manifest.json.",
    ),
    options.lang_option,
    options.json_option,
    options.quiet_option,
)


@click.command(cls=Command)
@options.model_option()
@click.option(
    "--objective",
    "objectives",
    multiple=True,
    required=True,
    metavar="TEXT",
    help="What is maximised: layer4:12 (a channel), layer4:12:3,4 (a neuron), class:tabby, deepdream:layer4, and sums "
    "such as 'layer4:12 + 0.5*layer4:30 - 1e-3*tv'. Repeat it.",
)
@click.option(
    "--size", callback=options.read_size, default="128", show_default=True, metavar="HxW", help="Of the pictures."
)
@click.option("--steps", type=click.IntRange(1), default=512, show_default=True, help="Of the optimisation.")
@click.option(
    "--threshold", "thresholds", type=click.IntRange(1), multiple=True, metavar="STEP",
    help="Keep the pictures of this step, too. Repeat it.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1), default=1, show_default=True, help="Pictures an objective.")
@click.option(
    "--parametrization",
    type=click.Choice(PARAMETRIZATIONS),
    default="fourier",
    show_default=True,
    help="What a picture is made of.",
)
@click.option("--plain", is_flag=True, help="Neither moved, turned nor scaled between steps.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Step size of Adam; by default what suits.")
@options.network_options_without_size
@making
def command(model: str, **asked: Any) -> None:
    """Make pictures of what channels, neurons or classes answer to most.

    Feature visualization by optimisation (Olah et al. 2017): from noise, moved and turned between steps.
    """
    from seewhy.synthesis import NONE, visualize

    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, {**asked, "size": None}, [])
        where.step(text("visualizing", lang, count=len(asked["objectives"])))
        found = visualize(
            loaded,
            list(asked["objectives"]),
            size=asked["size"],
            steps=asked["steps"],
            thresholds=[one for one in asked["thresholds"] if one <= asked["steps"]],
            batch=asked["batch"],
            parametrization=asked["parametrization"],
            transforms=NONE if asked["plain"] else None,
            lr=asked["lr"],
            seed=asked["seed"],
            tell=lambda step: where.climbed(step.done, step.total, values(step.values, lang)),
        )
        finished(found, where, asked)


def values(each: tuple[float, ...], lang: str) -> str:
    """Where the objectives stand, the first few of them."""
    said = ", ".join(f"{one:.4g}" for one in each[:4]) + (", ..." if len(each) > 4 else "")
    return text("objective_at", lang, value=said)


def finished(found: "Visualization", where: Progress, asked: dict[str, Any]) -> None:
    """Write a result, and say what became of it."""
    from seewhy.render.visualization import MANIFEST

    lang = asked["lang"]
    folder = found.save(asked["out"], lang=lang)
    if asked["as_json"]:
        import json

        document({"folder": str(folder), **json.loads((folder / MANIFEST).read_text("utf-8"))})
    elif not asked["quiet"]:
        lines = [
            text(
                "visualized",
                lang,
                name=one.name,
                first=f"{one.values[0].mean():.4g}",
                last=f"{one.values[-1].mean():.4g}",
            )
            for one in found.found
        ]
        lines += [text("note", lang, note=note(one, lang)) for one in found.notes]
        where.say("\n".join([*lines, text("pictures_in", lang, folder=folder, model=found.model.name)]))
