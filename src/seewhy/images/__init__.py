"""From anything a user calls a photo to Pixels, and the Photo that maps are drawn on."""

from seewhy.images.batch import Batch, as_given, load, load_all, rows_of
from seewhy.images.decode import MAX_PIXELS
from seewhy.images.files import expand
from seewhy.images.labels import on_input, read_labels
from seewhy.images.stream import Decoded, decoded, one_decoded, thumbnail

__all__ = [
    "MAX_PIXELS",
    "Batch",
    "Decoded",
    "as_given",
    "decoded",
    "expand",
    "load",
    "load_all",
    "on_input",
    "one_decoded",
    "read_labels",
    "rows_of",
    "thumbnail",
]
