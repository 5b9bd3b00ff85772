"""Photos to start with: those that ship with scikit-image, which is here anyway."""

from collections.abc import Collection, Mapping
from importlib.resources import files
from threading import Lock
from typing import Any

from seewhy.lang import text
from seewhy.web.photos import Photos

FILES: Mapping[str, str] = {  # the word for it -> its file
    "sample_cat": "chelsea.png",
    "sample_coffee": "coffee.png",
    "sample_rocket": "rocket.jpg",
    "sample_astronaut": "astronaut.png",
    "sample_motorcycle": "motorcycle_left.png",
}


class Samples:
    """Sent to `photos` when they are first asked for."""

    def __init__(self, photos: Photos) -> None:
        self._photos, self._ids, self._adding = photos, dict[str, str](), Lock()

    @property
    def ids(self) -> Collection[str]:
        return self._ids.values()

    def listed(self, lang: str) -> list[dict[str, Any]]:
        """Those that this version of scikit-image has."""
        with self._adding:
            if not self._ids:
                there = {word: files("skimage.data").joinpath(name) for word, name in FILES.items()}
                self._ids = {word: self._photos.add(one.read_bytes()) for word, one in there.items() if one.is_file()}
        return [self._said(id, text(word, lang)) for word, id in self._ids.items()]

    def _said(self, id: str, name: str) -> dict[str, Any]:
        width, height = self._photos.size(id)
        return {"id": id, "name": name, "width": width, "height": height}
