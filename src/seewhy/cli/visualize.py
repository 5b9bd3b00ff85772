"""seewhy visualize: what would the network like to see?"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, Progress, document, progress
from seewhy.lang import note, text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.visualization import Visualization
    from seewhy.synthesis.planning import Step

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
    "--size", callback=options.read_size, metavar="HxW", help="Of the pictures. Default 128; of --plain the network's."
)
@click.option("--steps", type=click.IntRange(1), help="Of the optimisation. Default 512.")
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
@click.option(
    "--transforms",
    type=click.Choice(["lucid", "none"]),
    default="lucid",
    show_default=True,
    help="Whether pictures are moved, turned and scaled between steps.",
)
@click.option("--plain", is_flag=True, help="Plain gradient ascent from grey noise, as FlashTorch's: 30 steps of 1.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Step size of Adam; by default what suits.")
@options.network_options_without_size
@making
def command(model: str, **asked: Any) -> None:
    """Make pictures of what channels, neurons or classes answer to most.

    Feature visualization by optimisation (Olah et al. 2017): from noise, moved and turned between steps.
    """
    lang = asked["lang"]
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, {**asked, "size": None}, texts(asked["objectives"]))
        where.step(text("visualizing", lang, count=len(asked["objectives"])))
        row = finished((_plain if asked["plain"] else _optimised)(loaded, where, asked), where, asked)
    if asked["as_json"]:
        document(row)


def texts(objectives: Sequence[str]) -> list[str]:
    """The classes that objectives name: of an image-text model they are texts."""
    from seewhy.synthesis import parse
    from seewhy.synthesis.terms import Logit

    each = [term for text in objectives for _, term in parse(text).terms if isinstance(term, Logit)]
    return [str(one.asked) for one in each]


def _optimised(model: "Model", where: Progress, asked: dict[str, Any]) -> "Visualization":
    from seewhy.synthesis import NONE, visualize

    return visualize(
        model,
        list(asked["objectives"]),
        size=asked["size"] or 128,
        steps=asked["steps"] or 512,
        thresholds=asked["thresholds"],
        batch=asked["batch"],
        parametrization=asked["parametrization"],
        transforms=NONE if asked["transforms"] == "none" else None,
        lr=asked["lr"],
        seed=asked["seed"],
        tell=teller(where, asked["lang"]),
    )


def _plain(model: "Model", where: Progress, asked: dict[str, Any]) -> "Visualization":
    from seewhy.synthesis import ascend

    own = {name: asked[name] for name in ("size", "steps", "lr", "seed")}
    return ascend(model, list(asked["objectives"]), tell=teller(where, asked["lang"]), **own)


def teller(where: Progress, lang: str, key: str = "objective_at") -> Callable[["Step"], None]:
    """Tells of each step where the objectives stand, the first few of them."""

    def tell(step: "Step") -> None:
        said = ", ".join(f"{one:.4g}" for one in step.values[:4]) + (", ..." if len(step.values) > 4 else "")
        where.climbed(step.done, step.total, text(key, lang, value=said))

    return tell


def finished(found: "Visualization", where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    """Write a result, and say what became of it; what of it stands in the JSON document."""
    lang = asked["lang"]
    folder = found.save(asked["out"], lang=lang)
    if not (asked["quiet"] or asked["as_json"]):
        for one in found.found:
            first, last = (f"{one.values[at].mean():.4g}" for at in (0, -1))
            where.say(text("visualized", lang, name=one.name, first=first, last=last))
        for said in found.notes:
            where.say(text("note", lang, note=note(said, lang)))
        where.say(text("pictures_in", lang, folder=folder, model=found.model.name))
    return {"folder": str(folder), **manifest(folder)}


def manifest(folder: Path) -> Any:
    """What stands in a result's manifest."""
    from seewhy.render.visualization import MANIFEST

    return json.loads((folder / MANIFEST).read_text("utf-8"))
