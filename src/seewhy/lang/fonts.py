"""A font that has the characters: Chinese never comes out as boxes."""

from pathlib import Path
from typing import TYPE_CHECKING

from seewhy.lang.catalog import known

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
)


def font(lang: str = "en", text: str = "") -> "FontProperties":
    """What to give matplotlib as `font=` so that words of `lang` are drawn, without touching rcParams.

    text: what will be written, where it may hold Chinese though `lang` is not (class names of the user's own).
    An installed Chinese font comes first, since it has every character; else the one that ships, which has those of
    seewhy's own words and the 3755 most used. A size given to matplotlib beside `font=` wins over this one's.
    Raises BadOption for a language there are no words for.
    """
    from matplotlib.font_manager import FontProperties  # here, since `seewhy --help` should not wait for matplotlib

    chinese = known(lang) == "zh"
    usual, cjk = FontProperties().get_family(), _installed()
    if cjk:
        return FontProperties(family=[cjk, *usual] if chinese else [*usual, cjk])
    if chinese or any(character >= "\u2e80" for character in text):
        return FontProperties(fname=str(SHIPPED))
    return FontProperties()


def _installed() -> str | None:
    from matplotlib.font_manager import fontManager

    names = {entry.name for entry in fontManager.ttflist}
    return next((name for name in _CJK if name in names), None)
