"""Photos that clients sent, by the SHA-256 of what they sent; of that only the pixels are kept."""

import hashlib
import io
import os
import re
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from uuid import uuid4

from PIL import Image

from seewhy.images.decode import decode
from seewhy.web.limits import Limits
from seewhy.web.refusing import Refusal

DIGEST = re.compile(r"[0-9a-f]{64}")
SHOWN = 2048  # pixels of the longer side that a page is sent


class Photos:
    """A folder with a lossless picture of each photo. Names come from digests alone."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._limits = folder, limits
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
                os.replace(fresh, path)
            finally:
                fresh.unlink(missing_ok=True)
        return id

    def size(self, id: str) -> tuple[int, int]:
        """Width and height."""
        with Image.open(self.path(id)) as image:
            return image.size

    def path(self, id: str) -> Path:
        """The photo's file. Raises Refusal where there is none of this id."""
        path = self._path(id) if DIGEST.fullmatch(id) else None
        if path is None or not path.is_file():
            raise Refusal("unknown_photo", f"no photo {id[:64]!r} is here", "send it first: PUT /api/photos", 404)
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
