"""One photo and its map on the same pixels, small enough to draw."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.types import Explanation, Photo


@dataclass(frozen=True, eq=False)
class Scene:
    """photo (h,w,3) uint8; heat (h,w) raw values, NaN where unseen; frame: left, top, right, bottom of the seen."""

    photo: NDArray[np.uint8]
    heat: NDArray[np.float32]
    frame: tuple[float, float, float, float] | None


def scene(explanation: Explanation, longest: int = 1200) -> Scene:
    """What to draw of an explanation of one image; photos whose longer side exceeds `longest` are drawn smaller."""
    one = replace(only(explanation), photos=(smaller(explanation.photos[0], longest),))
    return Scene(one.photos[0].pixels, one.heatmap()[0], frame(one.photos[0].geometry))


def only(explanation: Explanation) -> Explanation:
    """The explanation itself, if it is of one image."""
    if len(explanation) != 1:
        raise BadInput(f"a figure of {len(explanation)} images", "draw them one by one: for one in explanation")
    return explanation


def smaller(photo: Photo, longest: int) -> Photo:
    """The photo with its longer side at most `longest`, and the geometry that still leads to the network's input."""
    height, width = photo.pixels.shape[:2]
    shrink = min(1.0, longest / max(height, width))
    if shrink == 1.0:
        return photo
    h, w = max(1, round(height * shrink)), max(1, round(width * shrink))
    pixels = np.asarray(Image.fromarray(photo.pixels).resize((w, h), Image.Resampling.LANCZOS))
    old = photo.geometry
    scale = (old.scale[0] * height / h, old.scale[1] * width / w)
    return replace(photo, pixels=pixels, geometry=Geometry((h, w), old.input, scale, old.offset))


def frame(geometry: Geometry) -> tuple[float, float, float, float] | None:
    """Left, top, right, bottom of the part of the picture the network saw; None where it saw all of it."""
    edges = []
    for axis in (0, 1):
        start = -geometry.offset[axis] / geometry.scale[axis]
        end = start + geometry.input[axis] / geometry.scale[axis]
        edges.append((max(0.0, start), min(float(geometry.original[axis]), end)))
    (top, bottom), (left, right) = edges
    whole = top < 0.5 and left < 0.5 and bottom > geometry.original[0] - 0.5 and right > geometry.original[1] - 0.5
    return None if whole else (left, top, right, bottom)
