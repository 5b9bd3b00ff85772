"""Feature maps as a page: one self-contained HTML file; a click on a channel lays it on the photo with its numbers."""

import zlib
from base64 import b64encode
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.lang import note, text
from seewhy.lang.catalog import messages
from seewhy.render.activations import token
from seewhy.render.colors import DIVERGING, SEQUENTIAL, table
from seewhy.render.document import base64, document, embed, written
from seewhy.render.looked_at import looked_at
from seewhy.results.activations import Activation, Activations

TABLES = (SEQUENTIAL, "viridis", "cividis", "gray", DIVERGING)
WORDS = (
    "activation", "active_share", "automatic", "channel_number", "maximum", "maximum_at", "mean_value", "minimum",
    "nowhere_on_photo", "old_browser", "pixel_at", "channels_shown", "shape",
)  # fmt: skip
FINEST = 128 * 128  # cells of a map on the page
LEVELS = 255


def save(found: Activations, file: str | PathLike[str], *, most: int, channels: Any, lang: str) -> Path:
    """Write the page, whole or not at all. Raises BadInput where the disk refuses."""
    return written(file, activations_page(found, most=most, channels=channels, lang=lang).encode())


def activations_page(found: Activations, *, most: int, channels: Any = None, lang: str = "en") -> str:
    """An HTML document that opens from disk and asks nothing of any network."""
    title = text("activations_of", lang, photo=found.photo.name)
    parts = {"title": escape(title), "data": embed(bundle(found, most, channels, lang))}
    return document("activations.html", ["page.css", "activations.css"], ["maps.js", "activations.js"], parts, lang)


def bundle(found: Activations, most: int, channels: Any, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    title = text("activations_of", lang, photo=found.photo.name)
    return {
        **looked_at(found.photo, found.model, title, lang),
        "words": {key: messages(lang)[key] for key in WORDS},
        "tables": {name: base64(table(name)) for name in TABLES},
        "tensors": [_tensor(found, one, one.strongest(most, channels), lang) for one in found],
        "notes": [note(one, lang) for one in found.notes],
    }


def _tensor(found: Activations, one: Activation, chosen: tuple[int, ...], lang: str) -> dict[str, Any]:
    maps = np.nan_to_num(one.maps[list(chosen)], posinf=0, neginf=0)
    drawn = np.stack([coarser(each) for each in maps])
    return {
        "name": one.name,
        "kind": one.kind,
        "shape": list(one.maps.shape),
        "dead": one.dead,
        "placed": one.placed,
        "rows": drawn.shape[1],
        "columns": drawn.shape[2],
        "top": one.top,
        "signed": bool((one.maps < 0).any()),
        "channels": [_channel(found, one, channel) for channel in chosen],
        "packed": packed(drawn),
        "others": [_other(*both, lang) for both in zip(one.tokens, one.others, strict=True)],
    }


def _other(name: str, values: NDArray[np.float32], lang: str) -> dict[str, Any]:
    known = np.nan_to_num(values, posinf=0, neginf=0)
    return {"name": token(name, lang), "low": float(known.min()), "high": float(known.max())}


def _channel(found: Activations, one: Activation, channel: int) -> dict[str, Any]:
    numbers = one.numbers(channel)
    return {
        "number": channel,
        "low": numbers.minimum,
        "high": numbers.maximum,
        "mean": numbers.mean,
        "active": numbers.active,
        "cell": numbers.cell,
        "pixel": found.where(one, channel),
    }


def coarser(one: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map of at most so many cells: means, spanning the same."""
    shrink = (one.size / FINEST) ** 0.5
    if shrink <= 1:
        return one
    size = max(1, int(one.shape[1] / shrink)), max(1, int(one.shape[0] / shrink))
    return np.asarray(Image.fromarray(np.ascontiguousarray(one)).resize(size, Image.Resampling.BOX))


def packed(maps: NDArray[np.float32]) -> str:
    """Maps (n,r,q) as each one's least value and step in float32, then a byte a cell; deflated, base64."""
    flat = maps.reshape(len(maps), -1)
    low = flat.min(1, keepdims=True)
    step = (flat.max(1, keepdims=True) - low) / LEVELS
    codes = np.rint((flat - low) / np.where(step == 0, 1, step)).astype(np.uint8)
    parts = (low.astype("<f4"), step.astype("<f4"), codes)
    return b64encode(zlib.compress(b"".join(np.ascontiguousarray(part).tobytes() for part in parts), 6)).decode()
