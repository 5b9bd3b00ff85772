"""Squares cut from pictures and made as large as these: the parts in which concepts are looked for."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from seewhy.types import Pixels

STRIDE = 0.8  # of a crop's side, from one to the next


class Crops(NamedTuple):
    """pixels (n,c,h,w); image (n,): which picture each is from; boxes (n,4): its top, left, bottom and right there."""

    pixels: Pixels
    image: Tensor
    boxes: Tensor


def boxes(size: tuple[int, int], side: int) -> list[tuple[int, int, int, int]]:
    """Top, left, bottom, right of squares that cover a picture, the last ones at its border."""
    tops, lefts = (_starts(length, side) for length in size)
    return [(top, left, top + side, left + side) for top in tops for left in lefts]


def crops(x: Pixels, side: int) -> Crops:
    """All squares of `side` pixels of pictures (b,c,h,w), resized to theirs."""
    size = (x.shape[2], x.shape[3])
    places = boxes(size, side)
    cut = [
        interpolate(x[:, :, top:bottom, left:right], size, mode="bilinear", align_corners=False)
        for top, left, bottom, right in places
    ]
    image = torch.arange(len(x)).repeat_interleave(len(places))
    return Crops(torch.stack(cut, 1).flatten(0, 1), image, torch.tensor(places).repeat(len(x), 1))


def _starts(length: int, side: int) -> list[int]:
    step = max(1, round(STRIDE * side))
    return sorted({*range(0, length - side + 1, step), length - side})
