import re

import pytest

from seewhy.errors import BadOption
from seewhy.render.words import text, words


def test_both_languages_say_the_same_things() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    for key, said in english.items():
        assert set(re.findall(r"{\w+}", said)) == set(re.findall(r"{\w+}", chinese[key])), key


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadOption, match="languages are en, zh"):
        text("photo", "tlh")
