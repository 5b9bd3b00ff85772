"""WordNet 3.0's nouns: what a word can mean, and of what kind each meaning is. Miller, CACM 38(11), 1995.

Princeton's licence is in WORDNET-LICENSE.txt beside the data, which tools/wordnet.py made.
"""

import zipfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Literal

from seewhy.errors import UnknownName

FILE = Path(__file__).with_name("wordnet.zip")
# Endings of plurals and of what they are the plural, as WordNet's own look-up takes them off.
PLURALS = (
    ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
    ("ies", "y"),
)  # fmt: skip
First = Literal["wordnet", "name"]


@dataclass(frozen=True)
class Synset:
    """One meaning. id: "n" and its offset in WordNet 3.0. hypernyms: ids, the first one first.

    depth: steps of the longest way from "entity". instance: whether it is a certain one and no kind, as a person is.
    """

    id: str
    lemmas: tuple[str, ...]
    hypernyms: tuple[str, ...]
    depth: int
    instance: bool = False

    @property
    def name(self) -> str:
        """The first lemma, with spaces."""
        return self.lemmas[0]


@cache
def synset(id: str) -> Synset:
    """Raises UnknownName."""
    nouns = _nouns()
    row = nouns.row(id)
    if row is None:
        raise UnknownName(f"WordNet has no noun {id!r}", "ids are those of WordNet 3.0, as n02084071")
    above = tuple(nouns.id(one) for one in nouns.above(row))
    depth = 1 + max((synset(one).depth for one in above), default=-1)
    lemmas = tuple(lemma.replace("_", " ") for lemma in nouns.lemmas[row].split(" "))
    return Synset(id, lemmas, above, depth, "i" in nouns.hypernyms[row])


def plain(name: str) -> str:
    """A name as it is compared."""
    return " ".join(name.replace("_", " ").split()).casefold()


def known(id: str) -> bool:
    """Whether WordNet has a noun of this id."""
    return _nouns().row(id) is not None


@cache
def line(id: str, first: First = "wordnet") -> tuple[str, ...]:
    """A synset, its first hypernym, that one's first, up to "entity".

    first: the one that WordNet lists first, or the one whose name comes first in the alphabet, as NLTK sorts them.
    """
    above = synset(id).hypernyms
    found = above[:1] if first == "wordnet" else sorted(above, key=_key)[:1]
    return (id, *(line(found[0], first) if found else ()))


def _key(id: str) -> str:
    """What NLTK calls a synset: its first lemma and the number of that one's sense."""
    nouns = _nouns()
    row = bisect_left(nouns.offsets, int(id[1:]))
    lemma, place = nouns.lemmas[row].split(" ")[0], nouns.places[row].split(" ")[0]
    return f"{lemma.lower()}.n.{int(place) + 1:02d}"


@cache
def kinds(id: str) -> frozenset[str]:
    """A synset and all that is above it."""
    return frozenset({id}).union(*(kinds(one) for one in synset(id).hypernyms))


def common(ids: Iterable[str]) -> list[str]:
    """What all of these are, each one's own synset included: the deepest first, of one depth the first in WordNet."""
    shared = frozenset.intersection(*map(kinds, ids))
    return sorted(shared, key=lambda one: (-synset(one).depth, one))


def senses(word: str) -> tuple[str, ...]:
    """The synsets of a word or of the one that it is the plural of, the most usual first; none of a strange word."""
    nouns = _nouns()
    for lemma in _forms(plain(word).replace(" ", "_"), nouns.plurals):
        if rows := nouns.meanings(lemma):
            return tuple(map(nouns.id, rows))
    return ()


def _forms(word: str, plurals: dict[str, list[str]]) -> Iterable[str]:
    """The word, and what it may be the plural of; its other spellings."""
    for one in dict.fromkeys((word, word.replace("-", "_"), word.replace("_", "-"), word.replace("_", ""))):
        yield one
        start, _, last = one.rpartition("_")
        stems = plurals.get(last, []) + [last[: -len(end)] + of for end, of in PLURALS if last.endswith(end)]
        for stem in stems:
            yield f"{start}_{stem}" if start else stem


@dataclass(frozen=True, eq=False)
class _Nouns:
    """A line a synset, in the order of their offsets."""

    offsets: Sequence[int]
    lemmas: Sequence[str]
    places: Sequence[str]
    hypernyms: Sequence[str]
    exceptions: Sequence[str]

    def id(self, row: int) -> str:
        return f"n{self.offsets[row]:08d}"

    def row(self, id: str) -> int | None:
        if len(id) != 9 or id[0] != "n" or not (id[1:].isascii() and id[1:].isdigit()):
            return None
        row = bisect_left(self.offsets, int(id[1:]))
        return row if row < len(self.offsets) and self.offsets[row] == int(id[1:]) else None

    def above(self, row: int) -> list[int]:
        return [row - int(one) for one in self.hypernyms[row].split() if one != "i"]

    @cached_property
    def words(self) -> tuple[dict[str, int], dict[str, list[int]]]:
        """The first line that has a word, and the others of those that have several: no list a word, which is slow."""
        first: dict[str, int] = {}
        more: dict[str, list[int]] = defaultdict(list)
        for row, lemmas in enumerate(self.lemmas):
            for lemma in lemmas.lower().split(" "):
                if first.setdefault(lemma, row) != row:
                    more[lemma].append(row)
        return first, dict(more)

    def meanings(self, word: str) -> list[int]:
        """The lines that have a word, the most usual sense first."""
        first, more = self.words
        rows = [first[word], *more.get(word, ())] if word in first else []
        return sorted(rows, key=lambda row: self._place(row, word))

    def _place(self, row: int, word: str) -> int:
        return int(self.places[row].split(" ")[self.lemmas[row].lower().split(" ").index(word)])

    @cached_property
    def plurals(self) -> dict[str, list[str]]:
        return {plural: stems for plural, *stems in map(str.split, self.exceptions)}


@cache
def _nouns() -> _Nouns:
    with zipfile.ZipFile(FILE) as file:
        texts = [
            file.read(name).decode().split("\n") for name in ("offsets", "lemmas", "senses", "hypernyms", "exceptions")
        ]
    return _Nouns([int(one) for one in texts[0]], *texts[1:])
