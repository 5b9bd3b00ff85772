"""What the network says once a part of the photo is hidden: quick enough to follow a slider."""

from collections.abc import Callable
from typing import Any

import anyio
import torch
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seewhy.asked import whole
from seewhy.errors import BadInput, BadOption
from seewhy.explaining import predictions
from seewhy.first import outputs_of
from seewhy.lang import languages
from seewhy.metrics.curves import check_explained
from seewhy.metrics.ranking import Ranks, hottest
from seewhy.model import Model
from seewhy.types import Pixels
from seewhy.web import answers
from seewhy.web.asked import compared, texts_of
from seewhy.web.edits import BODY, Brush, Hottest, classes, edit
from seewhy.web.limits import Limits
from seewhy.web.looked import Looked, digest
from seewhy.web.photos import Photos
from seewhy.web.reading import document
from seewhy.web.recent import Recent
from seewhy.web.results import Results
from seewhy.web.twins import Twins

KNOWN = ("photo", "model", "top", "lang", "texts", "classes", "edit", "picture")
MEMORY = 256 * 2**20  # bytes of photos as networks see them
BOUND = 8  # models with their texts
RANKS = 64 * 2**20
GONE = 499  # the client went away: nobody reads it


class Editing:
    """find: from what a client calls a model to the model. looking: predictions and edits wait for each other there."""

    def __init__(
        self,
        photos: Photos,
        results: Results,
        find: Callable[[Any], Model],
        twins: Twins,
        limits: Limits,
        looking: anyio.CapacityLimiter,
    ) -> None:
        self._photos, self._results, self._find, self._twins = photos, results, find, twins
        self._limits, self._looking = limits, looking
        self._looked = Recent[Looked](MEMORY, lambda one: one.bytes)
        self._bound = Recent[Model](BOUND, lambda _model: 1)
        self._ranks = Recent[tuple[Ranks, str]](RANKS, lambda one: one[0].nbytes)

    def routes(self) -> list[Route]:
        return [Route("/api/edits", self.edits, methods=["POST"])]

    async def edits(self, request: Request) -> Response:
        """The likeliest classes, and those asked for, of an edited photo. One whose client is gone is not computed, so
        that of all steps of a slider the last one waits for one at most."""
        given = await document(request, BODY, self._limits.silence)
        if unknown := sorted(set(given) - set(KNOWN)):
            raise BadOption(f"a request with {unknown[0]!r}", f"it has {', '.join(KNOWN)}")
        photo, model = str(given.get("photo", "")), self._find(given.get("model"))
        self._photos.path(photo)
        made, lang, texts = edit(given.get("edit")), given.get("lang"), texts_of(given.get("texts"), model)
        if lang is not None and lang not in languages():
            raise BadOption(f"lang is {str(lang)[:20]!r}", f"one of {', '.join(languages())}")
        top, picture = whole(given.get("top", 5), "top", 1, 1000), given.get("picture", False) is True
        asked = given.get("classes", [])
        async with self._looking:
            if await request.is_disconnected():
                return Response(status_code=GONE)
            run = anyio.to_thread.run_sync
            return JSONResponse(await run(lambda: self._answer(photo, model, texts, made, top, lang, asked, picture)))

    def _answer(
        self,
        photo: str,
        model: Model,
        texts: list[str] | None,
        made: Hottest | Brush,
        top: int,
        lang: str | None,
        asked: Any,
        picture: bool,
    ) -> dict[str, Any]:
        model = self._twins(model)
        looked = self._looked.get((photo, id(model)), lambda: Looked.at(model, self._photos.picture(photo)))
        geometry = looked.geometry
        mask = made.mask(geometry, lambda key: self._ranked(key, model, looked))
        x = looked.edited(mask, made.fill)
        named = tuple(texts or ())
        bound = self._bound.get((id(model), named), lambda: compared(model, named))  # which encodes its texts once
        said, wanted = _said(bound, x, top, asked)
        shown = geometry.on_picture()
        return {
            "predictions": answers.predictions(said, lang),
            "classes": answers.predictions(wanted, lang),
            "covered": float(1 - mask[shown].mean()),
            **({"picture": looked.picture(x)} if picture else {}),
        }

    def _ranked(self, key: str, model: Model, looked: Looked) -> Ranks:
        """Raises Refusal where there is no such result, BadInput where it is about another photo or network."""

        def make() -> tuple[Ranks, str]:
            found = self._results.get(key)
            check_explained(model, found)
            return hottest(found), digest(found.photos[0].pixels)

        ranks, photo = self._ranks.get((key, id(model)), make)
        if photo != looked.digest:
            raise BadInput("the result is about another photo", "name the photo that was explained")
        return ranks


def _said(model: Model, x: Pixels, top: int, asked: Any) -> tuple[Any, Any]:
    """Predictions of the likeliest classes, and of those asked for."""
    run = model.shared()
    with torch.inference_mode(False), run.frozen():
        outputs = run.check_names(outputs_of(run, x))
        numbers = classes(asked, outputs.shape[1])
        (found,) = predictions(run, x, outputs, outputs.shape[1] if numbers else top)
    of = {one.index: one for one in found}
    return found[:top], [of[number] for number in numbers if number in of]
