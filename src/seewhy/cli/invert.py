"""seewhy invert: what does a layer still know of a photo?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.each_photo import each
from seewhy.cli.output import Command, Progress
from seewhy.cli.visualize import making, manifest, teller
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.model import Model

PARAMETRIZATIONS = ("fourier", "free", "pixels", "cppn", "maco")


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option(
    "--layer", "layers", multiple=True, metavar="NAME", help="Whose features. Repeat it, to see several side by side."
)
@click.option("--steps", type=click.IntRange(1), default=400, show_default=True, help="Of the optimisation.")
@click.option(
    "--parametrization",
    type=click.Choice(PARAMETRIZATIONS),
    default="fourier",
    show_default=True,
    help="What the picture is made of; 'free' are the paper's pixels.",
)
@click.option("--alpha-weight", type=click.FloatRange(0), default=1e-3, show_default=True, help="Of the α-norm.")
@click.option("--tv-weight", type=click.FloatRange(0), help="Of the total variation. Default 0.05; of 'free' 0.5.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Step size of Adam; by default what suits.")
@options.network_options
@making
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, **asked: Any) -> None:
    """Make a picture with the features that a photo has at a layer (Mahendran and Vedaldi 2015).

    What the picture lacks, the layer has forgotten.
    """
    each(ctx, photos, model, asked, "inverting", _done)


def _done(model: "Model", photo: Path, folder: Path, where: Progress, asked: dict[str, Any]) -> Any:
    from seewhy.synthesis import invert

    lang = asked["lang"]
    own = {name: asked[name] for name in ("steps", "parametrization", "alpha_weight", "tv_weight", "lr", "seed")}
    layers = list(asked["layers"]) or [model.layer(None)]
    found = invert(model, str(photo), layers, tell=teller(where, lang, "feature_loss_at"), **own)
    found.save(folder, lang=lang)
    if not (asked["quiet"] or asked["as_json"]):
        for one in found.found:
            first, last = (f"{one.features[at]:.4g}" for at in (0, -1))
            where.say(text("inverted_at", lang, photo=photo, layer=one.layer, first=first, last=last))
        where.say(text("pictures_in", lang, folder=folder, model=found.model.name))
    return {"folder": str(folder), **manifest(folder)}
