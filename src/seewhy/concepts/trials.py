"""Fits of concepts against random sets, and of random sets against one another, at one layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.concepts.fits import Fits, fit_all
from seewhy.concepts.products import cross, gram
from seewhy.concepts.significance import attainable, scores_differ, told_apart
from seewhy.results.tcav import ConceptScore, Runs

Array = NDArray[np.float64]
Index = NDArray[np.int64]
HELD_OUT = 0.33  # of each set
PART, MOST_PARTS = 4, 10  # pictures a part of a set at least, and parts
HELD = 3  # pictures of each random set that all CAVs of a concept are tried on


@dataclass(frozen=True, eq=False)
class Halves:
    """Of one set, which vectors CAVs are fitted to and which are held out: the same in every run, so that what is held
    out is new to all of them."""

    train: Index
    test: Index

    @classmethod
    def of(cls, rows: Index, seed: Sequence[int]) -> "Halves":
        mixed = np.random.default_rng(list(seed)).permutation(rows)
        held = max(1, round(HELD_OUT * len(rows)))
        return cls(mixed[held:], mixed[:held])

    def first(self, train: int, test: int) -> "Halves":
        return Halves(self.train[:train], self.test[:test])


@dataclass(frozen=True, eq=False)
class Space:
    """One layer. vectors (n,d) of all pictures, their inner products (n,n), and those (m,n) with the gradients of the
    class's pictures."""

    layer: str
    vectors: NDArray[np.float32]
    gram: Array
    slopes: Array

    @classmethod
    def of(
        cls, layer: str, vectors: NDArray[np.float32], grads: NDArray[np.float32], blocks: Sequence[tuple[Index, Index]]
    ) -> "Space":
        return cls(layer, vectors, gram(vectors, blocks), cross(grads, vectors))


def needed(
    concepts: Sequence[Halves], others: Sequence[Halves], size: int, relative: bool = False
) -> list[tuple[Index, Index]]:
    """Whose inner products are taken: of each concept with itself and all random sets, of each random set with itself
    and the next, of the first `size` of every random set, and of a few of each that are held out with all of these."""
    own, random = ([np.union1d(one.train, one.test) for one in each] for each in (concepts, others))
    every, first = np.unique(np.concatenate(random)), np.concatenate([one.train[:size] for one in others])
    trained = np.unique(np.concatenate([one.train for one in others]))
    ring = [(one, np.union1d(one, random[(i + 1) % len(random)])) for i, one in enumerate(random)]
    mine = np.unique(np.concatenate(own))
    inner = [(mine, mine)] if relative else [(one, one) for one in own]
    return [*ring, (first, first), (held_out(others), trained), (mine, every), *inner]


def held_out(others: Sequence[Halves]) -> Index:
    """A few held-out pictures of each random set."""
    return np.unique(np.concatenate([one.test[:HELD] for one in others]))


@dataclass(frozen=True, eq=False)
class Trials:
    """Fits of a kind, and the pairs of sets they were fitted to and tested on."""

    fits: Fits
    pairs: Sequence[tuple[Halves, Halves]]

    def runs(self, space: Space) -> Runs:
        along = self.fits.along(space.slopes)
        ours, theirs = (
            self.fits.decide(space.gram, [half.test for half in each]) for each in zip(*self.pairs, strict=True)
        )
        right = np.array([((a > 0).mean(), (b <= 0).mean()) for a, b in zip(ours, theirs, strict=True)])
        counts = np.array([[len(half.test) for half in pair] for pair in self.pairs])
        overall = (right * counts).sum(1) / counts.sum(1)
        return Runs(scores_of(along), along.mean(1), along.std(1), overall, right[:, 0], right[:, 1])

    def further(self, space: Space, rows: Index) -> Array:
        """How far vectors lie along the fits, on average of all that have a direction: (n,)."""
        some = self.fits.norms > 0
        if not some.any():
            return np.full(len(rows), np.nan)
        a = (self.fits.a[some] / self.fits.norms[some, None]).mean(0)
        used = a.nonzero()[0]
        return np.asarray(space.gram[np.ix_(rows, used)] @ a[used] + (self.fits.b[some] / self.fits.norms[some]).mean())


def fitted(space: Space, pairs: Sequence[tuple[Halves, Halves]], classifier: Any, seed: int) -> Trials:
    """A fit a pair; both sides of a pair are cut to the smaller one."""
    even = [_even(*pair) for pair in pairs]
    return Trials(fit_all(space.gram, [(a.train, b.train) for a, b in even], classifier, seed), even)


def measured(
    space: Space, concept: str, trials: Trials, own: Halves, null: "Null", others: Sequence[Halves]
) -> ConceptScore:
    """A concept's score with its p-values, not yet corrected."""
    runs = trials.runs(space)
    told = told_apart(trials.further(space, own.test), trials.further(space, held_out(others)))
    differ = scores_differ(runs.scores, null.runs.scores)
    split = parts_of(own.train)
    parts = scores_differ(of_parts(space, split, [others] * len(split), null.size), null.parts)
    least = attainable(len(runs.scores), null.runs.scores), attainable(len(split), null.parts)
    ranks = 1 / comb(len(own.test) + len(held_out(others)), len(own.test))
    p = float("nan") if np.isnan([told, differ, parts]).any() else max(told, differ, parts)
    return ConceptScore(concept, space.layer, "random", runs, null.runs, differ, parts, told, p, max(*least, ranks))


@dataclass(frozen=True, eq=False)
class Null:
    """What chance does at a layer. runs: of each random set against the next. parts: the score of a part of each, as
    `of_parts` has it. size: of a part."""

    runs: Runs
    parts: Array
    size: int

    @classmethod
    def of(cls, space: Space, others: Sequence[Halves], size: int, classifier: Any, seed: int) -> "Null":
        ring = [(one, others[(i + 1) % len(others)]) for i, one in enumerate(others)]
        rest = [[one for one in others if one is not own] for own in others]
        parts = of_parts(space, [one.train for one in others], rest, size)
        return cls(fitted(space, ring, classifier, seed).runs(space), parts, size)


def parts_of(rows: Index) -> list[Index]:
    """A set's vectors in 2 to 10 parts, of 4 and more where there are so many."""
    count = min(MOST_PARTS, max(2, len(rows) // PART))
    size = len(rows) // count
    return [rows[i * size : (i + 1) * size] for i in range(count)]


def of_parts(space: Space, parts: Sequence[Index], others: Sequence[Sequence[Halves]], size: int) -> Array:
    """The TCAV score of each part, its mean over as many sets each: no two of a set's parts share a picture.

    size: of parts and sets that are used. There are thousands of these small fits, all by ridge.
    """
    pairs = [(one[:size], other.train[:size]) for one, own in zip(parts, others, strict=True) for other in own]
    fits = fit_all(space.gram, pairs, "ridge", 0)
    found: Array = scores_of(fits.along(space.slopes)).reshape(len(parts), -1).mean(1)
    return found


def scores_of(along: Array) -> Array:
    """TCAV scores (r,) of directional derivatives (r,m); NaN where there is no direction, or no score depends on it."""
    still = ~np.isfinite(along).all(1) | (along == 0).all(1)
    return np.where(still, np.nan, (along > 0).mean(1))


def against_others(concepts: Mapping[str, Halves], name: str) -> Halves:
    """All other concepts as one set, as many of each."""
    others = [half for other, half in concepts.items() if other != name]
    train, test = (min(len(getattr(one, what)) for one in others) for what in ("train", "test"))
    each = [one.first(train, test) for one in others]
    mixed = np.random.default_rng(0)
    return Halves(
        mixed.permutation(np.concatenate([one.train for one in each])),
        mixed.permutation(np.concatenate([one.test for one in each])),
    )


def _even(one: Halves, other: Halves) -> tuple[Halves, Halves]:
    train, test = min(len(one.train), len(other.train)), min(len(one.test), len(other.test))
    return one.first(train, test), other.first(train, test)
