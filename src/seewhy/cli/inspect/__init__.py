"""seewhy inspect: what is inside? One file a thing to look at."""

import click

from seewhy.cli.lazy import Lazy
from seewhy.cli.output import CODES

THINGS = ("layers", "kernels", "activations", "embeddings", "examples", "attention")  # as the help lists them


@click.group(cls=Lazy, package=__name__, files=THINGS, no_args_is_help=False, epilog=CODES)
def command() -> None:
    """Look inside a network: its layers, and what goes on in them."""
