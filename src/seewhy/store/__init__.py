"""One Explanation on disk: a manifest in JSON, arrays without pickle, photos without loss, and a schema number."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.errors import BadInput
from seewhy.store.folder import refuse_others, replacing
from seewhy.store.manifest import SCHEMA, from_manifest, to_manifest
from seewhy.types import Explanation

__all__ = ["MANIFEST", "SCHEMA", "VALUES", "open", "refuse_others", "replacing", "save", "write"]

MANIFEST, VALUES = "manifest.json", "values.npz"
AGAIN = "explain the photo again"


def save(explanation: Explanation, folder: str | os.PathLike[str]) -> Path:
    """Write an explanation to a folder of its own, whole or not at all; an older one there is replaced.

    Raises BadInput where the folder holds other files or can't be written, or an option can't be stored.
    """
    with replacing(Path(folder)) as fresh:
        write(explanation, fresh)
    return Path(folder)


def write(explanation: Explanation, folder: Path, *, photos_in: Path | None = None) -> None:
    """Write the files of an explanation into an existing folder.

    photos_in: a folder with an explanation of the same photos, whose files are linked instead of written anew.
    """
    arrays: dict[str, NDArray[Any]] = {}
    known = dict[str, str]()  # digests of files that are linked
    manifest = to_manifest(explanation, arrays)
    _write_arrays(arrays, folder / VALUES)
    for photo, entry in zip(explanation.photos, manifest["photos"], strict=True):
        if photos_in is not None and _linked(photos_in / entry["file"], folder / entry["file"]):
            with suppress(BadInput, KeyError):  # else it is read
                known[entry["file"]] = _manifest(photos_in / MANIFEST)["files"][entry["file"]]
        else:
            Image.fromarray(photo.pixels).save(folder / entry["file"], compress_level=1)
    names = [VALUES, *(entry["file"] for entry in manifest["photos"])]
    manifest["files"] = {name: known.get(name) or _digest(folder / name) for name in names}
    text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _write_arrays(arrays: Mapping[str, NDArray[Any]], path: Path) -> None:
    """As numpy.savez_compressed does, at the level that takes a quarter of the time and is hardly larger."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.asanyarray(array), allow_pickle=False)


def open(folder: str | os.PathLike[str]) -> Explanation:
    """The explanation that `save` or `seewhy explain` wrote. Raises BadInput where it is not there or not whole."""
    folder = Path(folder)
    manifest = _manifest(folder / MANIFEST)
    try:
        for name, digest in manifest["files"].items():
            _check(folder / name, digest)
        with np.load(folder / VALUES, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        photos = [np.asarray(Image.open(folder / entry["file"]).convert("RGB")) for entry in manifest["photos"]]
        return from_manifest(manifest, arrays, photos)
    except (KeyError, TypeError, ValueError, AttributeError, OSError, EOFError, zipfile.BadZipFile) as error:
        said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BadInput(f"the explanation in {folder} is broken: {said}", AGAIN) from error


def _manifest(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"there is no explanation in {path.parent}: no {MANIFEST}", "name a result's folder") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} can't be read: {error}", AGAIN) from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        raise BadInput(f"{path} has the schema {schema}; this seewhy reads {SCHEMA}", "use the seewhy that wrote it")
    read: dict[str, Any] = found
    return read


def _check(path: Path, digest: str) -> None:
    if not path.is_file():
        raise BadInput(f"the explanation in {path.parent} lacks {path.name}", AGAIN)
    if _digest(path) != digest:
        raise BadInput(f"{path} is not the file that was written: its SHA-256 differs", AGAIN)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _linked(there: Path, here: Path) -> bool:
    """The same file under a second name, a copy where the disk has no links."""
    if not there.is_file():
        return False
    try:
        os.link(there, here)
    except OSError:
        shutil.copyfile(there, here)
    return True
