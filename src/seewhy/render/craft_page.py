"""CRAFT's page: every concept with the crops that show most of it and where it is, in one file that opens from disk."""

from html import escape
from typing import Any

import numpy as np
from PIL import Image

from seewhy.lang import class_name, note, text
from seewhy.render.concept_tiles import tile
from seewhy.render.document import document, embed, webp
from seewhy.render.panels import number
from seewhy.results.craft import Crop, FoundConcept, FoundConcepts

PLACES = 12  # pictures of each concept: those that hold most of it
EDGE = 160  # pixels of a crop


def craft_page(found: FoundConcepts, still: bytes, lang: str = "en") -> str:
    """An HTML document that asks nothing of any network. still: a PNG for readers without scripts."""
    from base64 import b64encode

    title = text("craft_title", lang, label=_label(found, lang), model=found.model.name, layer=found.layer)
    parts = {
        "title": escape(title),
        "still": "data:image/png;base64," + b64encode(still).decode(),
        "data": embed(bundle(found, title, lang)),
    }
    return document("craft.html", ["page.css", "craft.css"], ["craft.js"], parts, lang)


def bundle(found: FoundConcepts, title: str, lang: str) -> dict[str, Any]:
    """All the page knows, as plain data."""
    label = _label(found, lang)
    lead = text("craft_of", lang, label=label, model=found.model.name, layer=found.layer, crops=found.count)
    return {
        "title": title,
        "lead": lead,
        "random": found.model.weights == "random",
        "top": max(max((one.importance for one in found), default=1.0), 1e-12),
        "words": {"crops": text("craft_crops", lang), "places": text("craft_places", lang)},
        "concepts": [_concept(i, one, found, lang) for i, one in enumerate(found)],
        "details": _details(found, lang),
        "notes": [note(one, lang) for one in found.notes],
    }


def importance(one: FoundConcept) -> str:
    """Its index with the standard error, where there is one."""
    return number(one.importance) + ("" if np.isnan(one.error) else f" ± {number(one.error)}")


def _concept(i: int, one: FoundConcept, found: FoundConcepts, lang: str) -> dict[str, Any]:
    totals = one.maps.reshape(len(one.maps), -1).sum(1)
    most, top = totals.argsort()[::-1][:PLACES].tolist(), float(one.maps.max())
    return {
        "name": text("concept_number", lang, number=i + 1),
        "value": one.importance,
        "importance": text("craft_importance", lang, importance=importance(one)),
        "crops": [_crop(crop, found) for crop in one.crops],
        "maps": [_place(found.photos[j].name, tile(found.photos[j], one.maps[j], top), totals[j]) for j in most],
    }


def _crop(crop: Crop, found: FoundConcepts) -> dict[str, str]:
    name = found.photos[crop.image].name
    return _place(name, np.asarray(Image.fromarray(crop.pixels).resize((EDGE, EDGE))), crop.strength)


def _place(name: str, pixels: Any, amount: float) -> dict[str, str]:
    return {"src": webp(Image.fromarray(pixels)), "title": f"{name}: {number(float(amount))}", "said": name}


def _details(found: FoundConcepts, lang: str) -> list[tuple[str, str]]:
    return [
        (text("class", lang), f"{_label(found, lang)} ({found.index})"),
        (text("model", lang), found.model.name),
        (text("layer", lang), found.layer),
        (text("fingerprint", lang), found.model.fingerprint),
        (text("seed", lang), str(found.seed)),
        (text("passes", lang), text("forward_backward", lang, forward=found.passes.forward, backward=0)),
        (text("craft_lost", lang), f"{found.lost:.0%}"),
    ]


def _label(found: FoundConcepts, lang: str) -> str:
    return class_name(found.target, lang, found.index)
