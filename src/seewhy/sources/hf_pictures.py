"""What an image processor of transformers does, as a Preprocess: found by trying, since each has rules of its own."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from seewhy.images.fit import fit
from seewhy.types import Preprocess

Size = tuple[int, int]
CLOSE = 0.0005  # mean difference of pixels in [0,1]: rounding to bytes makes 0.0002, another interpolation 0.0007


def preprocess(processor: Any) -> Preprocess | None:
    """None where none of the ways known here gives the processor's own pictures."""
    try:
        size, (mean, std) = _size(processor), _normalisation(processor)
    except Exception:  # one that takes no lone picture, or returns no pixels
        return None
    if size is None or not getattr(processor, "size", None):
        return None
    mode: Any = Image.Resampling(int(getattr(processor, "resample", None) or 2)).name.lower()
    photos = [_photo(200, 301), _photo(301, 200)]
    wanted = [torch.tensor(_run(processor, one)) for one in photos]
    distances = {}
    for way in _ways(processor, size):
        one = Preprocess(mean, std, size, *way, interpolation=mode)
        distances[one] = max(_distance(one, photo, seen) for photo, seen in zip(photos, wanted, strict=True))
    best = min(distances, key=lambda one: distances[one])
    return best if distances[best] < CLOSE else None


def _run(processor: Any, photo: NDArray[np.uint8]) -> NDArray[np.float32]:
    made = processor(images=Image.fromarray(photo), return_tensors="np")["pixel_values"]
    return np.asarray(made, np.float32).reshape(made.shape[-3:])


def _size(processor: Any) -> Size | None:
    """(h,w) of its pictures, where that is the same for all."""
    shapes = {_run(processor, _photo(*shape)).shape[1:] for shape in ((200, 301), (301, 200), (250, 250))}
    return shapes.pop() if len(shapes) == 1 else None


def _normalisation(processor: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """mean and std for pixels in [0,1], by what becomes of black and of white."""
    black, white = (_run(processor, np.full((256, 256, 3), value, np.uint8)).astype(np.float64) for value in (0, 255))
    low, high = black.mean((1, 2)), white.mean((1, 2))
    std = 1 / (high - low)
    return tuple((-low * std).round(6).tolist()), tuple(std.round(6).tolist())


def _ways(processor: Any, size: Size) -> Iterator[tuple[int | Size | None, Literal["crop", "squash", "pad"]]]:
    """What may be done to the size before the middle is cut out: (resize, mode)."""
    sides = [processor.size[key] for key in ("shortest_edge", "height", "width") if key in processor.size]
    shares = [getattr(processor, "crop_pct", None) or 1, 224 / 256]
    scaled = dict.fromkeys(int(side / share) for side, share in product([*sides, *size], [1, *shares]))
    yield None, "squash"
    yield from ((side, "crop") for side in scaled)
    yield from (((side, side), "squash") for side in scaled)


def _distance(one: Preprocess, photo: NDArray[np.uint8], wanted: torch.Tensor) -> float:
    pixels, _ = fit(Image.fromarray(photo), one, "a photo", 10**8)
    std, mean = (torch.tensor(value)[:, None, None] for value in (one.std, one.mean))
    return float((pixels[0] - (wanted * std + mean)).abs().mean())


def _photo(height: int, width: int) -> NDArray[np.uint8]:
    """Waves of many lengths: whatever is resized, cut or blurred otherwise shows."""
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / 17 + columns / 41), np.sin(rows / 7 - columns / 23), np.sin(rows * columns / 900)]
    return np.rint(127.5 + 127 * np.stack(waves, -1)).astype(np.uint8)
