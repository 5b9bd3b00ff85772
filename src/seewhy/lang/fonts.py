"""A font that has the characters: Chinese never comes out as boxes."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from seewhy.lang.catalog import known, messages
from seewhy.lang.classes import table

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

SHIPPED = Path(__file__).with_name("SeewhySansSC-Regular.otf")  # made by tools/make_font.py

# Before 3.11 matplotlib sees only the first, Japanese face of Noto's and Source Han's collections: better than none.
_CJK = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
    "Source Han Sans",
    "Droid Sans Fallback",
)


def font(lang: str = "en", text: str = "") -> "FontProperties":
    """What to give matplotlib as `font=` so that words of `lang` are drawn, without touching rcParams.

    text: all that will be written with it, where that is more than seewhy's own words: class names of the user's own,
    names of files. Of the installed fonts together and the one that ships, that which lacks the fewest characters; the
    installed ones where they are as good. A size given to matplotlib beside `font=` wins over this one's.
    Raises BadOption for a language there are no words for.
    """
    from matplotlib.font_manager import FontProperties  # here, since `seewhy --help` should not wait for matplotlib

    usual, cjk = FontProperties().get_family(), _installed()
    families = [*cjk, *usual] if known(lang) == "zh" else [*usual, *cjk]
    wanted = {ord(character) for character in text or own_words(lang)}
    lacking = wanted.difference(*(_characters(FontProperties(family=[name])) for name in families))
    shipped = FontProperties(fname=str(SHIPPED))
    if len(wanted - _characters(shipped)) < len(lacking):
        return shipped
    return FontProperties(family=families)


def own_words(lang: str) -> str:
    """Every character that seewhy itself writes in `lang`."""
    names = [chinese for _, chinese in table()] if lang == "zh" else []
    return "".join(sorted({*"".join([*messages(lang).values(), *names])}))


def _installed() -> list[str]:
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist}
    return [name for name in _CJK if name in names]


def _characters(properties: "FontProperties") -> frozenset[int]:
    from matplotlib.font_manager import findfont

    return _characters_of(findfont(properties))


@cache
def _characters_of(file: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(file).get_charmap())
