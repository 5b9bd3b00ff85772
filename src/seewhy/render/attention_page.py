"""The attention viewer: one self-contained HTML file with every weight, which the browser unpacks layer by layer."""

import zlib
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from seewhy.lang import note, text
from seewhy.lang.catalog import messages
from seewhy.render.colors import DIVERGING, SEQUENTIAL, table
from seewhy.render.document import base64, document, embed, written
from seewhy.render.looked_at import looked_at
from seewhy.render.panels import number
from seewhy.results.attention import AttentionCall, AttentionMaps, Tokens

TABLES = (SEQUENTIAL, "viridis", "cividis", "gray", DIVERGING)
WORDS = (  # those the script fills in itself
    "all_patches", "automatic", "head_number", "heads_max", "heads_mean", "heads_min", "layer", "layer_of",
    "no_patch_asks", "old_browser", "other_window", "outside_view", "patch_at", "pin_hint", "pinned", "stored",
    "stored_levels", "token_cls", "token_distillation", "token_mean", "token_pointer", "token_query",
    "token_register", "tokens",
)  # fmt: skip
WEIGHTS = 4_600_000  # characters that the weights take at most, where fewer levels can do it
LEVELS = (255, 127, 63, 31)  # of a query's row


def save(maps: AttentionMaps, file: str | PathLike[str], lang: str = "en") -> Path:
    """Write the page, whole or not at all. Raises BadInput where the disk refuses."""
    return written(file, attention_page(maps, lang).encode())


def attention_page(maps: AttentionMaps, lang: str = "en") -> str:
    """An HTML document about one photo that opens from disk and asks nothing of any network.

    No weight is left out. Where they would make the file large they are stored in fewer levels, and the page says how
    many and what that costs.
    """
    parts = {
        "title": escape(text("attention_of", lang, photo=maps.photo.name)),
        "data": embed(bundle(maps, lang)),
    }
    scripts = ["maps.js", "attending.js", "attention.js"]
    return document("attention.html", ["page.css", "attention.css"], scripts, parts, lang)


def bundle(maps: AttentionMaps, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    calls, packed = _fitting(maps.calls)
    title = text("attention_of", lang, photo=maps.photo.name)
    return {
        **looked_at(maps.photo, maps.model, title, lang),
        "words": {key: messages(lang)[key] for key in WORDS},
        "tables": {name: base64(table(name)) for name in TABLES},
        "calls": [_one(call, weights) for call, weights in zip(calls, packed, strict=True)],
        "notes": [note(one, lang) for one in maps.notes],
    }


def _fitting(calls: Sequence[AttentionCall]) -> tuple[list[AttentionCall], list[str]]:
    """The calls in as many levels as fit, and each one's weights as text."""
    for levels in LEVELS:
        made = [call.coarser(levels) for call in calls]
        packed = [_packed(call) for call in made]
        if sum(map(len, packed)) <= WEIGHTS:
            break
    return made, packed


def _packed(call: AttentionCall) -> str:
    """low and step as float32, then the codes; deflated, base64."""
    parts = (call.low.astype("<f4"), call.step.astype("<f4"), call.codes)
    raw = b"".join(np.ascontiguousarray(one).tobytes() for one in parts)
    return b64encode(zlib.compress(raw, 6)).decode()


def _one(call: AttentionCall, packed: str) -> dict[str, Any]:
    stored, windows, queries, keys = call.codes.shape
    return {
        "number": call.number,
        "layer": call.layer,
        "heads": call.heads,
        "stored": stored,
        "fused": call.fused,
        "windows": windows,
        "counts": (queries, keys),
        "queries": _tokens(call.queries),
        "keys": _tokens(call.keys),
        "signed": bool(call.low.min() < 0),
        "levels": call.levels,
        "error": number(1.005 * call.error),  # so that three digits never say less than it is
        "packed": packed,
    }


def _tokens(tokens: Tokens) -> dict[str, Any]:
    rows, columns = tokens.cells
    others = [{"kind": one.kind, "number": one.number} for one in tokens.others]
    return {"rows": rows, "columns": columns, "at": tokens.at.reshape(-1).tolist(), "others": others}
