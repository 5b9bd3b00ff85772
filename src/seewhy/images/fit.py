"""From the picture to the network's input, as torchvision's and timm's evaluation transforms do it, bit for bit."""

import numpy as np
import torch
from PIL import Image

from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.types import Pixels, Preprocess

Size = tuple[int, int]


def fit(rgb: Image.Image, preprocess: Preprocess, what: str, max_pixels: int) -> tuple[Pixels, Geometry]:
    """Pixels (1,c,h,w), float32 in [0,1], and where they lie on the picture: resized, then cropped or padded black.

    Raises BadInput where a photo has not the network's channels or a very long one would not fit in memory.
    """
    original = (rgb.height, rgb.width)
    resized = _resized(original, preprocess)
    if resized[0] * resized[1] > max_pixels:
        raise BadInput(
            f"{what} is {rgb.width}x{rgb.height}: resizing takes it to {resized[1]}x{resized[0]} pixels",
            "crop it to what matters first",
        )
    size = preprocess.size or resized
    top, left = (_start(length, cut) for length, cut in zip(resized, size, strict=True))
    image = rgb.convert(_mode(preprocess, what)).resize(
        resized[::-1], Image.Resampling[preprocess.interpolation.upper()]
    )
    image = image.crop((left, top, left + size[1], top + size[0]))
    scale = (resized[0] / original[0], resized[1] / original[1])
    return _pixels(image), Geometry(original, size, scale, (-top, -left))


def _resized(original: Size, preprocess: Preprocess) -> Size:
    """The size before the centre crop."""
    if preprocess.size is None:
        return original
    goal = preprocess.resize or preprocess.size
    box = (goal, goal) if isinstance(goal, int) else goal
    if preprocess.mode == "squash":
        return box
    ratios = [length / wanted for length, wanted in zip(original, box, strict=True)]
    if preprocess.mode == "pad":
        return _scaled(original, max(ratios))
    # The two libraries round differently: torchvision's Resize for one length, timm's ResizeKeepRatio for a pair.
    return _shorter_side(original, box[0]) if box[0] == box[1] else _scaled(original, min(ratios))


def _shorter_side(original: Size, length: int) -> Size:
    longer = length * max(original) // min(original)
    return (length, longer) if original[0] <= original[1] else (longer, length)


def _scaled(original: Size, ratio: float) -> Size:
    return max(1, round(original[0] / ratio)), max(1, round(original[1] / ratio))


def _start(length: int, cut: int) -> int:
    """Where a centred cut begins; negative where it is padded."""
    return round((length - cut) / 2) if length >= cut else -((cut - length) // 2)


def _mode(preprocess: Preprocess, what: str) -> str:
    channels = len(preprocess.mean)
    if channels not in (1, 3):
        raise BadInput(f"the network takes {channels} channels and {what} has 3", "pass a float tensor (b,c,h,w)")
    return "L" if channels == 1 else "RGB"


def _pixels(image: Image.Image) -> Pixels:
    array = np.array(image)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return torch.from_numpy(array)[None].contiguous().to(torch.float32).div(255)
