"""What a user passes: taken for what it is meant to be, or refused in words."""

import math
from collections.abc import Sequence
from typing import Any

from seewhy.errors import BadOption

TOP, RANK, MINUS = ("top", "predicted"), "rank:", " - "  # words in a target that is typed


def number(value: Any, what: str, low: float | None = None, high: float | None = None) -> float:
    """A finite number within bounds, which are inclusive; numpy's and one-element tensors too, True and False not."""
    found = _plain(value)
    if found is None or not math.isfinite(found):
        raise BadOption(f"{what} is {value!r}", "give a finite number" if found is not None else "give a number")
    if (low is not None and found < low) or (high is not None and found > high):
        raise BadOption(f"{what} is {value!r}", f"give {_bounds(low, high)}")
    return found


def whole(value: Any, what: str, low: int | None = None, high: int | None = None) -> int:
    """A whole number within bounds, which are inclusive."""
    found = number(value, what)
    if found != int(found):
        raise BadOption(f"{what} is {value!r}", "give a whole number")
    exact = int(value)
    number(exact, what, low, high)
    return exact


def listed(value: Any, what: str, hint: str) -> list[Any]:
    """A list, tuple, range or array as a list: not a text, which would be taken apart letter by letter."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise BadOption(f"{what} is {value!r}, not a list", hint)
    return list(value)


def one_of(value: Any, what: str, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadOption(f"{what} is {value!r}", f"one of {', '.join(choices)}")
    return value


def _plain(value: Any) -> float | None:
    """The number a value stands for, or None."""
    if isinstance(value, bool | str | bytes) or _axes(value) or _dtype(value).endswith("bool"):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return math.inf if isinstance(value, int) else None


def _axes(value: Any) -> int:
    return int(getattr(value, "ndim", 0))


def _dtype(value: Any) -> str:
    return str(getattr(value, "dtype", ""))


def _bounds(low: float | None, high: float | None) -> str:
    return f"at least {low}" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
