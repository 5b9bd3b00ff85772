"""What is said of a method on its card: what it answers, when it misleads, when to use it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seewhy.lang.catalog import known


@dataclass(frozen=True)
class Words:
    """A method's card, in one language. cost and summary are empty in English: there the registry has them."""

    answers: str
    misleads: str
    use: str
    cost: str = ""
    summary: str = ""


def card(id: str, lang: str = "en") -> Words:
    """The words of the method `id`. Raises BadOption for a language there are none for, KeyError for an unknown id."""
    return Words(**written(known(lang))[id])


@cache
def written(lang: str) -> dict[str, dict[str, str]]:
    """All of a language's cards, by the methods' ids."""
    path = Path(__file__).with_name(f"cards_{lang}.json")
    found: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def option_help(said: str, lang: str = "en") -> str:
    """What is said of an option, in `lang`, or as it is where there is no translation. Raises BadOption as above."""
    return said if known(lang) == "en" else _helps(lang).get(said, said)


@cache
def _helps(lang: str) -> dict[str, str]:
    path = Path(__file__).with_name(f"options_{lang}.json")
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
