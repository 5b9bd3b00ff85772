"""One photo and its map on the same pixels, small enough to draw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.types import Explanation

Picture = NDArray[np.uint8]
LONGEST = 800  # of a drawn photo's longer side: what a panel can show, and few enough to sort


@dataclass(frozen=True, eq=False)
class Scene:
    """photo (h,w,3) uint8; heat (h,w) raw values, NaN where unseen; frame: left, top, right, bottom of the seen."""

    photo: Picture
    heat: NDArray[np.float32]
    frame: tuple[float, float, float, float] | None


def scene(explanation: Explanation) -> Scene:
    """What to draw of an explanation of one image."""
    return scenes([explanation])[0]


def scenes(explanations: Sequence[Explanation]) -> list[Scene]:
    """What to draw of each explanation of one image; a photo they share is made smaller once."""
    photos: dict[int, Picture] = {}
    for one in explanations:
        pixels = only(one).photos[0].pixels
        if id(pixels) not in photos:
            photos[id(pixels)] = smaller(pixels)
    return [_placed(one, photos[id(one.photos[0].pixels)]) for one in explanations]


def only(explanation: Explanation) -> Explanation:
    """The explanation itself, if it is of one image."""
    if len(explanation) != 1:
        raise BadInput(f"a figure of {len(explanation)} images", "draw them one by one: for one in explanation")
    return explanation


def smaller(pixels: Picture, longest: int = LONGEST) -> Picture:
    """The photo (H,W,3) with its longer side at most `longest`; one that fits already is returned as it is."""
    height, width = pixels.shape[:2]
    shrink = longest / max(height, width)
    if shrink >= 1:
        return pixels
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


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


def fitted(geometry: Geometry, height: int, width: int) -> Geometry:
    """How the network's input lies on the picture drawn with other numbers of pixels."""
    (tall, wide), (down, across) = geometry.original, geometry.scale
    return replace(geometry, original=(height, width), scale=(down * (tall / height), across * (wide / width)))


def _placed(explanation: Explanation, pixels: Picture) -> Scene:
    geometry = fitted(explanation.photos[0].geometry, *pixels.shape[:2])
    drawn = replace(explanation, photos=(replace(explanation.photos[0], pixels=pixels, geometry=geometry),))
    return Scene(pixels, drawn.heatmap()[0], frame(geometry))
