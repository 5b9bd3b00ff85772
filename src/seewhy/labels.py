"""From what a user types to the class it means, or to an error that lists what it could mean."""

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

from seewhy.errors import UnknownName
from seewhy.lang import class_name

SHOWN = 8  # candidates an error lists


def find(label: str, classes: Sequence[str]) -> int:
    """The index of the one class that `label` means.

    An index in digits; else a whole name, else one of a name's comma-separated synonyms, else a whole word of a name,
    else a part of one, whichever first has an answer; case does not matter. To letters
    beyond ASCII, ImageNet's classes answer with their Chinese names.
    Raises UnknownName where no class or more than one answers.
    """
    asked = label.strip().casefold()
    if not asked.isascii():
        classes = [class_name(name, "zh", index) for index, name in enumerate(classes)]
    names = [name.casefold() for name in classes]
    if asked.isascii() and asked.isdigit():
        return _numbered(asked, names, classes)
    if not names:
        raise UnknownName(f"no class is called '{label}': the model has no class names", "give the class as a number")
    for answers in _TIERS:
        found = [index for index, name in enumerate(names) if asked and answers(asked, name)]
        if len(found) > 1:
            raise UnknownName(f"'{label}' could be {_listed(found, classes)}", "give the number, or more of the name")
        if found:
            return found[0]
    raise UnknownName(f"no class is called '{label}'", hint(asked, names) or f"classes are 0 to {len(names) - 1}")


def hint(asked: str, names: Iterable[str]) -> str:
    """'did you mean ...?' with the closest names, or nothing where none is close."""
    near = get_close_matches(asked, dict.fromkeys(names), n=4)
    return f"did you mean {', '.join(near)}?" if near else ""


def _numbered(asked: str, names: Sequence[str], classes: Sequence[str]) -> int:
    index, called = int(asked), [i for i, name in enumerate(names) if name == asked]
    meant = sorted({*called, *([index] if index < len(names) or not names else [])})
    if not meant:
        raise UnknownName(f"class {index} of a model with {len(names)} classes", f"classes are 0 to {len(names) - 1}")
    if len(meant) > 1:
        raise UnknownName(f"'{asked}' could be {_listed(meant, classes)}", "pass the index as an int from Python")
    return meant[0]


def _listed(found: Sequence[int], classes: Sequence[str]) -> str:
    shown = ", ".join(f"{index} {classes[index]}" for index in found[:SHOWN])
    return shown + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")


_TIERS: tuple[Callable[[str, str], bool], ...] = (
    lambda asked, name: asked == name,
    lambda asked, name: asked in (synonym.strip() for synonym in name.split(",")),
    lambda asked, name: re.search(rf"(?<!\w){re.escape(asked)}(?!\w)", name) is not None,
    lambda asked, name: asked in name,
)
