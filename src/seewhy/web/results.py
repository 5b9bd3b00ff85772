"""Explanations on disk, by what they explain: a link that is opened again finds them there."""

import shutil
from collections import OrderedDict
from collections.abc import Iterable
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
from seewhy.web.room import Room


class Results:
    """A folder with a folder for each explanation, each there whole or not at all."""

    def __init__(self, folder: Path, limits: Limits, room: Room | None = None) -> None:
        """room: where photos are, too."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._limits, self._writing = folder, limits, Lock()
        self._room = room or Room(limits.disk)
        self._room.add(self)
        files = [one.stat() for kept in self.kept() for one in kept.iterdir()]
        self.total = sum({one.st_ino: one.st_size for one in files}.values())
        self._of = dict[str, str]()  # of a photo, a result that has it on disk
        self._seen = OrderedDict[str, Explanation]()  # those looked at last

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(DIGEST.fullmatch(key)) and (self._folder / key / MANIFEST).is_file()

    def add(self, key: str, explanation: Explanation) -> None:
        photo = explanation.photos[0].sha256
        with self._writing:
            self.total -= _own(self._folder / key)
            other = self._of.get(photo)
            with replacing(self._folder / key) as fresh:
                write(explanation, fresh, photos_in=self._folder / other if other else None)
            self.total += _own(self._folder / key)
            self._of[photo] = key
            self._keep(key, explanation)
        self._room.make(self._folder / key)

    def get(self, key: str) -> Explanation:
        """Raises Refusal where it is not here."""
        if key not in self:
            raise Refusal("unknown_result", f"no result {key[:64]!r} is here", "ask for it: POST /api/jobs", 404)
        folder = self._folder / key
        with suppress(OSError):
            folder.touch()  # the last one looked at is the last to go
        with self._writing:
            if key in self._seen:
                self._seen.move_to_end(key)
                return self._seen[key]
        try:
            found = open_folder(folder)
        except BadInput:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._writing:
            self._keep(key, found)
        return found

    def _keep(self, key: str, explanation: Explanation) -> None:
        self._seen[key] = explanation
        self._seen.move_to_end(key)
        while len(self._seen) > 1 and sum(map(_held, self._seen.values())) > self._limits.memory:
            self._seen.popitem(last=False)

    def kept(self) -> Iterable[Path]:
        return self._folder.glob("[0-9a-f]*")

    def drop(self, path: Path) -> None:
        with self._writing:
            self.total -= _own(path)
            shutil.rmtree(path, ignore_errors=True)
            self._seen.pop(path.name, None)


def _own(folder: Path) -> int:
    """Bytes on disk that go with it: not a photo that another result has, too."""
    with suppress(OSError):
        return sum(known.st_size for known in (one.stat() for one in folder.iterdir()) if known.st_nlink == 1)
    return 0


def _held(explanation: Explanation) -> int:
    """Bytes in memory."""
    arrays = [explanation.values, *explanation.extras.values(), *explanation.state.values()]
    return sum(one.nbytes for one in [*arrays, *(photo.pixels for photo in explanation.photos)])
