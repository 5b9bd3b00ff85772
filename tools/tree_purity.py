"""How well trees of the default model keep kinds of classes together, into docs/tree_purity.md."""

import datetime
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from seewhy import __version__, load
from seewhy.results.hierarchy import Hierarchy
from seewhy.trees import at_random, from_wordnet, holdings, induce, meanings
from seewhy.trees.holding import Holding
from seewhy.trees.inducing import GEOMETRIC, LINKAGES

PAGE = Path(__file__).parent.parent / "docs/tree_purity.md"
METRICS = ("euclidean", "cosine")
HEAD = """# Whether a network's tree keeps together what belongs together

Made by `make trees`: the last layer of the default model ({name}, ImageNet), joined by `seewhy.trees.induce`
with each linkage, and beside it a tree at random and WordNet's own. The groups are WordNet's, all classes below dog,
animal, bird, vehicle and food: {dogs}, {animals}, {birds}, {vehicles} and {food} of 1000. No photo has a part in it.
See [trees.md](trees.md).

## The smallest branch that holds a whole group

In percent, how much of it is other classes; in brackets, how many classes it has. One class that stands elsewhere is
enough to make it the whole tree.

"""
NEAREST = """
## The branch that is nearest to a group

What it has of the group, and in brackets how much of the branch is other classes. It is the branch that has most in
common with the group, over what either has.

"""
READ = """
With Ward's linkage, the paper's, one branch holds all dogs and six other animals, one all animals, and one all birds
but the king penguin. With averages of cosines the branches of dogs and animals are purer still. Vehicles stand with
bridges, docks and shores, and carts and bicycles elsewhere; food stands with pots and mushrooms. WordNet's own tree
goes by one hypernym a class, by which grouse, quail, partridge and peacock are game.
"""


def trees() -> Iterator[tuple[str, Hierarchy]]:
    model = load()
    for linkage in LINKAGES:
        for metric in METRICS[: 1 if linkage in GEOMETRIC else None]:
            yield f"{linkage}, {metric}", induce(model, linkage, metric)
    yield "at random", at_random(model)
    yield "WordNet", from_wordnet(model)


def whole(one: Holding) -> str:
    return f"{one.others:.1%} ({one.held})"


def nearest(one: Holding) -> str:
    return f"{one.best_own} of {one.size} ({one.best_others:.1%})"


def main() -> None:
    model = load()
    meant = meanings(model.classes)
    rows = [(name, tree, holdings(tree, meant)) for name, tree in trees()]
    groups = rows[0][2]
    text = HEAD.format(name=model.name, **{one.group: one.size for one in groups})
    for show, head in ((whole, ""), (nearest, NEAREST)):
        text += (
            head + f"| tree | depth | {' | '.join(one.group for one in groups)} |\n{'| --- ' * (len(groups) + 2)}|\n"
        )
        for name, tree, held in rows:
            text += f"| {name} | {max(tree.depths)} | {' | '.join(map(show, held))} |\n"
    text += READ + f"\nMeasured on {datetime.date.today()} with seewhy {__version__}, scipy {version('scipy')}.\n"
    PAGE.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
