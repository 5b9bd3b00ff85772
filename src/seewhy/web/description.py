"""The API in OpenAPI's terms: for whoever writes a client, and for the tests that send what does not fit."""

from collections.abc import Mapping, Sequence
from typing import Any

from seewhy import __version__
from seewhy.metrics.hiding import FILLS
from seewhy.web.edits import MOST, SIDE
from seewhy.web.limits import Limits

DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
LANG = {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["en", "zh"]}}


def described(models: Sequence[str], limits: Limits) -> dict[str, Any]:
    """models: their ids."""
    model = {"type": "string", "enum": list(models)}
    method = {
        "oneOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "options": {"type": "object"}},
                "additionalProperties": False,
            },
        ]
    }
    work = {
        "photo": DIGEST,
        "model": model,
        "methods": {"type": "array", "items": method, "minItems": 1},
        "targets": {"type": "array", "items": {"type": "string", "maxLength": 200}, "minItems": 1},
        "score": {"type": "string", "enum": ["logit", "probability", "log_probability", "answer"]},
        "seed": {"type": "integer", "minimum": 0},
    }
    look = {"photo": DIGEST, "model": model, "top": {"type": "integer", "minimum": 1, "maximum": 1000},
            "lang": LANG["schema"], "texts": work["targets"]}  # fmt: skip
    photo = {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "seewhy",
            "version": __version__,
            "description": "Every request shows the token: Authorization: Bearer TOKEN, or the cookie of a page that "
            f"was opened. A photo has at most {limits.bytes:,} bytes and {limits.pixels:,} pixels. Errors are "
            '{"error": {"code", "problem", "hint"}}.',
        },
        "paths": {
            "/": {"get": _said("The page.")},
            "/start.js": {"get": _said("The script that asks for what a link shows, and for the page's.")},
            "/app.js": {"get": _said("The page's script.")},
            "/viewer.js": {"get": _said("The script of what shows maps.")},
            "/favicon.svg": {"get": _said("Its icon.")},
            "/api": {"get": _said("This.")},
            "/api/models": {"get": _said("Models, and each method: offered, or why not; its options.", [LANG])},
            "/api/models/{model}/classes": {
                "get": _said("Class names, in order.", [_path("model", model), LANG]),
            },
            "/api/cards": {"get": _said("Each method's card: what it answers, when it misleads, its paper.", [LANG])},
            "/api/samples": {"get": _said("Photos to start with, sent already.", [LANG])},
            "/api/photos": {"put": _said("Send a photo; its id.", body=photo, status="201")},
            "/api/photos/{photo}": {"get": _said("The photo as WebP.", [_path("photo", DIGEST)])},
            "/api/predictions": {"post": _said("The likeliest classes.", body=_json(look, ["photo"]))},
            "/api/costs": {
                "post": _said("What work would take, where that is known.", body=_json(work, [])),
            },
            "/api/jobs": {
                "get": _said("What runs or waits."),
                "post": _said("Explanations: methods times targets.", body=_json(work, ["photo"]), status="202"),
            },
            "/api/jobs/{job}": {
                "get": _said("How far it is.", [_path("job", {"type": "string"})]),
                "delete": _said("Cancel it.", [_path("job", {"type": "string"})]),
            },
            "/api/jobs/{job}/events": {
                "get": _said(
                    "Server-sent events: waiting, running, progress, partial, result; last done, failed or cancelled.",
                    [_path("job", {"type": "string"})],
                ),
            },
            "/api/jobs/{job}/partial/{key}": {
                "get": _said(
                    "The map so far of a method that samples.", [_path("job", {"type": "string"}), _path("key", DIGEST)]
                ),
            },
            "/api/results": {
                "post": _said("What is here of work; nothing is begun.", body=_json(work, ["photo"])),
            },
            "/api/results/{key}": {
                "get": _said("An explanation; its values as base64 of little-endian float32.",
                             [_path("key", DIGEST), LANG]),
            },
            "/api/results/{key}/curves": {
                "get": _said(
                    "Deletion and insertion: the class's probability as the map's hottest pixels go, or come back.",
                    [_path("key", DIGEST), _query("fill", {"type": "string", "enum": list(FILLS)}),
                     _query("steps", {"type": "integer", "minimum": 2, "maximum": 100}),
                     _query("random", {"type": "integer", "minimum": 0, "maximum": 20})],
                ),
            },
            "/api/models/{model}/layers": {
                "get": _said("Layers that a CAM can read, in the order they run; at most 40.", [_path("model", model)]),
            },
            "/api/edits": {
                "post": _said(
                    "Scores of a photo of which a part is hidden, or kept alone.",
                    body=_json(edit_of(look), ["photo", "edit"]),
                ),
            },
            **{
                f"/inside/{name}": {
                    "get": _said(
                        f"{said}, as a page for a sandboxed frame.",
                        [_query("photo", DIGEST), _query("model", model), LANG, *more],
                    )
                }
                for name, said, more in (
                    ("attention", "What each patch attends to", []),
                    ("activations", "Feature maps of a layer", [_query("layer", {"type": "string", "maxLength": 200})]),
                    ("tree", "The decisions that lead to the class", []),
                )
            },
            "/api/report": {
                "get": _said(
                    "One HTML file of results about one photo, that opens offline.",
                    [{"name": "key", "in": "query", "required": True,
                      "schema": {"type": "array", "items": DIGEST, "maxItems": limits.grid}}, LANG],
                ),
            },
        },
    }  # fmt: skip


def _said(summary: str, parameters: Sequence[Mapping[str, Any]] = (), *, body: Any = None, status: str = "200") -> Any:
    found: dict[str, Any] = {"summary": summary, "responses": {status: {"description": summary}}}
    found |= {"parameters": list(parameters)} if parameters else {}
    return found | ({"requestBody": body} if body else {})


def edit_of(look: Mapping[str, Any]) -> dict[str, Any]:
    """look: what a prediction is asked by."""
    cells = {"type": "integer", "minimum": 1, "maximum": SIDE}
    how = {"keep": {"type": "boolean"}, "fill": {"type": "string", "enum": list(FILLS)}}
    share = {"type": "number", "minimum": 0, "maximum": 1}
    kinds = [
        {"kind": {"enum": ["hottest"]}, "key": DIGEST, "share": share, **how},
        {"kind": {"enum": ["brush"]}, "rows": cells, "columns": cells, "mask": {"type": "string"}, **how},
    ]
    return {
        **look,
        "classes": {"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": MOST},
        "picture": {"type": "boolean"},
        "edit": {
            "oneOf": [
                {"type": "object", "properties": kind, "required": [*kind][:-2], "additionalProperties": False}
                for kind in kinds
            ]
        },
    }


def _query(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": dict(schema)}


def _path(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": dict(schema)}


def _json(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    return {"required": True, "content": {"application/json": {"schema": schema}}}
