"""seewhy dream: a photo with more of what a network sees in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.each_photo import each
from seewhy.cli.output import Command, Progress
from seewhy.cli.visualize import finished, making, teller, texts

if TYPE_CHECKING:
    from seewhy.model import Model


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@click.option(
    "--objective",
    metavar="TEXT",
    help="What grows: deepdream:layer4, a channel such as layer4:12, class:tabby, or a sum of them. Default: all "
    "that a layer in the middle holds.",
)
@click.option("--size", "longest", type=click.IntRange(32), default=512, show_default=True, help="Of the longer side.")
@click.option("--octaves", type=click.IntRange(1), default=4, show_default=True, help="Sizes, from coarse to fine.")
@click.option("--steps", type=click.IntRange(1), help="In each octave. Default 10; of --plain 20.")
@click.option("--lr", type=click.FloatRange(0, min_open=True), help="Of a step. Default 0.008 of pixels from 0 to 1.")
@click.option("--jitter", type=click.IntRange(0), default=16, show_default=True, help="Pixels it is moved in a step.")
@click.option("--tv", type=click.FloatRange(0), default=0.1, show_default=True, help="Of a step, against roughness.")
@click.option("--all-colors", is_flag=True, help="Let the photo's colours change, too.")
@click.option("--plain", is_flag=True, help="One size, plain gradient ascent, as FlashTorch's deep dream.")
@options.network_options_without_size
@making
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, **asked: Any) -> None:
    """Deep dream: change a photo so that a layer, a channel or a class answers to it more (Mordvintsev et al. 2015)."""
    each(
        ctx,
        photos,
        model,
        {**asked, "size": None},
        "dreaming",
        _done,
        texts([asked["objective"]] if asked["objective"] else []),
    )


def _done(model: "Model", photo: Path, folder: Path, where: Progress, asked: dict[str, Any]) -> Any:
    from seewhy.synthesis import ascend, dream
    from seewhy.synthesis.dreaming import middle

    objective = asked["objective"] or None
    tell = teller(where, asked["lang"])
    if asked["plain"]:
        own = {name: asked[name] for name in ("steps", "lr", "seed")}
        found = ascend(model, objective or f"deepdream:{middle(model)}", photo=str(photo), tell=tell, **own)
    else:
        own = {name: asked[name] for name in ("octaves", "jitter", "tv", "longest", "seed")}
        own |= {name: asked[name] for name in ("steps", "lr") if asked[name] is not None}
        found = dream(model, str(photo), objective, keep_colors=not asked["all_colors"], tell=tell, **own)
    return finished(found, where, {**asked, "out": folder})
