"""One self-contained HTML file: the photo, the raw maps, and a viewer that colours them in the browser."""

import io
from collections.abc import Sequence
from html import escape
from typing import Any

from PIL import Image

from seewhy.lang import class_name, note, text
from seewhy.lang.catalog import messages
from seewhy.render import heading, strip
from seewhy.render.colors import tables
from seewhy.render.document import base64, document, embed, webp
from seewhy.render.grid import grid, same_photo
from seewhy.render.normalize import SIGNS, limit, peak
from seewhy.render.panels import amount
from seewhy.render.scene import Scene, frame, scenes, smaller
from seewhy.types import Explanation, Prediction

WORDS = (  # those the script fills in itself
    "as_published", "automatic", "hides_structure", "keys_hint", "largest", "looked_at", "no_negative_evidence",
    "no_positive_evidence", "outside_view", "pixel_at", "score_never_moves", "sign_absolute", "sign_all",
    "sign_negative", "sign_positive", "why_label",
)  # fmt: skip
LONGEST = 1600  # pixels of the embedded photo's longer side
STILL = 1000  # of the picture for browsers without scripts


def page(explanations: Sequence[Explanation], lang: str = "en", *, outlier_perc: float = 2.0) -> str:
    """An HTML document about one photo that opens from disk and asks nothing of any network.

    It holds the raw maps as float32 at their own resolution; the value under the pointer is `heatmap()` at that pixel.
    outlier_perc: the share of the evidence drawn in the strongest colour. BadInput as for `grid`.
    """
    same_photo(explanations)
    first = explanations[0]
    parts = {
        "title": escape(text("why_label", lang, label=heading.named(first, lang))),
        "data": embed(bundle(explanations, lang, outlier_perc)),
        "still": _still(explanations, outlier_perc, lang),
    }
    return document("page.html", ["page.css"], ["maps.js", "page.js"], parts, lang)


def bundle(explanations: Sequence[Explanation], lang: str, outlier_perc: float) -> dict[str, Any]:
    """All the page knows, as plain data."""
    photo, methods = explanations[0].photos[0], {one.method for one in explanations}
    height, width = photo.pixels.shape[:2]
    drawn = Image.fromarray(smaller(photo.pixels, LONGEST))
    tops = {id: strip.largest([one for one in explanations if one.method == id]) for id in methods}
    return {
        "words": {key: messages(lang)[key] for key in WORDS},
        "photo": {
            "name": photo.name,
            "width": width,
            "height": height,
            "src": webp(drawn),
        },
        "tables": tables(),
        "explanations": [
            _one(explanation, scene, lang, outlier_perc, tops[explanation.method]) | {"also": also}
            for explanation, scene, also in zip(
                explanations, scenes(explanations), heading.differences(explanations), strict=True
            )
        ],
    }


def _one(explanation: Explanation, scene: Scene, lang: str, outlier_perc: float, top: float) -> dict[str, Any]:
    """top: the largest score of a word among those that it is compared with."""
    values = explanation.reduced()
    geometry, model = explanation.photos[0].geometry, explanation.model
    return {
        "values": base64(values[0].astype("<f4")),
        "rows": values.shape[1],
        "columns": values.shape[2],
        "input": geometry.input,
        "scale": geometry.scale,
        "offset": geometry.offset,
        "frame": frame(geometry),
        "sign": explanation.sign,
        "limits": {sign: limit(scene.heat, sign, outlier_perc) for sign in SIGNS},
        "peaks": {sign: peak(scene.heat, sign) for sign in SIGNS},
        "method": explanation.method,
        "label": heading.named(explanation, lang),
        "target": heading.target(explanation, lang),
        "score": heading.score(explanation, lang),
        "units": heading.raw(explanation, lang),
        "random": model.weights == "random",
        "model": model.name,
        "explained": explanation.classes[0],
        "predictions": [_prediction(one, lang) for one in explanation.predictions[0][:5]],
        "words": _words(explanation, top, lang),
        "details": _details(explanation, lang),
        "notes": [note(one, lang) for one in explanation.notes],
    }


def _words(explanation: Explanation, top: float, lang: str) -> dict[str, Any] | None:
    """The words of a text with their scores, and what these are."""
    if not strip.has_words(explanation):
        return None
    return {"title": strip.title(explanation, lang), "listed": strip.listed(explanation), "top": top}


def _prediction(one: Prediction, lang: str) -> dict[str, Any]:
    found: dict[str, Any] = {"index": one.index, "label": class_name(one.label, lang, one.index)}
    if one.probability is None:
        return found | {"score": amount(one)}
    beside = {} if one.similarity is None else {"similarity": f"{one.similarity:.3f}"}
    return found | {"probability": one.probability} | beside


def _details(explanation: Explanation, lang: str) -> list[tuple[str, str]]:
    """Names and values of the table under the predictions, those without a value left out."""
    passes, model = explanation.passes, explanation.model
    listed = {
        "method": explanation.method,
        "target": heading.target(explanation, lang),
        "score": heading.score(explanation, lang),
        "layer": ", ".join(explanation.layers),
        "options": ", ".join(heading.option(name, value) for name, value in explanation.options.items()),
        "map_size": " × ".join(map(str, explanation.values.shape[2:])),
        "model": model.name,
        "weights": text("random_weights", lang).upper() if model.weights == "random" else model.weights,
        "fingerprint": model.fingerprint[:16],
        "seed": str(explanation.seed),
        "time": text("seconds", lang, seconds=f"{explanation.seconds:.2f}"),
        "passes": text("forward_backward", lang, forward=passes.forward, backward=passes.backward),
        "precision": explanation.precision,
    }
    return [(text(name, lang), said) for name, said in listed.items() if said]


def _still(explanations: Sequence[Explanation], outlier_perc: float, lang: str) -> str:
    """A picture for browsers without scripts."""
    file = io.BytesIO()
    grid(explanations, outlier_perc=outlier_perc, lang=lang).savefig(file, format="png", dpi=110)
    picture = Image.open(file).convert("RGB")
    picture.thumbnail((STILL, STILL))
    return webp(picture, 70)
