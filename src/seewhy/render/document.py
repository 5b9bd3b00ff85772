"""What the self-contained pages share: one HTML document that runs only its own script and asks for nothing."""

import hashlib
import io
import json
import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from html import escape
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.errors import BadInput
from seewhy.lang import text

_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def document(template: str, styles: Sequence[str], scripts: Sequence[str], parts: Mapping[str, str], lang: str) -> str:
    """The common head and a template with their words, styles and scripts filled in, and `parts`, which are HTML."""
    style, script = ("".join(map(_file, names)) for names in (styles, scripts))
    holes = {
        "lang": "zh-CN" if lang == "zh" else lang,
        "style": style,
        "script": script,
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        **parts,
    }
    filled = re.sub(
        r"\{\{words\.(\w+)\}\}", lambda found: escape(text(found[1], lang)), _file("head.html") + _file(template)
    )
    # One pass, so that what is filled in is never read as a hole.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: holes[found[1]], filled)


def embed(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element whatever its strings hold."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)


def webp(image: Image.Image, quality: int = 82) -> str:
    """A picture as the address of an image element."""
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality, method=4)
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode()


def written(file: str | PathLike[str], data: bytes) -> Path:
    """The file, written whole or not at all. Raises BadInput where the disk refuses."""
    path = Path(file)
    fresh = path.with_name(f".{path.name}-{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        os.replace(fresh, path)
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror or error}", "choose another file") from error
    finally:
        with suppress(OSError):
            fresh.unlink()
    return path


def base64(array: NDArray[np.generic]) -> str:
    return b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _file(name: str) -> str:
    return files("seewhy.render").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
