"""Decisions as a page: one self-contained HTML file; a step shows on the photo what spoke for it."""

import io
from html import escape
from typing import Any

from PIL import Image

from seewhy.lang import class_name, note, text
from seewhy.lang.catalog import messages
from seewhy.render.colors import DIVERGING, SEQUENTIAL, table
from seewhy.render.document import base64, document, embed, webp
from seewhy.render.looked_at import looked_at
from seewhy.render.naming import notes, share, taken, turned_down, verdict
from seewhy.render.normalize import limit, peak
from seewhy.render.scene import scene
from seewhy.results.decisions import Branch, Decisions, Step
from seewhy.types import Explanation

WORDS = (
    "tree_maps_of",
    "tree_step",
    "no_positive_evidence",
    "score_never_moves",
    "outside_view",
    "pixel_at",
    "largest",
)
STILL = 1000  # pixels of the picture for browsers without scripts


def decisions_page(found: Decisions, still: bytes, lang: str = "en") -> str:
    """An HTML document that asks nothing of any network. still: a PNG for readers without scripts."""
    title = text("tree_prediction", lang, label=class_name(found.label, lang, found.index))
    parts = {
        "title": escape(title),
        "still": _smaller(still),
        "data": embed(bundle(found, title, lang)),
    }
    styles, scripts = ["page.css", "decisions.css"], ["maps.js", "decisions.js"]
    return document("decisions.html", styles, scripts, parts, lang)


def bundle(found: Decisions, title: str, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    maps = found.maps or (None,) * len(found.shown)
    known = looked_at(found.photo, found.model, title, lang)
    method = next((one.method for one in found.maps if one), "")
    known["details"] = [
        *known["details"],
        (text("tree_rule", lang), text(f"tree_{found.rule}", lang)),
        (text("tree_tree", lang), text("tree_classes", lang, count=len(found.tree.leaves))),
        *([(text("method", lang), method)] if method else []),
        (text("passes", lang),
         text("forward_backward", lang, forward=found.passes.forward, backward=found.passes.backward)),
    ]  # fmt: skip
    return {
        **known,
        "words": {key: messages(lang)[key] for key in WORDS},
        "tables": {name: base64(table(name)) for name in (SEQUENTIAL, DIVERGING)},
        "verdict": verdict(found, lang),
        "agrees": found.agrees,
        "steps": [_step(one, map_, found, lang) for one, map_ in zip(found.shown, maps, strict=True)],
        "notes": [note(one, lang) for one in notes(found)],
    }


def _smaller(still: bytes) -> str:
    picture = Image.open(io.BytesIO(still)).convert("RGB")
    picture.thumbnail((STILL, 3 * STILL))
    return webp(picture, 70)


def _step(one: Step, map_: Explanation | None, found: Decisions, lang: str) -> dict[str, Any]:
    return {
        "name": taken(one, lang),
        "share": one.share,
        "said": share(one.share),
        "reached": text("tree_reached", lang, share=share(one.reached)),
        "entropy": text("tree_entropy", lang, entropy=f"{one.entropy:.2f}"),
        "rejected": [_rejected(other, one, found, lang) for other in one.rejected],
        "map": None if map_ is None else _map(map_),
    }


def _rejected(one: Branch, step: Step, found: Decisions, lang: str) -> dict[str, Any]:
    return {"name": turned_down(one, step, found, lang), "share": one.share, "said": share(one.share)}


def _map(one: Explanation) -> dict[str, Any]:
    values, heat = one.reduced()[0], scene(one).heat
    return {
        "values": base64(values.astype("<f4")),
        "rows": values.shape[0],
        "columns": values.shape[1],
        "sign": one.sign,
        "limit": limit(heat, one.sign),
        "peak": peak(heat, one.sign),
        "method": one.method,
    }
