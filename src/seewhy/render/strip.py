"""The words of an explained text, shaded by what each adds to the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.textpath import TextToPath

from seewhy.lang import text
from seewhy.render.colors import DIVERGING, paint
from seewhy.render.panels import INK, MUTED, lettering, number
from seewhy.types import Explanation

LINE, GAP, PAD = 1.95, 0.55, 0.28  # of the size of the letters: from line to line, between words, around one
MOST = 6  # lines
_MEASURE: Any = TextToPath()


@dataclass(frozen=True)
class Placed:
    """A word, where it begins in points from the left, its width and its line."""

    word: str
    score: float
    left: float
    width: float
    line: int


def has_words(explanation: Explanation) -> bool:
    return bool(explanation.words and explanation.words[0])


def listed(explanation: Explanation) -> list[tuple[str, float]]:
    """Each word with its score."""
    scores = explanation.extras["word_scores"][0].tolist()
    return list(zip(explanation.words[0], scores, strict=False))  # behind the last are the places of longer texts


def largest(explanations: Sequence[Explanation]) -> float:
    """The largest score of a word, be it for or against: what the strongest colour stands for."""
    found = [np.nanmax(np.abs(one.extras["word_scores"][0])) for one in explanations if has_words(one)]
    return float(max(found, default=0.0))


def placed(explanation: Explanation, width: float, size: float, lang: str) -> list[Placed]:
    """The words in lines of `width` points; those that do not fit in `MOST` lines end in dots."""
    found: list[Placed] = []
    left, line = 0.0, 0
    for word, score in listed(explanation):
        wide = _width(word, size, lang) + 2 * PAD * size
        if left and left + wide > width:
            left, line = 0.0, line + 1
        if line == MOST:
            last = found[-1]
            found[-1] = Placed("…", float("nan"), last.left, last.width, last.line)
            return found
        found.append(Placed(word, score, left, wide, line))
        left += wide + GAP * size
    return found


def height(explanation: Explanation, width: float, size: float, lang: str) -> float:
    """Of the strip with its title, in points."""
    lines = 1 + placed(explanation, width, size, lang)[-1].line
    return (LINE * lines + 1.2) * size


def strip(ax: Axes, explanation: Explanation, width: float, top: float, lang: str, size: float = 10) -> None:
    """Draw the words from the upper left corner of `ax` on. top: the score with the strongest colour."""
    ax.set_axis_off()
    said = title(explanation, lang) + (f"  ±{number(top)}" if top else "")
    ax.set_title(said, loc="left", pad=4, **lettering(said, lang, 0.8 * size, MUTED))
    for one in placed(explanation, width, size, lang):
        color = _color(one.score, top)
        place = (one.left + PAD * size, -LINE * size * (one.line + 0.5))
        box = {"boxstyle": f"round,pad={PAD},rounding_size=0.25", "facecolor": color, "edgecolor": "none"}
        ink = INK if np.dot(color, (0.299, 0.587, 0.114)) > 0.5 else "white"
        ax.annotate(
            one.word,
            (0, 1),
            place,
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            bbox=box,
            annotation_clip=False,
            **lettering(one.word, lang, size, ink),
        )


def title(explanation: Explanation, lang: str) -> str:
    """What the words' scores are."""
    return f"{text('words', lang)}: {text(f'words_{explanation.words_by}', lang)}"


def _color(score: float, top: float) -> tuple[float, ...]:
    normed = np.array([score / top if top and np.isfinite(score) else 0.0])
    return tuple((paint(normed, DIVERGING, "all")[0] / 255).tolist())


def _width(word: str, size: float, lang: str) -> float:
    """In points."""
    font = lettering(word, lang, size)["font"].copy()
    font.set_size(size)
    return float(_MEASURE.get_text_width_height_descent(word, font, ismath=False)[0])
