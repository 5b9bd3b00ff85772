"""The routes of what does not wait for the work: edits, curves, layers, pages of the inside."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
from starlette.routing import Route

from seewhy.model import Model
from seewhy.web.editing import Editing
from seewhy.web.following import Following
from seewhy.web.inside import Inside
from seewhy.web.layers import Layers
from seewhy.web.limits import Limits
from seewhy.web.photos import Photos
from seewhy.web.results import Results
from seewhy.web.shelf import Shelf
from seewhy.web.twins import Twins

Find = Callable[[Any], Model]


def routes(
    photos: Photos, results: Results, models: Shelf, find: Find, twins: Twins, limits: Limits,
    limiter: anyio.CapacityLimiter, folder: Path,
) -> list[Route]:  # fmt: skip
    """find: from what a client calls a model to the model. limiter: edits wait there for predictions and each other.
    folder: where curves are kept."""
    parts = (
        Editing(photos, results, find, twins, limits, limiter),
        Following(results, models, twins, folder),
        Layers(find, twins),
        Inside(photos, find, twins),
    )
    return [route for part in parts for route in part.routes()]
