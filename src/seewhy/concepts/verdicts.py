"""What scores of concepts come to, all of them together, and what must be said beside them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from seewhy.concepts.reading import Slopes
from seewhy.concepts.significance import corrected, verdict
from seewhy.results.tcav import ConceptScore


def judged(scores: Sequence[ConceptScore], correction: str, level: float) -> tuple[ConceptScore, ...]:
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


def said(
    scores: Sequence[ConceptScore], moves: Slopes, label: str, index: int, kind: str, correction: str, level: float
) -> tuple[str, ...]:
    found = []
    hits = int((moves.predicted == index).sum())
    if hits * 2 < len(moves.predicted):
        found.append(f"{hits} of {len(moves.predicted)} pictures of {label} are predicted as {label}")
    if kind != "logit":
        found.append("the model ends in probabilities: log-probability is explained")
    for layer, grads in moves.grads.items():
        if not grads.any():
            found.append(f"the score of {label} does not depend on {layer}: its gradient is zero")
    return (*found, *_weak(scores, correction, level))


def _weak(scores: Sequence[ConceptScore], correction: str, level: float) -> list[str]:
    """What is said where nothing could have passed, whatever the concept."""
    tests = 1 if correction == "none" else sum(one.against == "random" for one in scores)
    least = [one.attainable for one in scores if one.against == "random" and np.isfinite(one.attainable)]
    if least and min(least) * tests > level:
        return ["no score could be significant with so few pictures and random sets and so many tests: give more"]
    return []
