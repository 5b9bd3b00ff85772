"""What a scene's texts say: "a red circle", "there is a red circle and a blue star". A text is true of a scene that
shows all it names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.shapes.outlines import OUTLINES
from benchmarks.shapes.scenes import CLASSES, NONE, Scenes

PHRASES = ("{}", "a picture of {}", "a photo of {}", "there is {}", "{} on a textured ground")
NAMED = 3  # objects a text names at most


def text(classes: Sequence[int], phrase: str = "{}") -> str:
    """A text that names these classes, in this order."""
    *first, last = (f"{'an' if CLASSES[one][0] in 'aeiou' else 'a'} {CLASSES[one]}" for one in classes)
    return phrase.format(f"{', '.join(first)} and {last}" if first else last)


def texts(named: Sequence[Sequence[int]], rng: np.random.Generator) -> list[str]:
    """Each in a phrase of its own."""
    picks = rng.integers(len(PHRASES), size=len(named))
    return [text(one, PHRASES[pick]) for one, pick in zip(named, picks, strict=True)]


def true(named: Sequence[Sequence[int]], scenes: Scenes) -> NDArray[np.bool_]:
    """(n,t): of which scenes the texts are true."""
    return np.stack([scenes.present[:, list(one)].all(1) for one in named], 1)


def several(scenes: Scenes, rng: np.random.Generator) -> list[list[int]]:
    """Of each scene some objects, two or three where it has as many, in any order; and the same with one of them
    replaced by a class that the scene does not show: half of the time one of its own shape or colour."""
    found = []
    for row, present in zip(scenes.classes, scenes.present, strict=True):
        own = rng.permutation(row[row != NONE])[: rng.integers(2, NAMED + 1)].tolist()
        wrong, at = list(own), int(rng.integers(len(own)))
        wrong[at] = _absent(own[at], present, rng)
        found += [own, wrong]
    return found


def _absent(like: int, present: NDArray[np.bool_], rng: np.random.Generator) -> int:
    absent = np.flatnonzero(~present)
    shapes = len(OUTLINES)
    alike = absent[(absent % shapes == like % shapes) | (absent // shapes == like // shapes)]
    return int(rng.choice(alike if rng.random() < 0.5 else absent))
