"""What clients are told of models, photos, predictions and explanations, as plain data."""

from dataclasses import MISSING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.lang import class_name
from seewhy.model import Model
from seewhy.registry import declared, get_method, list_methods
from seewhy.render.document import base64
from seewhy.types import Explanation, Prediction
from seewhy.web.jobs import Job


def model(spec: str, one: Model) -> dict[str, Any]:
    return {
        "id": spec,
        "name": one.name,
        "weights": one.card.weights,
        "fingerprint": one.fingerprint,
        "classes": len(one.classes),
        "methods": [_method(listed) for listed in list_methods(one)],
    }


def _method(listed: Any) -> dict[str, Any]:
    info = listed.info
    options = [] if not listed.offered else [_option(one) for one in declared(get_method(info.id)).values()]
    return {
        "id": info.id,
        "title": info.title,
        "family": info.family,
        "offered": listed.offered,
        "reason": listed.reason,
        "paper": info.paper,
        "cost": info.cost,
        "summary": info.summary,
        "options": options,
    }


def _option(one: Any) -> dict[str, Any]:
    known = one.metadata
    default = None if one.default is MISSING else one.default
    plain = default if isinstance(default, bool | int | float | str | None) else repr(default)
    bounds = {name: known[name] for name in ("low", "high") if known[name] is not None}
    choices = {"choices": list(known["choices"])} if known["choices"] else {}
    return {"name": one.name, "help": known["help"], "default": plain, **bounds, **choices}


def classes(one: Model, lang: str) -> list[str]:
    return [class_name(name, lang, index) for index, name in enumerate(one.classes)]


def prediction(one: Prediction, lang: str) -> dict[str, Any]:
    said = {name: getattr(one, name) for name in ("probability", "score", "similarity")}
    found = {"index": one.index, "label": class_name(one.label, lang, one.index)}
    return found | {name: value for name, value in said.items() if value is not None}


def explanation(key: str, one: Explanation, lang: str) -> dict[str, Any]:
    """values: float32, little-endian, rows one after another, of the map whose channels are reduced to one."""
    values, geometry = one.reduced()[0], one.photos[0].geometry
    return {
        "key": key,
        "method": one.method,
        "target": one.target,
        "class": one.classes[0],
        "label": class_name(one.labels[0], lang, one.classes[0]) if one.classes[0] is not None else one.labels[0],
        "score": one.score,
        "value": float(one.scores[0]),
        **numbers(values),
        "input": list(geometry.input),
        "scale": list(geometry.scale),
        "offset": list(geometry.offset),
        "sign": one.sign,
        "layers": list(one.layers),
        "seed": one.seed,
        "seconds": one.seconds,
        "passes": {"forward": one.passes.forward, "backward": one.passes.backward},
        "predictions": [prediction(each, lang) for each in one.predictions[0]],
        "blank": bool(one.blank[0]),
        "notes": list(one.notes),
        "versions": dict(one.versions),
    }


def numbers(values: NDArray[np.float32]) -> dict[str, Any]:
    """A map (r,q)."""
    return {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "values": base64(np.ascontiguousarray(values, "<f4")),
    }


def job(one: Job, before: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "before": before,
        "photo": one.asked.photo,
        "model": one.asked.spec,
        "cells": [
            {"method": cell.method.info.id, "target": cell.text, "key": cell.key, "ready": cell.key in one.ready}
            for cell in one.asked.cells
        ],
        "progress": one.latest,
        "events": len(one.events),
    }
