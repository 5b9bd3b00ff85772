"""Heat over photos, as arrays. RGB in, RGB out; what the network did not see is left alone."""

import numpy as np
from numpy.typing import NDArray

from seewhy.render.colors import paint
from seewhy.types import Sign

Picture = NDArray[np.uint8]  # (h,w,3)
Array = NDArray[np.float32]
PALE = 0.4  # of the grey photo under a signed map: its colours must not pass for evidence


def overlay(photo: Picture, normed: Array, name: str, sign: Sign, alpha: float = 0.8, fade: bool = True) -> Picture:
    """A map over its photo (h,w,3).

    normed: (h,w), from `normalize`. fade: the weaker the value, the more of the photo shows (`alpha` is reached by
    the strongest); otherwise `alpha` everywhere. The photo is never brightened: where the share is 0 it is unchanged.
    """
    share = (np.abs(normed) if fade else np.ones_like(normed)) * alpha
    share = np.where(np.isnan(normed), 0, share)[..., None]
    return np.rint(photo * (1 - share) + paint(normed, name, sign) * share).astype(np.uint8)


def ground(photo: Picture, seen: NDArray[np.bool_], sign: Sign) -> Picture:
    """What a map is laid on (h,w,3): the photo; for both signs, whose 0 is white, a pale grey one where seen."""
    pale = 255 - PALE * (255.0 - gray(photo))
    return np.where((seen & (sign == "all"))[..., None], np.rint(pale), photo).astype(np.uint8)


def heat(photo: Picture, normed: Array, name: str, sign: Sign, paper: int = 255, kept: float = 0.25) -> Picture:
    """The map alone (h,w,3); what was not seen is the photo, faded towards the paper."""
    faded = photo * kept + paper * (1 - kept)
    return np.where(np.isnan(normed)[..., None], np.rint(faded), paint(normed, name, sign)).astype(np.uint8)


def gray(photo: Picture) -> Picture:
    """The photo without its colours (h,w,3): the mean of the channels."""
    return np.repeat(np.rint(photo.mean(2, keepdims=True)), 3, 2).astype(np.uint8)
