"""One self-contained HTML file: the photo, the raw maps, and the viewer that colours them in the browser."""

import io
from collections.abc import Sequence
from html import escape
from typing import Any

from PIL import Image

from seewhy.lang import text
from seewhy.lang.catalog import known
from seewhy.render import heading
from seewhy.render.colors import tables
from seewhy.render.document import document, embed, webp
from seewhy.render.grid import grid, same_photo
from seewhy.render.scene import smaller
from seewhy.render.shown import shown
from seewhy.types import Explanation

LONGEST = 1600  # pixels of the embedded photo's longer side
STILL = 1000  # of the picture for browsers without scripts


def page(explanations: Sequence[Explanation], lang: str = "en") -> str:
    """An HTML document about one photo that opens from disk and asks nothing of any network.

    It holds the raw maps as float32 at their own resolution; the value under the pointer is `heatmap()` at that pixel.
    BadInput as for `grid`.
    """
    same_photo(explanations)
    parts = {
        "title": escape(text("why_label", lang, label=heading.named(explanations[0], lang))),
        "data": embed(bundle(explanations, lang)),
        "still": _still(explanations, lang),
    }
    return document("page.html", ["page.css"], ["viewer.js"], parts, lang)


def bundle(explanations: Sequence[Explanation], lang: str = "en") -> dict[str, Any]:
    """All the viewer knows, as plain data. lang: which it speaks first; it has all of them."""
    photo = explanations[0].photos[0]
    height, width = photo.pixels.shape[:2]
    return {
        "lang": known(lang),
        "photo": {
            "name": photo.name,
            "width": width,
            "height": height,
            "src": webp(Image.fromarray(smaller(photo.pixels, LONGEST))),
        },
        "tables": tables(),
        "explanations": shown(explanations),
    }


def _still(explanations: Sequence[Explanation], lang: str) -> str:
    """A picture for browsers without scripts."""
    file = io.BytesIO()
    grid(explanations, lang=lang).savefig(file, format="png", dpi=110)
    picture = Image.open(file).convert("RGB")
    picture.thumbnail((STILL, STILL))
    return webp(picture, 70)
