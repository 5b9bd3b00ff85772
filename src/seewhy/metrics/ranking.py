"""Which pixels of the network's input a map calls hottest.

The input is what is ranked, not the photo: the network sees nothing else, a pixel is hidden or it is not, and no
resizing mixes the two. Pixels of the photo that a centre crop left out would lengthen every curve by a flat end; the
border that fills an input up beside a photo is no part of it, and is never hidden.
"""

import numpy as np
from numpy.typing import NDArray

from seewhy.geometry import Geometry
from seewhy.types import Explanation

Ranks = NDArray[np.int64]
Heat = NDArray[np.float32]


def hottest(explanation: Explanation, image: int = 0, seed: int = 0, chance: int = 0) -> Ranks:
    """Of each pixel of one image's input (h,w), how many go before it: 0 is the hottest, h*w lies beside the photo.

    Absolute values are ranked where the method's paper shows these; else evidence against the class goes last.
    chance: 0 for the map itself, from 1 on for the map moved by chance, each time otherwise.
    """
    map_ = explanation.reduced()[image]
    map_ = np.abs(map_) if explanation.sign == "absolute" else map_
    draws = np.random.default_rng([seed, chance])
    return ranked(moved(map_, draws) if chance else map_, explanation.photos[image].geometry, draws)


def ranked(map_: Heat, geometry: Geometry, draws: np.random.Generator) -> Ranks:
    """Of each pixel of the input (h,w), how many go before it, by falling value of a map (r,q); h*w, which none
    reaches, for those beside the photo.

    Cells are joined bilinearly between their centres, as maps are drawn. Pixels of exactly the same value, as of a map
    that is flat in places, go in an order that is drawn: in rows, from the top, they would favour the sky. NaN goes
    last.
    """
    heat = Geometry.identity(*geometry.input).place(map_)
    chance = draws.permutation(heat.size)
    beside = ~geometry.on_picture().ravel()
    unseen = np.isnan(heat).ravel()
    order = np.lexsort((chance, -np.nan_to_num(heat.ravel()), unseen, beside))  # of several keys the last is the first
    ranks = np.empty(heat.size, np.int64)
    ranks[order] = np.arange(heat.size)
    ranks[beside] = heat.size
    return ranks.reshape(heat.shape)


def moved(map_: Heat, draws: np.random.Generator) -> Heat:
    """The map (r,q), mirrored or not and shifted around the edges by chance: as coarse, as smooth, elsewhere."""
    for axis in (0, 1):
        found = np.flip(map_, axis) if draws.random() < 0.5 else map_
        map_ = np.roll(found, int(draws.integers(map_.shape[axis])), axis)
    return map_


def visible(ranks: Ranks, count: int, *, keep: bool) -> Heat:
    """A mask (h,w) of the input, 1 where it is visible: the `count` hottest pixels, or (keep=False) all but these.

    What lies beside the photo stays.
    """
    return np.asarray(((ranks < count) == keep) | (ranks == ranks.size), np.float32)


def counted(share: float, geometry: Geometry) -> int:
    """How many pixels are a share of those that show the photo."""
    return round(share * int(geometry.on_picture().sum()))
