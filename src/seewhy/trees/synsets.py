"""What the names of classes mean: a synset of WordNet each, or a word about why there is none."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from seewhy.trees.wordnet import kinds, known, plain, senses, synset

PHYSICAL = "n00001930"  # what photos show
FITS = 0.95  # of a thousand names that are ImageNet's, in its order: some releases tell its two cranes apart
# known: of a data set that is known by its names. id: the name is one. only: one sense of it is physical. chosen: of
# several. kind: what a part of the name means, or another class has that synset. unknown: WordNet does not have it.
How = Literal["known", "id", "only", "chosen", "kind", "unknown"]


@dataclass(frozen=True)
class Meaning:
    """Of one class. id: of its leaf, the synset's where the class is just that. synset: what it is or is a kind of,
    "" where that is not known. senses: what the name could mean, the most usual first."""

    name: str
    id: str
    synset: str
    how: How
    senses: tuple[str, ...] = ()


def meanings(names: Sequence[str]) -> tuple[Meaning, ...]:
    """What classes mean, no synset twice.

    ImageNet's 1000, CIFAR-10's and CIFAR-100's are known. Of another name all synonyms are looked up, which commas
    part; senses that more of them have come first, then kinds of physical things. Of several that are left it is the
    one with the deepest hypernym that an unambiguous class has, too, where a less usual sense has to go one deeper for
    each that is more usual. A name that WordNet does not have is a kind of what its last words mean.
    """
    listed = _known(names)
    if listed is None:
        found = [_looked_up(name, number) for number, name in enumerate(names)]
        listed = _chosen(found)
    return _once(listed)


def _known(names: Sequence[str]) -> list[Meaning] | None:
    """The classes of a data set that is known."""
    table = _table()
    if len(names) == len(table["imagenet"]) and sum(map(_fits, names, table["imagenet"])) >= FITS * len(names):
        return [Meaning(name, own, own, "known", (own,)) for name, own in zip(names, table["imagenet"], strict=True)]
    for dataset in ("cifar10", "cifar100"):
        rows = {plain(name): own for name, own in table[dataset].items()}
        if len(names) == len(rows) and {plain(name) for name in names} == set(rows):
            return [
                Meaning(name, own, own, "known", (own,)) if (own := rows[plain(name)]) else _looked_up(name, number)
                for number, name in enumerate(names)
            ]
    return None


def _fits(name: str, own: str) -> bool:
    return name == own or not {plain(one) for one in name.split(",")}.isdisjoint(map(plain, synset(own).lemmas))


@cache
def _table() -> dict[str, dict[str, str]]:
    """The data sets that are known; of ImageNet the synsets in the order of its classes."""
    found: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("known_classes.json").read_text("utf-8"))
    return {**found, "imagenet": dict.fromkeys(str(found["imagenet"]).split(), "")}


def named_by_nbdt(name: str) -> str:
    """The id that nbdt's files have for a class of CIFAR-100 where it is another than here, else ""."""
    return next((own for other, own in _table()["nbdt"].items() if plain(other) == plain(name)), "")


def _looked_up(name: str, number: int) -> Meaning:
    """What a name can mean, with the most usual sense as its synset."""
    own = f"c{number:08d}"
    if known(name.strip()):
        return Meaning(name, name.strip(), name.strip(), "id", (name.strip(),))
    if found := _senses(name.split(",")):
        return Meaning(name, found[0], found[0], "only" if len(found) == 1 else "chosen", found)
    words = plain(name).replace("-", " ").replace("(", " ").replace(")", " ").split()
    for start in range(len(words)):
        if not words[-1].isdigit() and (found := _senses([" ".join(words[start:])])):
            return Meaning(name, own, found[0], "kind", found)
    return Meaning(name, own, "", "unknown")


def _senses(synonyms: Iterable[str]) -> tuple[str, ...]:
    """What most of the synonyms mean; kinds of physical things if there are any among it."""
    votes = Counter(one for synonym in synonyms for one in senses(plain(synonym)))
    most = [one for one, count in votes.items() if count == max(votes.values())]
    return tuple([one for one in most if PHYSICAL in kinds(one) and not synset(one).instance] or most)


def _chosen(found: Sequence[Meaning]) -> list[Meaning]:
    sure = [one.synset for one in found if len(one.senses) == 1] or [one.synset for one in found if one.synset]
    shared = frozenset[str]().union(*map(kinds, sure))

    def depth(one: Meaning, sense: str) -> int:
        return max((synset(kind).depth for kind in kinds(sense) & shared), default=0) - one.senses.index(sense)

    return [
        _meaning(one, tuple(sorted(one.senses, key=lambda sense: -depth(one, sense)))) if len(one.senses) > 1 else one
        for one in found
    ]


def _meaning(one: Meaning, ordered: tuple[str, ...]) -> Meaning:
    """The same with its senses as they are preferred, the first of them chosen."""
    return replace(one, id=one.id if one.how == "kind" else ordered[0], synset=ordered[0], senses=ordered)


def _once(found: Sequence[Meaning]) -> tuple[Meaning, ...]:
    """No synset twice: who is surer has it, then who comes first; another takes its next sense, or is a kind of it."""
    taken: set[str] = set()
    settled = list(found)
    for number in sorted(range(len(found)), key=lambda at: found[at].how == "chosen"):
        one = found[number]
        if one.how in ("kind", "unknown"):
            continue
        free = [sense for sense in one.senses if sense not in taken]
        if not free:
            settled[number] = replace(one, id=f"c{number:08d}", how="kind")
            continue
        settled[number] = replace(one, id=free[0], synset=free[0])
        taken.add(free[0])
    return tuple(settled)
