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
    "--rule", type=click.Choice(["soft", "hard", "marginal"]), default="soft", show_default=True,
    help="Soft: the way to the likeliest class. Hard: the best child at each node. Marginal: the way to the network's "
    "own class, with its own probabilities.",
)  # fmt: skip


def tree_of(model: "Model", file: str | None) -> "Hierarchy":
    """The tree in the file, over the model's classes, and named where it has no names; without a file the one that its
    last layer gives."""
    from seewhy.errors import BadInput, Unsupported
    from seewhy.trees import induce, load, meanings, named

    if file is None:
        try:
            return induce(model)
        except Unsupported as error:
            raise Unsupported(error.problem, "give a tree of its classes: --tree FILE") from error
    own, count = load(file), len(model.classes)
    if count and count != len(own.leaves):
        raise BadInput(
            f"the tree in {file} has {len(own.leaves)} classes, and {model.name} has {count}", "name the tree's network"
        )
    if not count:
        return own
    tree = load(file, model.classes)
    unnamed = not any(tree.names[node] for node in tree.inner)
    return named(tree, meanings(model.classes)) if unnamed else tree
