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
    from seewhy.errors import BadInput
    from seewhy.trees import induce, load

    if file is None:
        return induce(model)
    own, count = load(file), len(model.classes)
    if count and count != len(own.leaves):
        raise BadInput(
            f"the tree in {file} has {len(own.leaves)} classes, and {model.name} has {count}", "name the tree's network"
        )
    return load(file, model.classes) if count else own
