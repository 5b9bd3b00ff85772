"""Deletion and insertion of an explanation that is kept: made when first asked for, then read from the disk."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seewhy import __version__
from seewhy.asked import one_of, whole
from seewhy.errors import BadInput, BadOption
from seewhy.metrics import deletion, insertion
from seewhy.metrics.hiding import FILLS
from seewhy.model import Model
from seewhy.model.recorded import Meter
from seewhy.render.document import written
from seewhy.results.curves import Curve
from seewhy.texts import TextModel
from seewhy.types import Explanation
from seewhy.web.refusing import Refusal
from seewhy.web.results import Results
from seewhy.web.twins import Twins

STEPS, RANDOM = 20, 3  # unless a client asks for others
MOST = 2000  # files of curves, of some kilobytes each
LONGEST = 60.0  # seconds that curves may take: they are made beside the queue


class Following:
    """models: those that are served. twins: of them, for what does not wait for the work. folder: of curves."""

    def __init__(self, results: Results, models: Mapping[str, Model], twins: Twins, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._results, self._models, self._twins, self._folder = results, models, twins, folder
        self._one = anyio.CapacityLimiter(1)

    def routes(self) -> list[Route]:
        return [Route("/api/results/{key}/curves", self.curves, methods=["GET"])]

    async def curves(self, request: Request) -> Response:
        params = request.query_params
        fill = one_of(params.get("fill", "blur"), "fill", FILLS)
        steps = whole(_digits(params.get("steps", str(STEPS))), "steps", 2, 100)
        random = whole(_digits(params.get("random", str(RANDOM))), "random", 0, 20)
        key = request.path_params["key"]
        if key not in self._results:
            raise Refusal("unknown_result", f"no result {key[:64]!r} is here", "ask for it: POST /api/jobs", 404)
        file = self._folder / f"{key}-{fill}-{steps}-{random}-{__version__}.json"

        def found() -> Any:
            if not file.is_file():
                self._make_room()
                written(file, json.dumps(self._made(key, fill, steps, random)).encode())
            return json.loads(file.read_text("utf-8"))

        return JSONResponse(await anyio.to_thread.run_sync(found, limiter=self._one))

    def _made(self, key: str, fill: str, steps: int, random: int) -> dict[str, Any]:
        explanation = self._results.get(key)
        model = timed(_with_its_texts(self._twins(self._explained(explanation)), explanation), LONGEST)
        options: dict[str, Any] = {"fill": fill, "steps": steps, "random": random}
        both = {one.kind: one for one in (make(model, explanation, **options) for make in (deletion, insertion))}
        return {**{kind: _as_data(one) for kind, one in both.items()}, "score": both["deletion"].score, "fill": fill}

    def _explained(self, explanation: Explanation) -> Model:
        """Raises BadInput where the network that was explained is none of those served now."""
        wanted = explanation.model.fingerprint
        for name in self._models:
            if self._models[name].fingerprint == wanted:
                return self._models[name]
        raise BadInput(f"{explanation.model.name}, which was explained, is not served", "serve it: --model")

    def _make_room(self) -> None:
        """The oldest go first."""
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[: max(0, len(files) - MOST + 1)]:
            file.unlink(missing_ok=True)


def _with_its_texts(model: Model, explanation: Explanation) -> Model:
    """Those among which it was explained, whatever it is served with."""
    if not isinstance(model, TextModel):
        return model
    given = dict(explanation.model.overrides)
    return model.bound(given.get("classes", ()), given.get("templates", ()))


def timed(model: Model, seconds: float) -> Model:
    """The model, whose passes end once they took so long."""
    until = time.monotonic() + seconds

    def tell(_forward: int, _backward: int) -> None:
        if time.monotonic() > until:
            said = "in Python: seewhy.metrics.deletion; or ask for fewer steps"
            raise Refusal("too_long", f"curves of this network take more than {seconds:g} seconds", said, 422)

    return replace(model, meter=Meter(tell=tell))


def _as_data(curve: Curve) -> dict[str, Any]:
    found = {"shares": curve.shares.tolist(), "values": curve.values[0].tolist(), "area": float(curve.area[0])}
    if not len(curve.random):
        return found
    return found | {"random": curve.random_values[0].tolist(), "random_area": float(curve.random_area[0])}


def _digits(given: str) -> int:
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise BadOption(f"{given[:20]!r} is no whole number", "give steps=20, random=3")
    return int(given)
