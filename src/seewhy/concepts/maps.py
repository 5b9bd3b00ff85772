"""Pictures of one size and what a layer makes of them, as maps of no negative numbers."""

from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import BadInput, ModelFailed, Unsupported
from seewhy.images import expand, load_all
from seewhy.model import Model
from seewhy.types import Photo, Pixels


def readable(model: Model, what: str) -> None:
    """Raises Unsupported for what can't be looked into."""
    if model.opaque:
        raise Unsupported(f"{what} of {model.name}: {model.opaque.why}", "name a network in PyTorch")


def together(model: Model, images: Any) -> tuple[Pixels, tuple[Photo, ...]]:
    """Pixels (b,c,h,w) of pictures or of those in a folder, and these. Raises BadInput where they have different sizes
    for the network."""
    folder = isinstance(images, str | PathLike) and Path(images).is_dir()
    batches = load_all(list(expand([images])) if folder else images, model.preprocess)
    if len({one.pixels.shape[2:] for one in batches}) > 1:
        raise BadInput("the pictures have different sizes", "give the model a size: --size 224")
    x = model.checked(torch.cat([one.pixels for one in batches]))
    return x, tuple(photo for one in batches for photo in one.photos)


def read(model: Model, x: Pixels, layer: str) -> Tensor:
    """What a layer returns for pixels, as maps (b,d,r,q), in double precision. Raises Unsupported, ModelFailed."""
    (found,) = model.read(x, [layer])
    layout = model.layout(x, layer)
    maps = layout.maps(found) if layout else found
    if maps.ndim != 4:
        shape = tuple(found.shape[1:])
        raise Unsupported(f"layer {layer!r} returns {shape} an image, no maps", "name a layer of maps (d,r,q)")
    if not torch.isfinite(maps).all():
        raise ModelFailed(f"layer {layer!r} returns NaN or infinity", "check the model's weights and its precision")
    return maps.double()


def above(values: Tensor, layer: str, count: int) -> tuple[Tensor, Tensor]:
    """Values (n,d) of no negative numbers, and what was taken from each channel to make them so: zeros, mostly.

    Raises BadInput where that leaves nothing to factorize into `count` parts.
    """
    floor = values.amin(0).clamp_max(0)
    found = values - floor
    if not found.any():
        raise BadInput(f"layer {layer!r} returns nothing but zeros for these pictures", "name another layer")
    if count > min(found.shape):
        raise BadInput(f"{count} factors of {len(found)} vectors of {found.shape[1]} numbers", "ask for fewer")
    return found, floor


def negative(layer: str) -> str:
    return f"{layer} returns negative numbers: each channel was factorized less its minimum"
