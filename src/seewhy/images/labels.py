"""A file of labels, a whole number for each pixel: a picture without loss, or an array."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from seewhy.errors import BadInput, BadOption
from seewhy.geometry import Geometry, Labels
from seewhy.images.decode import MAX_PIXELS, decoding

LOSSLESS = ("BMP", "GIF", "PNG", "PPM", "TIFF")
HINT = "give a PNG or TIFF of one channel, or an .npy of whole numbers (h,w)"


def read_labels(path: str, *, max_pixels: int = MAX_PIXELS) -> Labels:
    """The labels (h,w) in a file. Colours of a palette are labels by their numbers.

    Raises BadInput where there are none: colours, a format with losses, fractions.
    """
    if not Path(path).is_file():
        raise BadInput(f"no such file: {path}", "check the spelling and the folder")
    with decoding(path):
        labels = _of_array(path, max_pixels) if path.lower().endswith(".npy") else _of_picture(path, max_pixels)
    if labels.ndim != 2 or labels.dtype.kind not in "biuf" or not np.array_equal(labels, np.trunc(labels)):
        raise BadInput(f"{path} holds {labels.dtype} of shape {labels.shape}, no labels", HINT)
    return labels.astype(np.int64)


def on_input(labels: Labels, geometry: Geometry) -> Labels:
    """Labels of a whole photo on the network's input; of the input itself as they are. Raises BadOption for others."""
    if labels.shape == geometry.original:
        return geometry.taken(labels)
    if labels.shape == geometry.input:
        return labels
    sizes = labels.shape, geometry.original, geometry.input
    own, photo, taken = (f"{height} x {width}" for height, width in sizes)
    raise BadOption(f"labels {own} for a photo {photo} and an input {taken}", "give each pixel of either a label")


def _of_array(path: str, max_pixels: int) -> NDArray[Any]:
    labels: NDArray[Any] = np.load(path, allow_pickle=False, mmap_mode="r")
    _check_size(labels.size, path, max_pixels)
    return np.array(labels)


def _of_picture(path: str, max_pixels: int) -> NDArray[Any]:
    with Image.open(path, formats=LOSSLESS) as image:
        _check_size(image.width * image.height, path, max_pixels)
        if len(image.getbands()) > 1:
            raise BadInput(f"{path} is a picture in colours ({image.mode}), not of labels", HINT)
        return np.asarray(ImageOps.exif_transpose(image))


def _check_size(pixels: int, path: str, most: int) -> None:
    if pixels > most:
        raise BadInput(f"{path} is over the limit of {most:,} pixels", "scale it down first")
