"""What a page tells of one photo that a network looked at, and of the network: as plain data."""

from typing import Any

from PIL import Image

from seewhy.lang import text
from seewhy.render.document import webp
from seewhy.render.scene import frame, smaller
from seewhy.types import ModelCard, Photo

LONGEST = 1600  # pixels of the embedded photo's longer side


def looked_at(photo: Photo, model: ModelCard, title: str, lang: str) -> dict[str, Any]:
    """The photo with where the network's input lies on it, titles, and the network's name, weights and fingerprint."""
    height, width = photo.pixels.shape[:2]
    geometry = photo.geometry
    return {
        "photo": {"name": photo.name, "width": width, "height": height},
        "src": webp(Image.fromarray(smaller(photo.pixels, LONGEST))),
        "input": geometry.input,
        "scale": geometry.scale,
        "offset": geometry.offset,
        "frame": frame(geometry),
        "title": title,
        "lead": text("looked_at", lang, model=model.name, photo=photo.name),
        "random": model.weights == "random",
        "details": _details(model, lang),
    }


def _details(model: ModelCard, lang: str) -> list[tuple[str, str]]:
    listed = {
        "model": model.name,
        "weights": text("random_weights", lang).upper() if model.weights == "random" else model.weights,
        "fingerprint": model.fingerprint[:16],
    }
    return [(text(name, lang), said) for name, said in listed.items() if said]
