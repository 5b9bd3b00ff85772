"""A field that is kept, or made whenever it is read."""

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest

from seewhy.held import held, is_made


@held("values")
@dataclass(frozen=True, eq=False)
class Kept:
    values: list[int]
    name: str = ""


def test_a_function_is_called_whenever_the_field_is_read() -> None:
    calls: list[int] = []

    def make() -> list[int]:
        calls.append(1)
        return [len(calls)]

    given: Any = make
    one = Kept(given, "a")
    assert is_made(one, "values") and not calls
    assert one.values == [1] and one.values == [2]
    other = replace(one, name="b")
    assert other.values == [3] and other.values == [3] and not is_made(other, "values")


def test_what_is_given_is_kept() -> None:
    given = [1]
    one = Kept(values=given)
    assert one.values is given and not is_made(one, "values")
    assert [field.name for field in fields(one)] == ["values", "name"]
    with pytest.raises(TypeError):
        Kept()
    with pytest.raises(AttributeError):
        one.values = [2]
