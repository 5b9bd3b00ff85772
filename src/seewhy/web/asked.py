"""From what a client asked for to what will run: refused as a whole before anything runs."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seewhy import __version__
from seewhy.asked import whole
from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.plan import target
from seewhy.registry import Method, check, declared, get_method, options_of, parse
from seewhy.scores import transform
from seewhy.targets import Askable
from seewhy.texts import TextModel, texts_typed, with_texts
from seewhy.web.limits import Limits
from seewhy.web.shelf import Shelf

KNOWN = {"photo", "model", "methods", "targets", "score", "seed"}
LONGEST = 200  # characters of a target
MOST_TEXTS = 100  # that a photo is compared with at once


@dataclass(frozen=True, eq=False)
class Cell:
    """One explanation that is asked for. key: the same for the same photo, network, method, options and target."""

    method: Method
    text: str
    target: Askable
    key: str


@dataclass(frozen=True, eq=False)
class Asked:
    """methods: each with its cells, a target each."""

    photo: str
    spec: str
    model: Model
    fingerprint: str
    methods: tuple[tuple[Method, tuple[Cell, ...]], ...]
    score: Any
    seed: int

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for _, own in self.methods for cell in own)

    @property
    def key(self) -> str:
        return _digest([cell.key for cell in self.cells])


def asked(given: Mapping[str, Any], models: Shelf, limits: Limits) -> Asked:
    """Raises a SeewhyError for what is not there or does not fit."""
    if unknown := sorted(set(given) - KNOWN):
        raise BadOption(f"a request with {unknown[0]!r}", f"it has {', '.join(sorted(KNOWN))}")
    photo, spec = _text(given.get("photo", ""), "photo"), _text(given.get("model", next(iter(models))), "model")
    if spec not in models:
        raise BadOption(f"no model {spec!r} is served", f"there are: {', '.join(models)}")
    served = models[spec]
    methods = [_method(one, served) for one in _list(given.get("methods", ["gradcam"]), "methods")]
    texts = [_text(one, "a target") for one in _list(given.get("targets", ["top"]), "targets")]
    texts = list(dict.fromkeys(texts))
    if len(methods) * len(texts) > limits.grid:
        raise BadOption(f"{len(methods)} methods times {len(texts)} targets", f"at most {limits.grid} at a time")
    model = compared(served, [part for text in texts for part in texts_typed(text, served.classes)])
    score, seed = given.get("score"), whole(given.get("seed", 0), "seed", 0, 2**63 - 1)
    if score is not None:
        transform(score, model.census().outputs)
    chosen = [target(text, [model]) for text in texts]
    told = repr([model.card.overrides, model.preprocess])  # all texts, too, among which each has its share
    fingerprint, rows = models.fingerprint(spec), []
    for method in methods:
        known = [photo, spec, fingerprint, told, method.info.id, _plain(options_of(method)), score, seed]
        known += [__version__]
        cells = [Cell(method, text, one, _digest([*known, text])) for text, one in zip(texts, chosen, strict=True)]
        rows.append((method, tuple(cells)))
    return Asked(photo, spec, model, fingerprint, tuple(rows), score, seed)


def texts_of(given: Any, model: Model) -> list[str] | None:
    """What a model that compares pictures with texts is to compare them with, None for those that it is served with
    alone; of other models None."""
    if not isinstance(model, TextModel):
        if given is not None:
            raise BadOption("texts for a model that has classes", "leave them out")
        return None
    if given is None and model.classes:
        return None
    return [_text(one, "a text") for one in _list(given, "texts")][:MOST_TEXTS]


def compared(model: Model, texts: Sequence[str]) -> Model:
    """The model; where it compares pictures with texts, with those that it is served with, and these behind them.

    Raises BadOption where there are none."""
    return with_texts(model, (), texts or None) if isinstance(model, TextModel) else model


def _method(given: Any, model: Model) -> Method:
    """An id, or an id with options as text or numbers."""
    if isinstance(given, str):
        given = {"id": given}
    if not isinstance(given, dict) or set(given) - {"id", "options"}:
        raise BadOption("a method that is no id", 'give "gradcam", or {"id": "gradcam", "options": {...}}')
    id, options = _text(given.get("id", ""), "a method"), given.get("options", {})
    if not isinstance(options, dict):
        raise BadOption(f"the options of {id} are no object", "give names and values")
    known = declared(get_method(id))
    texts = {name: value for name, value in options.items() if isinstance(value, str)}
    if files := [name for name in texts if known.get(name) and texts[name].startswith("@")]:
        raise BadOption(f"{id}.{files[0]} is a file", "files are not read for clients")
    method = get_method(id, **{**options, **parse(id, texts)})
    check(method, model)
    return method


def _list(given: Any, what: str) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise BadOption(f"{what} is no list, or an empty one", "name at least one")
    return given


def _text(given: Any, what: str) -> str:
    if not isinstance(given, str) or len(given) > LONGEST:
        raise BadOption(f"{what} is no text of at most {LONGEST} characters", "give its name")
    return given


def _plain(options: Mapping[str, Any]) -> list[list[str]]:
    return [[name, repr(value)] for name, value in sorted(options.items())]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
