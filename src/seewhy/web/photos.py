"""Photos that clients sent, by the SHA-256 of what they sent; of that only the pixels are kept."""

import hashlib
import io
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

from PIL import Image

from seewhy.images.decode import decode
from seewhy.web.limits import Limits
from seewhy.web.refusing import Refusal
from seewhy.web.room import Room

DIGEST = re.compile(r"[0-9a-f]{64}")
SHOWN = 2048  # pixels of the longer side that a page is sent


class Photos:
    """A folder with a lossless picture of each photo. Names come from digests alone."""

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        room: Room | None = None,
        needed: Callable[[], Container[str]] = tuple,
    ) -> None:
        """room: where results are, too. needed: ids of those that stay whatever comes."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._limits, self._needed = folder, limits, needed
        self._room, self._counting = room or Room(limits.disk), Lock()
        self._room.add(self)
        self.total = sum(one.stat().st_size for one in self.kept())
        self._seen, self._reading = OrderedDict[str, Image.Image](), Lock()  # those looked at last

    def add(self, data: bytes) -> str:
        """The photo's id. Raises BadInput for what is no photo, or has too many pixels."""
        id = hashlib.sha256(data).hexdigest()
        path = self._path(id)
        if not path.is_file():
            image, _ = decode(data, "the photo", self._limits.pixels)
            fresh = path.with_name(f".{uuid4().hex}")
            try:
                image.save(fresh, "PNG", compress_level=1)
                with self._counting:
                    self.total += 0 if path.is_file() else fresh.stat().st_size  # another may have sent the same
                    os.replace(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
            self._room.make(path)
        return id

    def kept(self) -> Iterable[Path]:
        return self._folder.glob("[0-9a-f]*.png")

    def drop(self, path: Path) -> None:
        if path.stem in self._needed():
            return
        with self._counting, suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            self.total -= size
        with self._reading:
            self._seen.pop(path.stem, None)

    def size(self, id: str) -> tuple[int, int]:
        """Width and height."""
        with Image.open(self.path(id)) as image:
            return image.size

    def path(self, id: str) -> Path:
        """The photo's file. Raises Refusal where there is none of this id."""
        path = self._path(id) if DIGEST.fullmatch(id) else None
        if path is None or not path.is_file():
            raise Refusal("unknown_photo", f"no photo {id[:64]!r} is here", "send it first: PUT /api/photos", 404)
        with suppress(OSError):
            path.touch()  # the last one looked at is the last to go
        return path

    def picture(self, id: str) -> Image.Image:
        """The photo itself, which nobody changes."""
        with self._reading:
            if id not in self._seen:
                with Image.open(self.path(id)) as image:
                    self._seen[id] = image.convert("RGB")
            self._seen.move_to_end(id)
            found = self._seen[id]
            while (
                len(self._seen) > 1
                and sum(3 * one.width * one.height for one in self._seen.values()) > self._limits.memory
            ):
                self._seen.popitem(last=False)
        return found

    def shown(self, id: str) -> bytes:
        """A WebP for a page, no larger than SHOWN."""
        with Image.open(self.path(id)) as image:
            image.thumbnail((SHOWN, SHOWN))
            file = io.BytesIO()
            image.save(file, "WEBP", quality=88, method=2)
            return file.getvalue()

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.png"
