"""The layers of a network that a class activation map can read, few enough for a slider."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from seewhy.model import Model
from seewhy.model.census import Layer
from seewhy.web.twins import Twins

MOST = 40  # layers
IDLE = ("Identity", "Dropout", "DropPath")  # kinds that hand on what they get


class Layers:
    """find: from what a client calls a model to the model."""

    def __init__(self, find: Callable[[Any], Model], twins: Twins) -> None:
        self._find, self._twins = find, twins

    def routes(self) -> list[Route]:
        return [Route("/api/models/{model:path}/layers", self.layers, methods=["GET"])]

    async def layers(self, request: Request) -> Response:
        model = self._find(request.path_params["model"])
        return JSONResponse({"layers": await anyio.to_thread.run_sync(lambda: listed(self._twins(model)))})


def listed(model: Model) -> list[dict[str, Any]]:
    """In the order in which they end, for an input of the model's own size. None of a model without maps.

    Those with a grid that lies on the picture. Whole levels of names, the outermost first ("layer1", then "layer1.0"),
    as many as keep within MOST: the ends of stages, then their blocks, before single convolutions. Of the outermost,
    where these are too many by themselves, some. The default layer is always there.
    """
    if model.opaque:
        return []
    census = model.census()
    readable = [one for one in census.layers if one.grid and one.read and not one.disproved and one.share is not None]
    chosen = {one.name for one in few(distinct(readable, census.maps), census.maps)}
    return [_as_data(one, one.name == census.maps) for one in readable if one.name in chosen]


def distinct(layers: Sequence[Layer], default: str | None) -> list[Layer]:
    """Without those that hand on what they get, and without those after which the one around them ends, in maps of the
    same shape: a stage stands for its last block."""
    layers = [one for one in layers if one.name == default or not one.kind.startswith(IDLE)]
    last: dict[str, str] = {}
    for before, after in pairwise(layers):
        if before.name.startswith(f"{after.name}.") and before.shape == after.shape:
            last[before.name] = after.name
    return [one for one in layers if one.name not in last or one.name == default]


def few(layers: Sequence[Layer], default: str | None) -> list[Layer]:
    """At most MOST, level by level of their names."""
    found: list[Layer] = [one for one in layers if one.name == default]
    for depth in sorted({one.name.count(".") for one in layers}):
        level = [one for one in layers if one.name.count(".") == depth and one not in found]
        if len(found) + len(level) > MOST:
            break
        found += level
    else:
        return found
    if len(found) > 1:
        return found
    step = -(-len(level) // (MOST - 1))
    return found + level[::-1][::step]


def _as_data(one: Layer, default: bool) -> dict[str, Any]:
    assert one.layout is not None and one.grid is not None
    rows, columns = one.grid
    channels = one.shape[0] if one.layout.axes == "first" else one.shape[-1]
    return {"name": one.name, "rows": rows, "columns": columns, "channels": channels, "default": default}
