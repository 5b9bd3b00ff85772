"""A field of a frozen value that is kept, or made whenever it is read."""

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def held(name: str) -> Callable[[type[T]], type[T]]:
    """Let a field of a dataclass take a function without arguments as well: what is large and quickly made from less
    need not be kept."""

    def with_held(cls: type[T]) -> type[T]:
        setattr(cls, name, _Held(name))
        return cls

    return with_held


def is_made(instance: Any, name: str) -> bool:
    """Whether such a field is made whenever it is read."""
    return callable(vars(instance)[name])


class _Held:
    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            raise AttributeError(self.name)
        kept = vars(instance)[self.name]
        return kept() if callable(kept) else kept

    def __set__(self, instance: Any, value: Any) -> None:
        vars(instance)[self.name] = value
