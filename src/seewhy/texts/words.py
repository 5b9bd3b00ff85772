"""From the tokens of a text to its words, as people read them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Chinese, Japanese and Thai are written without spaces: there each character stands for itself.
ALONE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
LETTER = rf"(?:[^\W_](?<![{ALONE}]))"
WORD = re.compile(rf"{LETTER}+(?:['’-]{LETTER}+)*|[{ALONE}]|(?:[^\w\s]|_)+|\S")


@dataclass(frozen=True)
class Word:
    """A word, or a punctuation mark, and the places of its tokens in the row that the network reads."""

    text: str
    places: tuple[int, ...]


def words(text: str, spans: Sequence[tuple[int, int, int]]) -> list[Word]:
    """The words of a text that has tokens (place, start, end), from character `start` to before `end`.

    A token that reaches over several words makes one of them. Words without a token, behind a cut, are left out.
    """
    found = [match.span() for match in WORD.finditer(text)]
    groups: list[tuple[int, int, list[int]]] = []
    for place, start, end in sorted(spans):
        touched = [span for span in found if span[0] < end and start < span[1]]
        if not touched:  # a space alone
            continue
        first, last = touched[0][0], touched[-1][1]
        if groups and first < groups[-1][1]:
            before, until, places = groups.pop()
            groups.append((before, max(until, last), [*places, place]))
        else:
            groups.append((first, last, [place]))
    return [Word(text[first:last], tuple(places)) for first, last, places in groups]
