"""What a tree is asked to be over: a network's classes, or a list of names."""

from collections.abc import Sequence
from typing import Any

from seewhy.errors import BadInput
from seewhy.model import Model, names
from seewhy.sources import as_model


def classes_of(asked: Model | str | Sequence[str] | Any) -> tuple[str, ...]:
    """The names of a model's classes, or of a list as they are; raises BadInput where there are none or one."""
    if isinstance(asked, Model | str) or not isinstance(asked, Sequence):
        model = as_model(asked)
        found = names(model.classes)
        if not found:
            raise BadInput(f"the classes of {model.name} have no names", "give their names: Model(..., classes=[...])")
    else:
        found = names(asked)
    if len(found) < 2:
        raise BadInput(f"a tree of {len(found)} classes", "there is nothing to decide: give two classes or more")
    return found


def numbered(count: int) -> list[str]:
    """What classes without names are called."""
    return [f"class {number}" for number in range(count)]
