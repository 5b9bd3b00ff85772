"""Which leaf of a tree a network's class is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from seewhy.errors import BadInput
from seewhy.labels import hint
from seewhy.trees.synsets import Meaning, meanings, named_by_nbdt
from seewhy.trees.wordnet import plain


def matched(classes: Sequence[str], leaves: Mapping[str, str]) -> list[str]:
    """The leaf's id of each class. leaves: their names by id.

    A class is meant by its id, else its whole name, else its synset as `meanings` finds it or as nbdt's files have it,
    else one of its synonyms, which commas part; underscores are spaces, and case does not matter.
    Raises BadInput for a class that no leaf or more than one answers to.
    """
    names = _by_name([(own, [name]) for own, name in leaves.items()])
    synonyms = _by_name([(own, name.split(",")) for own, name in leaves.items()])
    meant: tuple[Meaning, ...] = ()
    found = []
    for number, one in enumerate(classes):
        answers = [one] if one in leaves else names[plain(one)]
        if len(answers) != 1:
            meant = meant or meanings(classes)
            ids = (meant[number].id, named_by_nbdt(one))
            answers = [own for own in ids if own in leaves][:1] or answers or _any(synonyms, one.split(","))
        if not answers:
            near = hint(plain(one), [plain(name) for name in leaves.values()])
            raise BadInput(f"the class {one!r} is no leaf of the tree", near or "name the leaves by their ids")
        if len(answers) > 1:
            raise BadInput(f"the class {one!r} could be {' or '.join(answers[:4])}", "name the leaves by their ids")
        found += answers
    return found


def _by_name(named: Sequence[tuple[str, Sequence[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for own, several in named:
        for name in several:
            if plain(name):
                found[plain(name)].append(own)
    return found


def _any(synonyms: Mapping[str, list[str]], parts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(own for part in parts for own in synonyms[plain(part)]))
