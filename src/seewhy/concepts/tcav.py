"""Testing with concept activation vectors: Kim et al., ICML 2018, arXiv:1711.11279."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from seewhy.asked import listed, number, one_of, whole
from seewhy.concepts.fits import Classifier, directions, estimator
from seewhy.concepts.pooling import POOLS, Pool
from seewhy.concepts.reading import Slopes, slopes, vectors
from seewhy.concepts.sets import Picture, Pictures, check_apart, pictures, randoms
from seewhy.concepts.significance import CORRECTIONS, Correction, corrected, verdict
from seewhy.concepts.trials import Halves, Null, Space, Trials, against_others, fitted, measured, needed, parts_of
from seewhy.errors import BadOption, UnknownName, Unsupported
from seewhy.model import Model
from seewhy.results.cavs import Cav, Cavs
from seewhy.results.tcav import ConceptScore, ConceptScores
from seewhy.scores import transform
from seewhy.sources import as_model
from seewhy.targets import Pinned
from seewhy.types import Need, Passes

KEPT = 2**27  # numbers of CAVs; of more only each concept's middle one is kept
FEW = 10  # pictures of the class


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
    concept_sets = _named(concepts, model, relative)
    others = randoms(random, model.preprocess, _count(random_sets), max(map(len, concept_sets)))
    check_apart(concept_sets, others)
    own = pictures("the class", images, model.preprocess, FEW)
    with torch.inference_mode(False), model.frozen():
        x = model.checked(own.each[0].pixels(model.preprocess))
        _differentiable(model, x)
        asked = [layers] if layers is None or isinstance(layers, str) else listed(layers, "layers", "give a list")
        names = list(dict.fromkeys(model.layer(one, x) for one in asked))
        pinned, kind = _pinned(model, x, target)
        every, rows = _numbered([*concept_sets, *others])
        found = vectors(model, every, names, pool, None if cache is None else Path(cache))
        moves = slopes(model, own.each, pinned, names, pool)
    halves = [Halves.of(own, (seed, i)) for i, own in enumerate(rows)]
    mine, theirs = dict(zip(concepts, halves, strict=False)), halves[len(concepts) :]
    size = min(len(part) for one in mine.values() for part in parts_of(one.train))
    size = min(size, *(len(one.train) for one in theirs))
    blocks = needed(list(mine.values()), theirs, size, relative)
    scores: list[ConceptScore] = []
    cavs: list[Cav] = []
    for name in names:
        space = partial(Space.of, name, found.pop(name), moves.grads[name], blocks)  # large: it lives in one call
        pairs = _of_layer(space, mine, theirs, size, classifier, seed, relative)
        most = KEPT // max(1, len(names) * len(pairs))
        scores += [one for one, _ in pairs]
        cavs += [_cav(one, own, pool, most) for one, own in pairs]
    index = int(pinned.index[0]) if pinned.index is not None else 0
    card = replace(model.card, fingerprint=model.fingerprint)
    judged = _judged(scores, correction, level)
    return ConceptScores(
        target=model.label(index) or str(target),
        index=index,
        each=judged,
        layers=tuple(names),
        concepts=tuple(concepts),
        sizes={one.name: len(one) for one in [*concept_sets, *others]},
        images=len(own),
        predicted=float((moves.predicted == index).mean()),
        pool=pool,
        classifier=classifier if isinstance(classifier, str) else type(classifier).__name__,
        correction=correction,
        level=level,
        tests=sum(one.against == "random" for one in judged),
        seed=seed,
        model=card,
        passes=Passes(model.meter.forward, model.meter.backward),
        cavs=Cavs(tuple(cavs), card.fingerprint),
        notes=_notes(judged, moves, model.label(index) or str(target), index, kind, correction, level),
        score=kind,
    )


def _of_layer(
    made: Callable[[], Space],
    concepts: Mapping[str, Halves],
    others: Sequence[Halves],
    size: int,
    classifier: Any,
    seed: int,
    relative: bool,
) -> list[tuple[ConceptScore, NDArray[np.float32]]]:
    """Each concept's score and its CAVs (r,d)."""
    space = made()
    null = Null.of(space, others, size, classifier, seed)
    found: list[tuple[ConceptScore, Trials]] = []
    for name, own in concepts.items():
        trials = fitted(space, [(own, one) for one in others], classifier, seed)
        found.append((measured(space, name, trials, own, null, others), trials))
        if relative:
            trials = fitted(space, [(own, against_others(concepts, name))], classifier, seed)
            rest = ", ".join(other for other in concepts if other != name)
            found.append((ConceptScore(name, space.layer, rest, trials.runs(space)), trials))
    cavs = directions([trials.fits for _, trials in found], space.vectors)
    return [(one, own) for (one, _), own in zip(found, cavs, strict=True)]


def _judged(scores: Sequence[ConceptScore], correction: str, level: float) -> tuple[ConceptScore, ...]:
    """With p-values for the number of tests, and what they say."""
    each = [one for one in scores if one.against == "random"]
    p = iter(corrected([one.p for one in each], correction))
    found = []
    for one in scores:
        if one.against == "random":
            own = next(p)
            one = replace(one, corrected=own, verdict=verdict(own, level))
        found.append(one)
    return tuple(found)


def _cav(one: ConceptScore, own: NDArray[np.float32], pool: str, most: int) -> Cav:
    cav = Cav(one.concept, one.layer, one.against, pool, own, tuple(one.runs.accuracies.tolist()))
    return cav if own.size <= most else replace(cav, directions=cav.mean[None])


def _named(concepts: Any, model: Model, relative: bool) -> list[Pictures]:
    if not isinstance(concepts, Mapping) or not concepts:
        raise BadOption("no concept is named", 'give a set of pictures each: {"stripes": "folder"}')
    if relative and len(concepts) < 2:
        raise BadOption("relative CAVs of one concept", "name the others that it is told from")
    return [pictures(str(name), one, model.preprocess) for name, one in concepts.items()]


def _count(asked: int | None) -> int | None:
    return None if asked is None else whole(asked, "random_sets", 10)


def _differentiable(model: Model, x: torch.Tensor) -> None:
    if model.opaque:
        raise Unsupported(f"TCAV of {model.name}: {model.opaque.why}", "name a network in PyTorch")
    if Need.GRADIENT not in model.offers_for(x):
        raise Unsupported(
            f"TCAV of {model.name}, whose scores have no gradient", "name a network that is differentiable"
        )


def _pinned(model: Model, x: torch.Tensor, target: int | str) -> tuple[Pinned, str]:
    """The class's logit, decided without a forward; its log-probability where the network ends in probabilities."""
    census = model.census(x)
    if len(census.output_shape) != 1:
        raise Unsupported(f"TCAV of {model.name}, which returns {census.output_shape} an image", "name a classifier")
    classes = census.output_shape[0]
    index = model.find(target) if isinstance(target, str) else whole(target, "target")
    if not 0 <= index < classes:
        raise UnknownName(f"class {index} of a model with {classes} classes", f"classes are 0 to {classes - 1}")
    kind = "log_probability" if census.outputs == "probability" else "logit"
    read = transform("log_probability" if kind != "logit" else "logit", census.outputs)
    place = torch.tensor([index], device=x.device)
    return Pinned(lambda scores, rows: scores[:, index], place, str(target), ("class", (index,)), read), kind


def _numbered(sets: Sequence[Pictures]) -> tuple[list[Picture], list[NDArray[np.int64]]]:
    """All pictures, each once, and which of them are in each set."""
    every = {one.sha256: one for own in sets for one in own.each}
    at = {sha256: i for i, sha256 in enumerate(every)}
    return list(every.values()), [np.array([at[one.sha256] for one in own.each]) for own in sets]


def _notes(
    scores: Sequence[ConceptScore], moves: Slopes, label: str, index: int, kind: str, correction: str, level: float
) -> tuple[str, ...]:
    said = []
    hits = int((moves.predicted == index).sum())
    if hits * 2 < len(moves.predicted):
        said.append(f"{hits} of {len(moves.predicted)} pictures of {label} are predicted as {label}")
    if kind != "logit":
        said.append("the model ends in probabilities: log-probability is explained")
    for layer, grads in moves.grads.items():
        if not grads.any():
            said.append(f"the score of {label} does not depend on {layer}: its gradient is zero")
    return (*said, *_weak(scores, correction, level))


def _weak(scores: Sequence[ConceptScore], correction: str, level: float) -> list[str]:
    """What is said where nothing could have passed, whatever the concept."""
    tests = 1 if correction == "none" else sum(one.against == "random" for one in scores)
    least = [one.attainable for one in scores if one.against == "random" and np.isfinite(one.attainable)]
    if least and min(least) * tests > level:
        return ["no score could be significant with so few pictures and random sets and so many tests: give more"]
    return []
