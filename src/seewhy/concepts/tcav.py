"""Testing with concept activation vectors: Kim et al., ICML 2018, arXiv:1711.11279."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.asked import listed, number, one_of
from seewhy.concepts.asking import Sets, logit
from seewhy.concepts.fits import Classifier, directions, estimator
from seewhy.concepts.pooling import POOLS, Pool
from seewhy.concepts.reading import slopes, vectors
from seewhy.concepts.significance import CORRECTIONS, Correction
from seewhy.concepts.trials import Halves, Null, Space, Trials, against_others, fitted, measured, needed, parts_of
from seewhy.concepts.verdicts import judged, said
from seewhy.model import Model
from seewhy.results.cavs import Cav, Cavs
from seewhy.results.tcav import ConceptScore, ConceptScores
from seewhy.sources import as_model
from seewhy.types import Passes

KEPT = 2**27  # numbers of CAVs; of more only each concept's middle one is kept


def tcav(
    model: Model | str,
    concepts: Mapping[str, Any],
    random: Any,
    images: Any,
    target: int | str,
    layers: Sequence[str] | str | None = None,
    *,
    pool: Pool = "mean",
    classifier: Classifier | Any = "ridge",
    random_sets: int | None = None,
    correction: Correction = "bonferroni",
    level: float = 0.05,
    relative: bool = False,
    cache: str | PathLike[str] | None = None,
    seed: int = 0,
) -> ConceptScores:
    """How often a class's logit grows when a layer's activations move towards a concept, and whether that is chance.

    concepts: a set of pictures each, a folder or a list of what `seewhy.explain` takes. random: ten or more sets, or a
    large one that is cut into `random_sets`. images: of the class. layers: by default the last maps. pool: "mean", of
    each channel over its places, or "flatten". classifier: "ridge", "logistic", "sgd", or a scikit-learn linear model
    with an L2 penalty. relative: also each concept against the others. cache: a folder for activations.
    Raises BadInput for sets that are empty, too small or the same, Unsupported for a model without gradients.
    """
    one_of(pool, "pool", POOLS)
    one_of(correction, "correction", CORRECTIONS)
    level = number(level, "level", 0, 1)
    estimator(classifier if classifier != "ridge" else "sgd", seed)
    model = as_model(model).shared()
    sets = Sets.of(concepts, random, images, random_sets, relative, model.preprocess)
    every, rows = sets.numbered()
    with torch.inference_mode(False), model.frozen():
        x = model.checked(sets.own.each[0].pixels(model.preprocess))
        pinned, index, kind = logit(model, x, target)
        asked = [layers] if layers is None or isinstance(layers, str) else listed(layers, "layers", "give a list")
        names = list(dict.fromkeys(model.layer(one, x) for one in asked))
        found = vectors(model, every, names, pool, None if cache is None else Path(cache))
        moves = slopes(model, sets.own.each, pinned, names, pool)
    halves = [Halves.of(own, (seed, i)) for i, own in enumerate(rows)]
    mine, theirs = dict(zip(concepts, halves, strict=False)), halves[len(concepts) :]
    plan = Plan(mine, theirs, classifier, seed, relative)
    pairs = [one for name in names for one in plan.at(name, found.pop(name), moves.grads[name])]
    scores = judged([one for one, _ in pairs], correction, level)
    most = KEPT // len(pairs)
    cavs = tuple(_cav(one, own, pool, most) for one, own in pairs)
    card, label = replace(model.card, fingerprint=model.fingerprint), model.label(index) or str(target)
    return ConceptScores(
        target=label,
        index=index,
        each=scores,
        layers=tuple(names),
        concepts=tuple(concepts),
        sizes={one.name: len(one) for one in (*sets.concepts, *sets.others)},
        images=len(sets.own),
        predicted=float((moves.predicted == index).mean()),
        pool=pool,
        classifier=classifier if isinstance(classifier, str) else type(classifier).__name__,
        correction=correction,
        level=level,
        tests=sum(one.against == "random" for one in scores),
        seed=seed,
        model=card,
        passes=Passes(model.meter.forward, model.meter.backward),
        cavs=Cavs(cavs, card.fingerprint),
        notes=said(scores, moves, label, index, kind, correction, level),
        score=kind,
    )


@dataclass(frozen=True, eq=False)
class Plan:
    """What is told from what, the same at every layer."""

    concepts: Mapping[str, Halves]
    others: Sequence[Halves]
    classifier: Any
    seed: int
    relative: bool

    def at(
        self, layer: str, own: NDArray[np.float32], grads: NDArray[np.float32]
    ) -> list[tuple[ConceptScore, NDArray[np.float32]]]:
        """Each concept's score at a layer, and its CAVs (r,d)."""
        size = min(len(part) for one in self.concepts.values() for part in parts_of(one.train))
        size = min(size, *(len(one.train) for one in self.others))
        blocks = needed(list(self.concepts.values()), self.others, size, self.relative)
        space = Space.of(layer, own, grads, blocks)
        null = Null.of(space, self.others, size, self.classifier, self.seed)
        found = [one for name in self.concepts for one in self._of(name, space, null)]
        cavs = directions([trials.fits for _, trials in found], space.vectors)
        return [(one, each) for (one, _), each in zip(found, cavs, strict=True)]

    def _of(self, name: str, space: Space, null: Null) -> Iterator[tuple[ConceptScore, Trials]]:
        own = self.concepts[name]
        trials = fitted(space, [(own, one) for one in self.others], self.classifier, self.seed)
        yield measured(space, name, trials, own, null, self.others), trials
        if self.relative:
            trials = fitted(space, [(own, against_others(self.concepts, name))], self.classifier, self.seed)
            rest = ", ".join(other for other in self.concepts if other != name)
            yield ConceptScore(name, space.layer, rest, trials.runs(space)), trials


def _cav(one: ConceptScore, own: NDArray[np.float32], pool: str, most: int) -> Cav:
    cav = Cav(one.concept, one.layer, one.against, pool, own, tuple(one.runs.accuracies.tolist()))
    return cav if own.size <= most else replace(cav, directions=cav.mean[None])
