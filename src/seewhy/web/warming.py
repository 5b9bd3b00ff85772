"""A model's first steps, taken before anyone waits for them."""

from contextlib import suppress

import numpy as np

from seewhy.api import predict
from seewhy.errors import SeewhyError
from seewhy.model import Model
from seewhy.registry import list_methods
from seewhy.texts import TextModel

SIDE = 256  # pixels of a picture for a network that takes any


def warm(model: Model, twin: Model) -> None:
    """What whoever opens a page waits for: what a model offers, and the first look of the twin that looks."""
    with suppress(SeewhyError):  # whoever asks is told
        list_methods(model)
    look(twin)


def look(model: Model) -> None:
    """How its forward is made quick, found out once."""
    height, width = model.preprocess.size or (SIDE, SIDE)
    with suppress(SeewhyError):
        some = ["a"] if isinstance(model, TextModel) else None
        predict(model, np.zeros((height, width, 3), np.uint8), 1, texts=some)
