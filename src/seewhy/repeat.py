"""A stored explanation, computed once more."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seewhy.api import explain
from seewhy.errors import BadInput, Unsupported
from seewhy.images import as_given
from seewhy.model import Model
from seewhy.sources import load, runs_code
from seewhy.store import open as open_folder
from seewhy.targets import from_decided
from seewhy.texts import TextModel, with_texts
from seewhy.types import Explanation, Function, ModelCard

ITS_OWN = ("", "pretrained", "as built", "as saved", "in the file")  # weights that come with the name


@dataclass(frozen=True, eq=False)
class Again:
    """An explanation as it was stored and as it comes out now.

    absolute: the largest difference of two values. relative: that over the largest absolute value stored.
    """

    old: Explanation
    new: Explanation
    absolute: float
    relative: float
    notes: tuple[str, ...] = ()  # what is not as it was: the network, the photo's place, the versions


def again(
    source: str | os.PathLike[str] | Explanation,
    model: Model | None = None,
    *,
    weights: str | Path | None = None,
    device: str = "cpu",
    trust: bool = False,
) -> Again:
    """Compute an explanation once more, with the same method, options, target, score, seed and photos.

    source: a folder written by `save`, or an Explanation. model: instead of loading the one it names. weights: where
    the file with its weights is now. trust: whether code that the record names may run, where the network came from a
    factory, is a function or stands in a file that holds some. Raises Unsupported where the network, or a target or an
    option that was a function, is not on record.
    """
    old = source if isinstance(source, Explanation) else open_folder(source)
    _refuse_functions(old)
    model = reload(old.model, weights=weights, device=device, trust=trust) if model is None else model
    options, given = dict(old.options), dict(old.model.overrides)
    if isinstance(model, TextModel) and not model.classes:
        model = with_texts(model, (), [*given.get("classes", ())], given.get("templates"))
    known = old.precision in ("float32", "float64", "bfloat16") and old.precision != model.precision
    new = explain(
        model,
        as_given(old.photos),
        old.method,
        from_decided(old.decided),
        score=old.score,  # type: ignore[arg-type]  # explain refuses what is none
        seed=old.seed,
        precision=old.precision if known else None,
        **options,
    )
    if isinstance(new, list) or new.values.shape != old.values.shape:
        raise BadInput("the model of now gives maps of another shape", "pass the model that was explained")
    named = [replace(now, name=was.name, sha256=was.sha256) for now, was in zip(new.photos, old.photos, strict=True)]
    new = replace(new, photos=tuple(named), target=old.target)
    difference = float(np.abs(new.values.astype(np.float64) - old.values).max())
    largest = float(np.abs(old.values).max())
    relative = difference / largest if largest else (0.0 if difference == 0 else float("inf"))
    return Again(old, new, difference, relative, tuple(_changes(old, new)))


def _refuse_functions(old: Explanation) -> None:
    for name, value in old.options.items():
        if isinstance(value, Function):
            kept = f", or with what it made: extras['{name}']" if name in old.extras else ""
            raise Unsupported(
                f"the option {name} was a function of your own, {value.name}, which is not stored",
                f"in Python: explain with {name}= that function{kept}",
            )


def reload(card: ModelCard, *, weights: str | Path | None = None, device: str = "cpu", trust: bool = False) -> Model:
    """The network a card tells of. Raises Unsupported where the card does not tell enough, or names code to run."""
    given = dict(card.overrides)
    if not card.spec or "head" in given:
        what = "has no name that can be loaded" if not card.spec else f"needs its head {given['head']}"
        raise Unsupported(f"the network explained, {card.name}, {what}", "in Python: seewhy.again(folder, model)")
    if not trust and runs_code(card.spec):
        raise Unsupported(
            f"the record asks to run '{card.spec}', and a record may come from anyone",
            "where you know that code, trust it: --trust, or trust=True from Python",
        )
    stored = None if card.weights in ITS_OWN else card.weights
    return load(card.spec, weights=weights or stored, device=device, trust=trust, **given)


def _changes(old: Explanation, new: Explanation) -> list[str]:
    found = []
    if not (new.model.fingerprint and old.model.fingerprint):
        found.append(f"whether {new.model.name} is what was explained can't be known: a function has no fingerprint")
    elif new.model.fingerprint != old.model.fingerprint:
        found.append(f"the network's weights are not those explained: {old.model.name}")
    if [p.geometry for p in new.photos] != [p.geometry for p in old.photos]:
        found.append("the network takes another part or size of the photo than it did")
    if new.layers != old.layers:
        found.append(f"the layers were {', '.join(old.layers)} and are {', '.join(new.layers)}")
    moved = [
        f"{name} {was} then, {new.versions.get(name, 'absent')} now"
        for name, was in old.versions.items()
        if new.versions.get(name) != was
    ]
    return [*found, *moved]
