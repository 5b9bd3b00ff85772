"""Fits of concepts against random sets, and of random sets against one another, at one layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.concepts.fits import Fit, fit_all, products
from seewhy.concepts.significance import scores_differ, told_apart
from seewhy.results.tcav import ConceptScore, Runs

Array = NDArray[np.float64]
Index = NDArray[np.int64]
HELD_OUT = 0.33  # of each set
PART, MOST_PARTS = 4, 10  # pictures a part of a set at least, and parts


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
    def of(cls, layer: str, vectors: NDArray[np.float32], grads: NDArray[np.float32]) -> "Space":
        return cls(layer, vectors, products(vectors, vectors), products(grads, vectors))


@dataclass(frozen=True, eq=False)
class Trials:
    """Fits of a kind, and the pairs of sets they were fitted to and tested on."""

    fits: Sequence[Fit]
    pairs: Sequence[tuple[Halves, Halves]]

    def runs(self, space: Space) -> Runs:
        along = np.stack([one.along(space.slopes) for one in self.fits])  # (r,m)
        right = np.array([_right(space, one, pair) for one, pair in zip(self.fits, self.pairs, strict=True)])
        counts = np.array([[len(half.test) for half in pair] for pair in self.pairs])
        overall = (right * counts).sum(1) / counts.sum(1)
        return Runs(scores_of(space, self.fits), along.mean(1), along.std(1), overall, right[:, 0], right[:, 1])

    def further(self, space: Space, rows: Index) -> Array:
        """How far vectors lie along the fits, on average of all that have a direction: (n,)."""
        each = [one.decide(space.gram, rows) / one.norm for one in self.fits if one.norm > 0]
        return np.mean(each, 0) if each else np.full(len(rows), np.nan)

    def directions(self, space: Space) -> NDArray[np.float32]:
        """(r,d), of length 1; zeros where there is none."""
        found = [one.a @ space.vectors[one.rows] / (one.norm or 1.0) for one in self.fits]
        return np.asarray(found, np.float32)


def fitted(space: Space, pairs: Sequence[tuple[Halves, Halves]], classifier: Any, seed: int) -> Trials:
    """A fit a pair; both sides of a pair are cut to the smaller one."""
    even = [_even(*pair) for pair in pairs]
    return Trials(fit_all(space.gram, [(a.train, b.train) for a, b in even], classifier, seed), even)


def measured(
    space: Space, concept: str, trials: Trials, own: Halves, null: "Null", others: Sequence[Halves]
) -> ConceptScore:
    """A concept's score with its p-values, not yet corrected."""
    runs = trials.runs(space)
    held = np.concatenate([one.test for one in others])
    told = told_apart(trials.further(space, own.test), trials.further(space, held))
    differ = scores_differ(runs.scores, null.runs.scores)
    parts = scores_differ(of_parts(space, parts_of(own.train), others, null), null.parts)
    p = float("nan") if np.isnan([told, differ, parts]).any() else max(told, differ, parts)
    return ConceptScore(concept, space.layer, "random", runs, null.runs, differ, parts, told, p)


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
        made = cls(fitted(space, ring, classifier, seed).runs(space), np.empty(0), size)
        parts = [of_parts(space, [own.train], [one for one in others if one is not own], made) for own in others]
        return replace(made, parts=np.concatenate(parts))


def parts_of(rows: Index) -> list[Index]:
    """A set's vectors in 2 to 10 parts, of 4 and more where there are so many."""
    count = min(MOST_PARTS, max(2, len(rows) // PART))
    size = len(rows) // count
    return [rows[i * size : (i + 1) * size] for i in range(count)]


def of_parts(space: Space, parts: Sequence[Index], others: Sequence[Halves], null: Null) -> Array:
    """The TCAV score of each part of a set, its mean over the random sets: no two share a picture of the set.

    There are thousands of these small fits, all by ridge.
    """
    pairs = [(part[: null.size], other.train[: null.size]) for part in parts for other in others]
    fits = fit_all(space.gram, pairs, "ridge", 0)
    scores = scores_of(space, fits).reshape(len(parts), len(others))
    found: Array = scores.mean(1)
    return found


def scores_of(space: Space, fits: Sequence[Fit]) -> Array:
    """The TCAV score of each fit; NaN where it has no direction, or the class's score does not depend on it."""
    along = np.stack([one.along(space.slopes) for one in fits])
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


def _right(space: Space, fit: Fit, pair: tuple[Halves, Halves]) -> tuple[float, float]:
    """The shares of held-out pictures of both sides that are told right."""
    ours, theirs = (fit.decide(space.gram, half.test) for half in pair)
    return float((ours > 0).mean()), float((theirs <= 0).mean())
