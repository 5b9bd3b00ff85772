"""Where concepts lie, as tiles: a map over its picture, small enough to draw."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.geometry import Geometry
from seewhy.render.overlay import Picture, gray, overlay
from seewhy.render.scene import fitted, smaller
from seewhy.types import Photo

LONGEST = 320  # pixels of a tile's longer side
DIM = 0.55  # of a picture where a map says nothing


def placed(photo: Photo, maps: NDArray[Any]) -> tuple[Picture, NDArray[np.float32]]:
    """The picture (h,w,3) and maps (...,r,q) on its pixels (...,h,w), NaN where the network did not look."""
    picture = smaller(photo.pixels, LONGEST)
    geometry: Geometry = fitted(photo.geometry, *picture.shape[:2])
    return picture, geometry.place(np.asarray(maps, np.float32))


def tile(photo: Photo, one: NDArray[np.float32], top: float) -> Picture:
    """A map (r,q) over its picture; top: what is drawn strongest."""
    picture, heat = placed(photo, one)
    return overlay(picture, np.clip(heat / (top or 1.0), 0, 1), "inferno", "positive")


def coloured(photo: Photo, maps: NDArray[np.float32], colours: NDArray[np.float32]) -> Picture:
    """Each pixel in the colour (k,3) of the strongest of maps (k,r,q), the stronger the brighter, over grey."""
    picture, heat = placed(photo, maps)
    strength = np.nan_to_num(heat)
    first = strength.argmax(0)
    share = np.clip(strength.max(0) / max(float(strength.max()), 1e-12), 0, 1)[..., None]
    ground = DIM * gray(picture).astype(np.float32)
    shown = ground + 0.75 * share * (255 * colours[first] - ground)
    return np.where(np.isnan(heat[0])[..., None], picture, np.rint(np.clip(shown, 0, 255))).astype(np.uint8)
