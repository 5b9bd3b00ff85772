"""What clients are told of models, photos, predictions and explanations, as plain data."""

from collections.abc import Container, Sequence
from dataclasses import MISSING, asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.cards import method_card, method_cards
from seewhy.geometry import Geometry
from seewhy.lang import class_name, languages
from seewhy.lang.cards import option_help
from seewhy.model import Model
from seewhy.plan import chosen
from seewhy.registry import declared, get_method, list_methods
from seewhy.render import heading
from seewhy.render.document import base64
from seewhy.render.shown import placed, prediction, shown
from seewhy.texts import TextModel
from seewhy.types import Explanation, Prediction
from seewhy.web.asked import Cell
from seewhy.web.edits import fills
from seewhy.web.jobs import Job


def model(spec: str, one: Model, lang: str) -> dict[str, Any]:
    return {
        "id": spec,
        "name": one.name,
        "weights": one.card.weights,
        "fingerprint": one.fingerprint,
        "classes": len(one.classes),
        "texts": isinstance(one, TextModel),
        "fills": fills(one),
        "first": chosen([one])[0],
        "methods": [_method(listed, lang) for listed in list_methods(one)],
    }


def _method(listed: Any, lang: str) -> dict[str, Any]:
    info, card = listed.info, method_card(listed.id, lang)
    options = [] if not listed.offered else [_option(one, lang) for one in declared(get_method(info.id)).values()]
    return {
        "id": info.id,
        "title": info.title,
        "family": info.family,
        "offered": listed.offered,
        "reason": listed.reason,
        "paper": info.paper,
        "cost": card.cost,
        "summary": card.summary,
        "options": options,
    }


def _option(one: Any, lang: str) -> dict[str, Any]:
    known = one.metadata
    default = None if one.default is MISSING else one.default
    plain = default if isinstance(default, bool | int | float | str | None) else repr(default)
    bounds = {name: known[name] for name in ("low", "high") if known[name] is not None}
    choices = {"choices": list(known["choices"])} if known["choices"] else {}
    return {"name": one.name, "help": option_help(known["help"], lang), "default": plain, **bounds, **choices}


def cards(lang: str) -> dict[str, dict[str, str]]:
    """Every method's card by its id."""
    return {id: asdict(one) for id, one in method_cards(lang).items()}


def classes(one: Model, lang: str) -> list[str]:
    return [class_name(name, lang, index) for index, name in enumerate(one.classes)]


def predictions(listed: Sequence[Prediction], lang: str | None) -> list[dict[str, Any]]:
    """lang: of the labels; None for all."""
    found = [prediction(one) for one in listed]
    return found if lang is None else spoken(found, lang)


def explanation(key: str, one: Explanation) -> dict[str, Any]:
    """What the viewer takes, and more. values: float32, little-endian, rows one after another, of the map whose
    channels are reduced to one."""
    return shown([one])[0] | {
        "key": key,
        "class": one.classes[0],
        "kind": one.score,
        "value": float(one.scores[0]),
        "asked": one.target,
        "layers": list(one.layers),
        "options": {name: heading.option(name, value).partition("=")[2] for name, value in one.options.items()},
        "seed": one.seed,
        "seconds": one.seconds,
        "passes": {"forward": one.passes.forward, "backward": one.passes.backward},
        "blank": bool(one.blank[0]),
        "versions": dict(one.versions),
    }


def spoken(found: Any, lang: str) -> Any:
    """The same with each text that is there in several languages in one of them."""
    if isinstance(found, dict):
        if set(found) == set(languages()):
            return found[lang]
        return {name: spoken(value, lang) for name, value in found.items()}
    return [spoken(one, lang) for one in found] if isinstance(found, list | tuple) else found


def numbers(values: NDArray[np.float32]) -> dict[str, Any]:
    """A map (r,q)."""
    return {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "values": base64(np.ascontiguousarray(values, "<f4")),
    }


def partial(values: NDArray[np.float32], geometry: Geometry | None) -> dict[str, Any]:
    """A map (r,q) that is on its way, and where it lies on the photo."""
    return numbers(values) | (placed(geometry) if geometry else {})


def job(one: Job, before: int, results: Container[str] = ()) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "before": before,
        "photo": one.asked.photo,
        "model": one.asked.spec,
        "cells": [cell(part, results) for part in one.asked.cells],
        "progress": one.latest,
        "events": len(one.events),
    }


def cell(one: Cell, results: Container[str]) -> dict[str, Any]:
    return {"method": one.method.info.id, "target": one.text, "key": one.key, "ready": one.key in results}
