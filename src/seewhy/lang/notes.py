"""An explanation's notes in the language of the reader: they are stored in English, and translated where shown."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from seewhy.lang.catalog import known

_HELD = {"word": r"\S*", "list": ".*?", "": ".*?"}  # by what stands behind a placeholder's colon


@dataclass(frozen=True)
class Template:
    """An English sentence with places to fill, and the same in another language.

    {name} holds anything: a phrase is translated too. {name:word} holds no space, {name:list} things between commas.
    """

    pattern: re.Pattern[str]
    literal: int  # characters that are no placeholders'
    lists: frozenset[str]
    translated: str


def note(said: str, lang: str = "en") -> str:
    """One of an explanation's notes in `lang`, or as it is where there is no translation.

    Raises BadOption for a language there are no words for.
    """
    return said if known(lang) == "en" else _translated(said, lang)


@cache
def templates(lang: str) -> tuple[Template, ...]:
    """Those with most literal text first, since a note may fit several."""
    path = Path(__file__).with_name(f"notes_{lang}.json")
    pairs: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return tuple(sorted((_template(*pair) for pair in pairs.items()), key=lambda one: -one.literal))


def _template(english: str, translated: str) -> Template:
    pattern, literal, lists = "", 0, set()
    for text, name, held, _ in Formatter().parse(english):
        pattern, literal = pattern + re.escape(text), literal + len(text)
        if name is not None:
            pattern += f"(?P<{name}>{_HELD[held or '']})"
            lists |= {name} if held == "list" else set()
    return Template(re.compile(pattern, re.DOTALL), literal, frozenset(lists), translated)


def _translated(said: str, lang: str) -> str:
    for one in templates(lang):
        if found := one.pattern.fullmatch(said):
            values = found.groupdict()
            parts = {name: value.split(", ") if name in one.lists else [value] for name, value in values.items()}
            comma = _translated(", ", lang) if one.lists else ""
            return one.translated.format_map(
                {name: comma.join(_translated(part, lang) for part in each) for name, each in parts.items()}
            )
    return said
