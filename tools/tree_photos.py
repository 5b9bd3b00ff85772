"""The default model and its trees on a folder of photos with labels, into docs/tree_photos.md.

    python tools/tree_photos.py FOLDER

The folder is read as `seewhy tree evaluate` reads it. Photos of a class that is a bird, a dog, ... are asked for as
such, too: kinds that the network has no class of. A minute for 80 photos.
"""

import datetime
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from seewhy import __version__, load
from seewhy.results.tree_scores import RULES, TreeScores
from seewhy.trees import Hierarchy, evaluate, from_wordnet, induce
from seewhy.trees.labelled import labelled
from seewhy.trees.truths import truths

PAGE = Path(__file__).parent.parent / "docs" / "tree_photos.md"
KINDS = ("animal", "bird", "dog", "snake", "insect", "artifact", "vehicle", "instrument", "furniture", "food", "fruit")
HEAD = """# The default model as a tree, on photos

Made by `tools/tree_photos.py` on {photos} photos of {classes} of ImageNet's classes. The network is as it comes: no
tree was taught to it, which is what [tree_training.md](tree_training.md) is about. A node's score is the mean of its
classes' logits. Near the root these means hardly differ: soft decisions are about a half there, and hard ones go astray
early. In WordNet's tree single classes stand beside branches of hundreds, whose mean is always near that of all: bubble
is the only other child of abstraction, traffic light and street sign make up communication, and most photos end there.
"Right up to" is the share of photos whose hard way is right up to so many steps from the root; entropy is of the soft
rules' classes, of at most {most:.1f} bits.

| tree | network | soft rules | hard rules | right up to step 1 | 2 | 4 | 8 | entropy, bits |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
ZERO = """
Kinds that are no class: the share of their photos that are said to be of some class of that kind, by the tree that was
induced with Ward's linkage.

| kind | photos | classes of it | network | soft rules | hard rules |
| --- | --- | --- | --- | --- | --- |
"""


def rows(name: str, found: TreeScores) -> str:
    shares = [found.accuracy[rule] for rule in RULES] + [
        found.depths[min(at, len(found.depths)) - 1] for at in (1, 2, 4, 8)
    ]
    return f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} | {found.entropy:.2f} |"


def of_kinds(folder: str, tree: Hierarchy, names: Sequence[str]) -> Iterator[tuple[object, str]]:
    """Each photo with each kind that its class is of."""
    listed = labelled(folder)
    known = truths([*KINDS, *(one.label for one in listed)], tree, names)
    for photo, label in listed:
        for kind in KINDS:
            if known[label].classes <= known[kind].classes:
                yield photo, kind


def main(folder: str) -> None:
    model = load("default")
    ward = induce(model)
    trees = {
        "induced, Ward": ward,
        "induced, averages of cosines": induce(model, "average", "cosine"),
        "WordNet": from_wordnet(model),
    }
    found = {name: evaluate(model, folder, tree) for name, tree in trees.items()}
    first = found["induced, Ward"]
    most = math.log2(len(first.classes))
    head = HEAD.format(photos=len(first), classes=len({one.right for one in first.photos}), most=most)
    zero = evaluate(model, list(of_kinds(folder, ward, model.classes)), ward).superclasses
    lines = [
        f"| {one.name} | {one.photos} | {one.classes} | {' | '.join(f'{share:.0%}' for share in one.accuracy)} |"
        for one in sorted(zero, key=lambda one: KINDS.index(one.name))
    ]
    made = f"\nMade {datetime.date.today():%Y-%m-%d} with seewhy {__version__}.\n"
    body = "\n".join(rows(name, one) for name, one in found.items()) + "\n" + ZERO + "\n".join(lines) + "\n" + made
    PAGE.write_text(head + body, "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("python tools/tree_photos.py FOLDER")
    main(sys.argv[1])
