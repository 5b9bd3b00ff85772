"""Explanations as the viewer takes them: plain data, each text in every language (viewer/src/types.ts)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.geometry import Geometry
from seewhy.lang import class_name, languages, note, text
from seewhy.render import heading, strip
from seewhy.render.document import base64
from seewhy.render.normalize import limit, peak
from seewhy.render.scene import fitted, frame
from seewhy.types import Explanation, Prediction

Said = str | dict[str, str]
LONGEST, PLAIN_CLIP = 512, 2.0  # as layer.ts and view.ts of the viewer have them


def shown(explanations: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Each explanation of one image, with what tells it apart from the others."""
    tops = {
        id: strip.largest([one for one in explanations if one.method == id])
        for id in {one.method for one in explanations}
    }
    also = heading.differences(explanations)
    return [
        _one(one, tops[one.method]) | {"also": differing} for one, differing in zip(explanations, also, strict=True)
    ]


def each_language(by: Callable[[str], str]) -> Said:
    """A text in each language, or one that is the same in all."""
    found = {lang: by(lang) for lang in languages()}
    first = next(iter(found.values()))
    return first if len(set(found.values())) == 1 else found


def label(name: str, index: int | None) -> Said:
    """A class's name."""
    return each_language(lambda lang: class_name(name, lang, index))


def placed(geometry: Geometry) -> dict[str, Any]:
    """Where a map lies on the photo."""
    return {
        "input": geometry.input,
        "scale": geometry.scale,
        "offset": geometry.offset,
        "frame": frame(geometry),
    }


def prediction(one: Prediction) -> dict[str, Any]:
    numbers = {name: getattr(one, name) for name in ("probability", "score", "similarity")}
    found: dict[str, Any] = {"index": one.index, "label": label(one.label, one.index)}
    return found | {name: value for name, value in numbers.items() if value is not None}


def _one(explanation: Explanation, top: float) -> dict[str, Any]:
    """top: the largest score of a word among those that it is compared with."""
    values = explanation.reduced()
    geometry, model = explanation.photos[0].geometry, explanation.model
    return {
        "values": base64(values[0].astype("<f4")),
        "rows": values.shape[1],
        "columns": values.shape[2],
        **placed(geometry),
        "sign": explanation.sign,
        "limits": _limits(explanation, values),
        "method": explanation.method,
        "label": each_language(lambda lang: heading.named(explanation, lang)),
        "target": each_language(lambda lang: heading.target(explanation, lang)),
        "score": each_language(lambda lang: heading.score(explanation, lang)),
        "units": each_language(lambda lang: heading.raw(explanation, lang)),
        "random": model.weights == "random",
        "model": model.name,
        "explained": explanation.classes[0],
        "predictions": [prediction(one) for one in explanation.predictions[0][:5]],
        "words": _words(explanation, top),
        "details": [[each_language(partial(text, name)), value] for name, value in _details(explanation)],
        "notes": [each_language(partial(note, one)) for one in explanation.notes],
    }


def _limits(explanation: Explanation, values: NDArray[np.float32]) -> dict[str, float]:
    """The magnitude in the strongest colour of a plain view, and the largest, of the map's own sign: what the viewer
    would find, as soon as the map is there. values: the map (1,r,q)."""
    geometry = explanation.photos[0].geometry
    shrink = min(1, LONGEST / max(geometry.original))
    height, width = (max(1, int(side * shrink + 0.5)) for side in geometry.original)
    heat = fitted(geometry, height, width).place(values)[0]
    return {"limit": limit(heat, explanation.sign, PLAIN_CLIP), "peak": peak(heat, explanation.sign)}


def _words(explanation: Explanation, top: float) -> dict[str, Any] | None:
    """The words of a text with their scores, and what these are."""
    if not strip.has_words(explanation):
        return None
    title = each_language(lambda lang: strip.title(explanation, lang))
    return {"title": title, "listed": strip.listed(explanation), "top": top}


def _details(explanation: Explanation) -> list[tuple[str, Said]]:
    """How it was made: names of the catalogue, and values, those without one left out."""
    passes, model = explanation.passes, explanation.model
    listed: dict[str, Said] = {
        "method": explanation.method,
        "target": each_language(lambda lang: heading.target(explanation, lang)),
        "score": each_language(lambda lang: heading.score(explanation, lang)),
        "layer": ", ".join(explanation.layers),
        "options": ", ".join(heading.option(name, value) for name, value in explanation.options.items()),
        "map_size": " × ".join(map(str, explanation.values.shape[2:])),
        "model": model.name,
        "weights": each_language(_random) if model.weights == "random" else model.weights,
        "fingerprint": model.fingerprint[:16],
        "seed": str(explanation.seed),
        "time": each_language(lambda lang: text("seconds", lang, seconds=f"{explanation.seconds:.2f}")),
        "passes": each_language(
            lambda lang: text("forward_backward", lang, forward=passes.forward, backward=passes.backward)
        ),
        "precision": explanation.precision,
    }
    return [(name, value) for name, value in listed.items() if value]


def _random(lang: str) -> str:
    return text("random_weights", lang).upper()
