"""The message catalogue: one JSON file a language, the same keys in each."""

import json
from functools import cache
from pathlib import Path

from seewhy.errors import BadOption

_LANGUAGES = ("en", "zh")


def languages() -> tuple[str, ...]:
    """The languages there are words for; the first is the default."""
    return _LANGUAGES


def text(key: str, lang: str = "en", **values: object) -> str:
    """The message `key` in `lang`, its placeholders filled from `values`.

    Raises BadOption for a language there are no words for, and KeyError for a key or a placeholder nobody knows.
    """
    return messages(known(lang))[key].format_map(values)


def known(lang: str) -> str:
    """`lang` itself, or BadOption."""
    if lang not in _LANGUAGES:
        raise BadOption(f"there is no language {lang!r}", f"choose one of: {', '.join(_LANGUAGES)}")
    return lang


@cache
def messages(lang: str) -> dict[str, str]:
    """All messages of a language, their placeholders unfilled."""
    loaded: dict[str, str] = json.loads(Path(__file__).with_name(f"{lang}.json").read_text(encoding="utf-8"))
    return loaded
