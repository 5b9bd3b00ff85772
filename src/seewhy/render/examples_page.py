"""What excites channels most, as a page: one self-contained HTML file; a click shows where in its photo a crop lies."""

import io
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from PIL import Image

from seewhy.lang import note, text
from seewhy.lang.catalog import messages
from seewhy.render.document import document, embed, webp, written
from seewhy.render.panels import number
from seewhy.results.examples import Box, Crop, Example, Examples

WORDS = ("channel_number", "maximum", "photo", "row_and_column", "cell")


def save(found: Examples, file: str | PathLike[str], lang: str) -> Path:
    """Write the page, whole or not at all. Raises BadInput where the disk refuses."""
    return written(file, examples_page(found, lang).encode())


def examples_page(found: Examples, lang: str = "en") -> str:
    """An HTML document that opens from disk and asks nothing of any network."""
    parts = {
        "title": escape(text("examples_of", lang, layer=found.layer)),
        "data": embed(bundle(found, lang)),
    }
    return document("examples.html", ["page.css", "examples.css"], ["examples.js"], parts, lang)


def bundle(found: Examples, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    model = found.model
    size = " x ".join(map(str, found.receptive.size)) if found.receptive else text("all_of_input", lang)
    listed = {
        "model": model.name,
        "weights": text("random_weights", lang).upper() if model.weights == "random" else model.weights,
        "layer": found.layer,
        "receptive_field": size,
    }
    return {
        "words": {key: messages(lang)[key] for key in WORDS},
        "title": text("examples_of", lang, layer=found.layer),
        "lead": text("embedded_by", lang, model=model.name, layer=found.layer),
        "random": model.weights == "random",
        "channels": [
            {
                "number": channel,
                "examples": [_one(*both) for both in zip(found[channel], found.crops[channel], strict=True)],
            }
            for channel in found.shown
        ],
        "names": {str(i): found.names[i] for i in found.thumbs},
        "thumbs": {str(i): webp(Image.open(io.BytesIO(one)).convert("RGB")) for i, one in found.thumbs.items()},
        "details": [(text(name, lang), said) for name, said in listed.items() if said],
        "notes": [note(one, lang) for one in found.notes],
        "failed": [f"{name}: {why}" for name, why in found.failed],
    }


def _one(example: Example, crop: Crop) -> dict[str, Any]:
    return {
        "photo": example.photo,
        "value": number(example.value),
        "cell": example.cell,
        "src": webp(Image.fromarray(crop.pixels), 85),
        "box": _shares(crop.box, crop.original),
        "mark": _shares(crop.mark, crop.original),
        "aspect": crop.original[1] / crop.original[0],
    }


def _shares(box: Box, original: tuple[int, int]) -> list[float]:
    """Left, top, width, height as shares of the photo."""
    (top, left, bottom, right), (high, wide) = box, original
    return [left / wide, top / high, (right - left) / wide, (bottom - top) / high]
