"""Passes that a method will take, read from the words in which it tells them. What they leave open is not known."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from seewhy.registry import Method, options_of

NUMBER = r"(?P<count>\d+|[a-z]\w*)(?P<more> \+ 1)?"
CLAUSES: Mapping[str, str] = {  # how a pass is told -> what each counts
    rf"{NUMBER} forwards?(?P<each> a baseline( \(two\))?| a background picture| for the gap)?": "forward",
    rf"{NUMBER} (partial |whole )?backwards?( a layer)?": "backward",
    rf"{NUMBER} forwards and (partial )?backwards(?P<each> a baseline( \(two\))?)?": "both",
    rf"{NUMBER} forward and backward of the image and (?P<each>each baseline)": "both",
    r"and (?P<count>1) with a partial backward (?P<each>a sample)": "both",
    r"(?P<count>1) of the picture with all hidden": "forward",
    r"1 partial and (?P<count>1)(?P<more>) whole backward": "backward",
    r"one after the other|segmentation and ranking|2 forwards where the score gets around the layer"
    r"|and for most rules one or two products a layer beside": "none",
}  # fmt: skip
UNTOLD = {"legrad"}  # the head's own forwards, a layer each, are not in its words
OPEN = {"aug_smooth", "tolerance"}  # options that change what is run in ways that no words tell


class Told(NamedTuple):
    """Passes of one target, the picture's own forward included, as `Explanation.passes` counts them. whole: backwards
    that go all the way to the picture."""

    forward: int
    backward: int
    whole: int


def passes(method: Method) -> Told | None:
    """None where it is not known."""
    options, forward, backward, whole = options_of(method), 0, 0, 0
    usual = options_of(type(method)())
    if method.info.id in UNTOLD or any(options[name] != usual[name] for name in OPEN & set(options)):
        return None
    for clause in re.split(r"[,;] ", method.info.cost):
        read = [(found, what) for pattern, what in CLAUSES.items() if (found := re.fullmatch(pattern, clause))]
        if not read:
            return None
        (found, what), *_ = read
        if what == "none":
            continue
        count = _count(found.groupdict(), options)
        if clause.startswith("1 partial and"):
            count += 1
        forward += count * (what != "backward")
        backward += count * (what != "forward")
        whole += count * (what != "forward" and "partial" not in clause)
    own = not re.match(
        r"\d", method.info.cost
    )  # the picture's own forward, where the words begin with what comes of it
    return Told(forward + own, backward, whole)


def _count(found: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    count = found["count"]
    number = int(count) if count.isdecimal() else int(options[count])
    each = (found.get("each") or "").strip()
    if "each baseline" in each:
        return number * (1 + _several(options))
    if "baseline" in each:
        number *= _several(options)
    if "sample" in each:
        number *= int(options["n_samples"])
    return number + bool(found.get("more"))


def _several(options: Mapping[str, Any]) -> int:
    baseline = options.get("baseline")
    return len(baseline) if isinstance(baseline, tuple | list) else 1
