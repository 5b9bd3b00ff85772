"""A model's first steps, taken before anyone waits for them."""

from contextlib import suppress

import numpy as np

from seewhy.api import predict
from seewhy.errors import SeewhyError
from seewhy.model import Model
from seewhy.registry import list_methods

SIDE = 256  # pixels of a picture for a network that takes any


def warm(model: Model) -> None:
    """What is found out of a model once: its fingerprint, what it offers, and how its forward is made quick."""
    height, width = model.preprocess.size or (SIDE, SIDE)
    _ = model.fingerprint
    with suppress(SeewhyError):  # whoever asks is told
        list_methods(model)
        predict(model, np.zeros((height, width, 3), np.uint8), 1)
