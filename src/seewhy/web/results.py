"""Explanations on disk, by what they explain: a link that is opened again finds them there."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from seewhy.errors import BadInput
from seewhy.store import MANIFEST, replacing, write
from seewhy.store import open as open_folder
from seewhy.types import Explanation
from seewhy.web.limits import Limits
from seewhy.web.photos import DIGEST
from seewhy.web.refusing import Refusal


class Results:
    """A folder with a folder for each explanation, each there whole or not at all."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._limits, self._writing = folder, limits, Lock()
        for half_written in folder.glob(".*"):  # by a server that was killed
            shutil.rmtree(half_written, ignore_errors=True)

    def __contains__(self, key: str) -> bool:
        return bool(DIGEST.fullmatch(key)) and (self._folder / key / MANIFEST).is_file()

    def add(self, key: str, explanation: Explanation) -> None:
        with self._writing:
            with replacing(self._folder / key) as fresh:
                write(explanation, fresh)
            self._make_room(key)

    def get(self, key: str) -> Explanation:
        """Raises Refusal where it is not here."""
        if key not in self:
            raise Refusal("unknown_result", f"no result {key[:64]!r} is here", "ask for it: POST /api/jobs", 404)
        folder = self._folder / key
        with suppress(OSError):
            folder.touch()  # the last one looked at is the last to go
        try:
            return open_folder(folder)
        except BadInput:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _make_room(self, kept: str) -> None:
        """Those not looked at for longest go first."""
        sizes = {folder: sum(one.stat().st_size for one in folder.iterdir()) for folder in self._oldest()}
        total = sum(sizes.values())
        for folder, size in sizes.items():
            if total <= self._limits.disk or folder.name == kept:
                return
            shutil.rmtree(folder, ignore_errors=True)
            total -= size

    def _oldest(self) -> Iterator[Path]:
        yield from sorted(self._folder.glob("[0-9a-f]*"), key=lambda folder: folder.stat().st_mtime)
