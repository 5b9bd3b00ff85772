"""How a class's score depends on concepts, layer by layer, and whether that is more than chance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import UnknownName
from seewhy.results.cavs import Cavs
from seewhy.types import ModelCard, Passes

Array = NDArray[np.float64]
Verdict = Literal["significant", "not significant", "undefined", "not tested"]


@dataclass(frozen=True, eq=False)
class Runs:
    """What fits of a kind gave, a number a run (r,).

    scores: the share of the class's pictures whose score grows along the CAV. derivatives, spreads: mean and standard
    deviation of the directional derivatives. accuracies: held-out, of both sides together and of each.
    """

    scores: Array
    derivatives: Array
    spreads: Array
    accuracies: Array
    of_concept: Array
    of_others: Array

    @property
    def score(self) -> float:
        return float(self.scores.mean())

    @property
    def deviation(self) -> float:
        """Of the scores."""
        return float(self.scores.std(ddof=1)) if len(self.scores) > 1 else 0.0

    @property
    def accuracy(self) -> float:
        return float(self.accuracies.mean())


@dataclass(frozen=True, eq=False)
class ConceptScore:
    """One concept at one layer.

    against: "random", or the other concepts of a relative CAV, which is not tested. random: CAVs of one random set
    against another. p_scores: of the t-test of the scores against those of `random`. p_parts: the same of parts of the
    concept's pictures. p_told: of the rank test whether held-out pictures of it are told from random ones at all. p:
    the largest of the three; corrected: for the number of tests. attainable: the smallest p that so many pictures and
    random sets could have given.
    """

    concept: str
    layer: str
    against: str
    runs: Runs
    random: Runs | None = None
    p_scores: float = float("nan")
    p_parts: float = float("nan")
    p_told: float = float("nan")
    p: float = float("nan")
    attainable: float = float("nan")
    corrected: float = float("nan")
    verdict: Verdict = "not tested"

    @property
    def score(self) -> float:
        """The TCAV score: the mean of the runs'."""
        return self.runs.score


@dataclass(frozen=True, eq=False)
class ConceptScores:
    """What `seewhy.concepts.tcav` finds. images: pictures of the class; predicted: the share predicted as it."""

    target: str
    index: int
    each: tuple[ConceptScore, ...]
    layers: tuple[str, ...]
    concepts: tuple[str, ...]
    sizes: Mapping[str, int]  # pictures of each set
    images: int
    predicted: float
    pool: str
    classifier: str
    correction: str
    level: float
    tests: int
    seed: int
    model: ModelCard
    passes: Passes
    cavs: Cavs
    notes: tuple[str, ...] = ()
    score: str = "logit"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, str]) -> ConceptScore:
        """(concept, layer), against random pictures. Raises UnknownName."""
        for one in self.each:
            if (one.concept, one.layer) == key and one.against == "random":
                return one
        known = f"concepts: {', '.join(self.concepts)}; layers: {', '.join(self.layers)}"
        raise UnknownName(f"nothing is known of {key[0]!r} at {key[1]!r}", known)

    def __iter__(self) -> Iterator[ConceptScore]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def as_data(self) -> dict[str, Any]:
        """All numbers as plain data; None where one is undefined."""
        return {
            "target": self.target,
            "class": self.index,
            "model": {"name": self.model.name, "weights": self.model.weights, "fingerprint": self.model.fingerprint},
            "images": self.images,
            "predicted": self.predicted,
            "sizes": dict(self.sizes),
            "score": self.score,
            "pool": self.pool,
            "classifier": self.classifier,
            "correction": self.correction,
            "level": self.level,
            "tests": self.tests,
            "seed": self.seed,
            "passes": {"forward": self.passes.forward, "backward": self.passes.backward},
            "results": [_as_data(one) for one in self.each],
            "notes": list(self.notes),
        }

    def save(self, folder: "str | PathLike[str]", lang: str = "en") -> Path:
        """tcav.json, tcav.txt, tcav.png and the CAVs. Raises BadInput where the disk refuses."""
        from seewhy.render.tcav import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, folder, lang)
        return saved


def _as_data(one: ConceptScore) -> dict[str, Any]:
    numbers = ("p_scores", "p_parts", "p_told", "p", "attainable", "corrected")
    return {
        "concept": one.concept,
        "layer": one.layer,
        "against": one.against,
        "verdict": one.verdict,
        **{name: _number(getattr(one, name)) for name in numbers},
        "runs": _runs(one.runs),
        "random": None if one.random is None else _runs(one.random),
    }


def _runs(runs: Runs) -> dict[str, list[float | None]]:
    return {name: [_number(value) for value in values] for name, values in vars(runs).items()}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
