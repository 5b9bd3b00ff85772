"""Sentences that a text is put into; those for ImageNet, and its names, came with CLIP, arXiv:2103.00020."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from seewhy.asked import listed
from seewhy.errors import BadOption

HOLE = "{}"
HINT = "give 'imagenet', or sentences with {} where the text goes: 'a photo of a {}.'"


def as_templates(asked: Any) -> tuple[str, ...]:
    """None is the text alone; "imagenet" CLIP's eighty; a sentence, or a list of them, each with {} in it."""
    if asked is None:
        return ()
    if isinstance(asked, str):
        asked = _published()["templates"] if asked == "imagenet" else [asked]
    found = listed(asked, "templates", HINT)
    for one in found:
        if not isinstance(one, str) or HOLE not in one:
            raise BadOption(f"the template {one!r} has no place for a text", HINT)
    return tuple(found)


def imagenet_names() -> tuple[str, ...]:
    """ImageNet's 1000 classes as CLIP's authors named them; two names are there twice."""
    return tuple(_published()["names"])


@cache
def _published() -> dict[str, list[str]]:
    file = Path(__file__).with_name("imagenet_prompts.json")
    found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))
    return found
