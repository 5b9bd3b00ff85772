"""Embeddings as a page: one self-contained HTML file, a map of thumbnails to move in, and each photo's nearest."""

import io
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.asked import whole
from seewhy.errors import BadOption
from seewhy.lang import note, text
from seewhy.lang.catalog import messages
from seewhy.render.document import document, embed, webp, written
from seewhy.results.embeddings import Embeddings, Neighbour

WORDS = ("nearest_to", "photos_match", "photos_on_map")
CELL = 64  # pixels of a thumbnail on a sheet
ACROSS = 32  # thumbnails in a row of a sheet, and rows


def save(found: Embeddings, file: str | PathLike[str], *, query: Any, most: int, lang: str) -> Path:
    """Write the page, whole or not at all. Raises BadInput where the disk refuses."""
    return written(file, embeddings_page(found, query=query, most=most, lang=lang).encode())


def embeddings_page(found: Embeddings, *, query: Embeddings | None = None, most: int = 12, lang: str = "en") -> str:
    """An HTML document that opens from disk and asks nothing of any network."""
    if found.points is None:
        raise BadOption("these embeddings have no map yet", "make one: seewhy.inspect.project(found, 'pca')")
    title = text("embeddings_of", lang, count=len(found))
    parts = {"title": escape(title), "data": embed(bundle(found, query, most, lang))}
    return document("embeddings.html", ["page.css", "embeddings.css"], ["embeddings.js"], parts, lang)


def bundle(found: Embeddings, query: Embeddings | None, most: int, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    most = whole(most, "most", 1, 100)
    model = found.model
    listed = {
        "model": model.name,
        "weights": text("random_weights", lang).upper() if model.weights == "random" else model.weights,
        "layer": found.layer,
        "dimensions": str(found.values.shape[1]),
        "map": text(f"map_{found.how}", lang),
    }
    return {
        "words": {key: messages(lang)[key] for key in WORDS},
        "title": text("embeddings_of", lang, count=len(found)),
        "lead": text("embedded_by", lang, model=model.name, layer=found.layer),
        "random": model.weights == "random",
        "names": list(found.names),
        "points": _spread(found),
        "nearest": [_as_data(one) for one in found.neighbours(most)] if len(found) > 1 else [[]],
        "query": _query(found, query, most),
        "sheets": [webp(one, 76) for one in sheets(found.thumbs)],
        "cell": CELL,
        "across": ACROSS,
        "details": [(text(name, lang), said) for name, said in listed.items() if said],
        "notes": [note(one, lang) for one in found.notes],
        "failed": [f"{name}: {why}" for name, why in found.failed],
    }


def _spread(found: Embeddings) -> list[list[float]]:
    """The points within 0 to 1, one scale for both axes."""
    assert found.points is not None  # looked at before
    low, high = found.points.min(0), found.points.max(0)
    span = float((high - low).max()) or 1.0
    middle = (low + high) / 2
    return [[round(float(at), 5) for at in one] for one in (found.points - middle) / span + 0.5]


def _query(found: Embeddings, query: Embeddings | None, most: int) -> dict[str, Any] | None:
    if query is None:
        return None
    thumb = Image.open(io.BytesIO(query.thumbs[0])) if query.thumbs else None
    return {
        "name": query.names[0],
        "src": webp(thumb.convert("RGB")) if thumb else "",
        "nearest": _as_data(found.nearest(query.values[0], most)),
    }


def _as_data(neighbours: Sequence[Neighbour]) -> list[list[float]]:
    return [[one.number, round(one.similarity, 4)] for one in neighbours]


def sheets(thumbs: Sequence[bytes]) -> list[Image.Image]:
    """Thumbnails in the middle of cells, row by row, on as many sheets as it takes."""
    made = []
    for first in range(0, len(thumbs), ACROSS * ACROSS):
        some = thumbs[first : first + ACROSS * ACROSS]
        sheet = Image.new("RGB", (CELL * ACROSS, CELL * -(-len(some) // ACROSS)), "white")
        for i, one in enumerate(some):
            with Image.open(io.BytesIO(one)) as small:
                row, column = divmod(i, ACROSS)
                middle = CELL * column + (CELL - small.width) // 2, CELL * row + (CELL - small.height) // 2
                sheet.paste(small.convert("RGB"), middle)
        made.append(sheet)
    return made
