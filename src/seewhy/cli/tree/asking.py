"""What commands on a tree have in common: which tree is meant."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.hierarchy import Hierarchy

tree_option = click.option(
    "--tree", "file", type=click.Path(), metavar="FILE",
    help="Node-link JSON. Default: the tree induced from the last layer's weights.",
)  # fmt: skip
rule_option = click.option(
    "--rule", type=click.Choice(["soft", "hard"]), default="soft", show_default=True,
    help="Soft: the way to the likeliest class. Hard: the best child at each node.",
)  # fmt: skip


def tree_of(model: "Model", file: str | None) -> "Hierarchy":
    """The tree in the file, over the model's classes; without a file the one that its last layer gives."""
    from seewhy.trees import induce, load

    return induce(model) if file is None else load(file, model.classes or None)
