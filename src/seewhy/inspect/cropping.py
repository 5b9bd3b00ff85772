"""Crops of the original pictures: what a cell sees of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.geometry import Geometry
from seewhy.images import load, thumbnail
from seewhy.results.examples import Box, Crop, Example, Examples
from seewhy.results.receptive import Receptive
from seewhy.types import Preprocess

Known = Mapping[tuple[int, ...], tuple[Receptive | None, tuple[int, int]]]  # by input size: the field, and cells (r,q)
SIDE, THUMB = 160, 256  # pixels of a crop's and of a photo's longer side


def cropped(
    found: Examples, images: Sequence[Any], geometries: Sequence[Geometry], preprocess: Preprocess, known: Known
) -> Examples:
    """The same with crops of the channels shown: each photo in them is decoded once more, and let go of."""
    wanted: dict[int, list[tuple[int, int, Example]]] = {}
    for channel in found.shown:
        for place, one in enumerate(found[channel]):
            wanted.setdefault(one.photo, []).append((channel, place, one))
    crops: dict[int, dict[int, Crop]] = {channel: {} for channel in found.shown}
    thumbs: dict[int, bytes] = {}
    for number, listed in wanted.items():
        _, photo = load(images[number], preprocess)
        thumbs[number] = thumbnail(Image.fromarray(photo.pixels), THUMB)
        field, cells = known[geometries[number].input]
        for channel, place, one in listed:
            crops[channel][place] = crop(photo.pixels, geometries[number], field, cells, one.cell)
    ordered = {channel: tuple(one[place] for place in sorted(one)) for channel, one in crops.items()}
    return replace(found, crops=ordered, thumbs=thumbs)


def crop(
    pixels: NDArray[np.uint8],
    geometry: Geometry,
    field: Receptive | None,
    cells: tuple[int, int],
    cell: tuple[int, int],
) -> Crop:
    """What a cell of (r,q) sees of a picture (H,W,3), and which part of that it stands for."""
    seen = (field or _all(geometry)).box(cell if field else (0, 0), geometry)
    top, left, bottom, right = seen
    part = Image.fromarray(pixels[top:bottom, left:right])
    part.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return Crop(np.asarray(part), seen, own(geometry, cells, cell), (pixels.shape[0], pixels.shape[1]))


def own(geometry: Geometry, cells: tuple[int, int], cell: tuple[int, int]) -> Box:
    """The part of the picture that lies where the cell lies on the network's input."""
    sides = [geometry.input[axis] / cells[axis] for axis in (0, 1)]
    low = [cell[axis] * sides[axis] for axis in (0, 1)]
    ends = []
    for axis in (0, 1):
        first, last = (
            (at - geometry.offset[axis]) / geometry.scale[axis] for at in (low[axis], low[axis] + sides[axis])
        )
        start = min(max(round(first), 0), geometry.original[axis] - 1)
        ends.append((start, min(max(round(last), start + 1), geometry.original[axis])))
    return ends[0][0], ends[1][0], ends[0][1], ends[1][1]


def _all(geometry: Geometry) -> Receptive:
    return Receptive(geometry.input, (0, 0), (0, 0))
