"""An edit of a photo as a client asks for it: the hottest part of a map, or what was brushed, hidden or kept alone."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.asked import number, one_of, whole
from seewhy.errors import BadOption
from seewhy.geometry import Geometry
from seewhy.metrics.hiding import FILLS
from seewhy.metrics.ranking import Ranks, counted, visible
from seewhy.model import Model

SIDE = 512  # cells of a brushed mask
BODY = 4 * -(-SIDE * SIDE // 3) + 4096  # bytes of a request with the largest mask
MOST = 64  # classes that are asked for by number
KNOWN = {
    "hottest": {"kind", "key", "share", "keep", "fill"},
    "brush": {"kind", "rows", "columns", "mask", "keep", "fill"},
}

Mask = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Hottest:
    """A share of the photo's pixels that the network sees, by the map of a result."""

    key: str
    share: float
    keep: bool
    fill: str

    def mask(self, geometry: Geometry, ranks: Callable[[str], Ranks]) -> Mask:
        """(h,w) of the input, 1 where it is visible. ranks: of a result's key."""
        return visible(ranks(self.key), counted(self.share, geometry), keep=self.keep)


@dataclass(frozen=True, eq=False)
class Brush:
    """Cells (r,q) of True and False that span the photo."""

    cells: NDArray[np.bool_]
    keep: bool
    fill: str

    def mask(self, geometry: Geometry, ranks: Callable[[str], Ranks]) -> Mask:
        """(h,w) of the input, 1 where it is visible. Each pixel takes the cell that its centre lies in."""
        brushed = geometry.resized(*self.cells.shape).taken(self.cells.astype(np.int64)) == 1
        return np.asarray((brushed == self.keep) | ~geometry.on_picture(), np.float32)


def edit(given: Any) -> Hottest | Brush:
    """Raises BadOption for what is none."""
    if not isinstance(given, Mapping):
        raise BadOption("an edit that is no object", 'give {"kind": "hottest" or "brush", ...}')
    kind = one_of(given.get("kind"), "kind", tuple(KNOWN))
    if unknown := sorted(set(given) - KNOWN[kind]):
        raise BadOption(f"an edit with {unknown[0]!r}", f"it has {', '.join(sorted(KNOWN[kind]))}")
    fill, keep = one_of(given.get("fill", "blur"), "fill", FILLS), given.get("keep", False)
    if not isinstance(keep, bool):
        raise BadOption(f"keep is {str(keep)[:20]!r}", "true or false")
    if kind == "brush":
        return Brush(_cells(given), keep, fill)
    key = given.get("key")
    if not isinstance(key, str):
        raise BadOption("key is no text", "give that of a result")
    return Hottest(key, number(given.get("share"), "share", 0, 1), keep, fill)


def _cells(given: Mapping[str, Any]) -> NDArray[np.bool_]:
    rows, columns = (whole(given.get(name), name, 1, SIDE) for name in ("rows", "columns"))
    mask, hint = given.get("mask"), "give base64 of a byte a cell, 0 or 1, row by row"
    try:
        found = np.frombuffer(b64decode(mask if isinstance(mask, str) else "-", validate=True), np.uint8)
    except ValueError:
        raise BadOption("mask is no base64", hint) from None
    if len(found) != rows * columns or found.max() > 1:
        raise BadOption(f"a mask of {len(found)} bytes for {rows} x {columns} cells of 0 or 1", hint)
    return found.reshape(rows, columns).astype(bool)


def classes(given: Any, count: int) -> list[int]:
    """Numbers of classes. Raises BadOption for one that is not there."""
    if not isinstance(given, list) or len(given) > MOST:
        raise BadOption("classes is no list, or too long a one", f"give at most {MOST} numbers")
    return [whole(one, "a class", 0, count - 1) for one in given]


def fills(model: Model) -> list[str]:
    """What hidden pixels of its input can be replaced by."""
    painted = find_spec("cv2") is not None and len(model.mean) in (1, 3)
    return [one for one in FILLS if one != "inpaint" or painted]
