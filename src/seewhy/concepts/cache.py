"""Activations on disk: one file a picture and layer, found by content, whole or not at all."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from seewhy.errors import BadInput

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Cache:
    """folder: None keeps nothing. made_by: all that decides what a layer returns for a picture, but for these two."""

    folder: Path | None
    made_by: str

    def read(self, sha256: str, layer: str) -> Array | None:
        """What was kept; None where nothing was, or where a file is broken."""
        if self.folder is None:
            return None
        with suppress(OSError, ValueError, EOFError):
            found = np.load(self._path(sha256, layer), allow_pickle=False)
            return found if found.dtype == np.float32 else None
        return None

    def write(self, sha256: str, layer: str, values: Array) -> None:
        """Raises BadInput where the disk refuses."""
        if self.folder is None:
            return
        path = self._path(sha256, layer)
        fresh = path.with_name(f".{path.name}-{uuid4().hex[:8]}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                np.save(file, values, allow_pickle=False)
            os.replace(fresh, path)
        except OSError as error:
            raise BadInput(
                f"{path} can't be written: {error.strerror or error}", "name another cache folder"
            ) from error
        finally:
            with suppress(OSError):
                fresh.unlink()

    def _path(self, sha256: str, layer: str) -> Path:
        assert self.folder is not None
        key = hashlib.sha256("\n".join((self.made_by, layer, sha256)).encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.npy"
