"""The disk that a server may fill: photos and results share it, and those not looked at for longest go first."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol


class Store(Protocol):
    """What keeps things on disk, each a file or a folder."""

    total: int  # bytes

    def kept(self) -> Iterable[Path]: ...

    def drop(self, path: Path) -> None:
        """Let go of one; of one that is needed, nothing happens."""


class Room:
    """most: bytes of all stores together."""

    def __init__(self, most: int) -> None:
        self._most, self._stores, self._making = most, list[Store](), Lock()

    def add(self, store: Store) -> None:
        self._stores.append(store)

    def make(self, newest: Path) -> None:
        """Let go of what is too much, but for what was kept just now. A store that asks holds none of its locks."""
        with self._making:
            if not self._too_much():
                return
            for _, path, store in sorted(self._known(), key=lambda one: one[0]):
                if path != newest:
                    store.drop(path)
                    if not self._too_much():
                        return

    def _too_much(self) -> bool:
        return sum(store.total for store in self._stores) > self._most

    def _known(self) -> Iterable[tuple[float, Path, Store]]:
        for store in self._stores:
            for path in store.kept():
                with suppress(OSError):  # it went meanwhile
                    yield path.stat().st_mtime, path, store
