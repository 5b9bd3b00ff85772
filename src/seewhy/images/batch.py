"""Photos in, Pixels out: whatever the user passes becomes batches that go through the network as one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.images.decode import MAX_PIXELS, decode
from seewhy.images.fit import fit
from seewhy.types import Photo, Pixels, Preprocess


@dataclass(frozen=True, eq=False)
class Batch:
    """Images of one size, before and after preprocessing: what one Explanation holds.

    pixels (b,c,h,w); photos: one an image.
    """

    pixels: Pixels
    photos: tuple[Photo, ...]


def load(image: Any, preprocess: Preprocess, *, name: str = "", max_pixels: int = MAX_PIXELS) -> tuple[Pixels, Photo]:
    """One image: Pixels (1,c,h,w) in [0,1], and the picture they were cut from.

    image: path, bytes, PIL image, uint8 array HxWx3, HxW or HxWx4, or a float tensor (c,h,w) or (1,c,h,w) in [0,1],
    which is taken as it is: not resized, its device kept, its precision too (halves become float32). A float array
    is refused. name: how the photo is called; else its file's name, else "image". Raises BadInput.
    """
    name = name or (PurePath(image).stem if _is_path(image) else "image")
    if isinstance(image, Tensor):
        rows = _checked(image, preprocess, name)
        if len(rows) != 1:
            raise BadInput(f"{name} is a batch of {len(rows)} images, one was expected", "pass one image")
        return rows, _photo_of(rows[0], name)
    what = str(image) or "''" if _is_path(image) else name
    rgb, digest = decode(image, what, max_pixels)
    pixels, geometry = fit(rgb, preprocess, what, max_pixels)
    return pixels, Photo(np.asarray(rgb), geometry, name, digest)


def load_all(images: Any, preprocess: Preprocess, *, max_pixels: int = MAX_PIXELS) -> list[Batch]:
    """All images, in order: one Batch where they share one size, else a Batch an image.

    images: whatever `load` takes, a list or tuple of these, a uint8 array (b,H,W,3), a float tensor (b,c,h,w), or a
    Batch that was loaded for the same preprocessing. Images without a file are called "image", or "image-0",
    "image-1" ... where there are several. Raises BadInput.
    """
    if isinstance(images, Batch):
        return [Batch(images.pixels.detach(), images.photos)]
    if isinstance(images, Tensor):
        pixels = _checked(images, preprocess, "the tensor")
        names = _names(pixels)
        return [Batch(pixels, tuple(_photo_of(row, name) for row, name in zip(pixels, names, strict=True)))]
    if isinstance(images, np.ndarray) and images.ndim == 4:
        images = list(images)
    if not isinstance(images, list | tuple):
        images = [images]
    if not images:
        raise BadInput("there is no image: the list is empty", "pass at least one")
    loaded = [
        load(one, preprocess, name="" if _is_path(one) else name, max_pixels=max_pixels)
        for one, name in zip(images, _names(images), strict=True)
    ]
    return _together(loaded)


def as_given(photos: Sequence[Photo]) -> Any:
    """What `load_all` makes the same pixels of once more: the tensors they were, or the pictures."""
    tensors = [photo.tensor for photo in photos if photo.tensor is not None]
    return torch.from_numpy(np.stack(tensors)) if tensors else [photo.pixels for photo in photos]


def rows_of(x: Tensor, preprocess: Preprocess) -> tuple[Pixels, list[str]]:
    """A tensor of images as `load_all` takes it, (b,c,h,w), and the SHA-256 of each, without a picture of any."""
    pixels = _checked(x.contiguous(), preprocess, "the tensor")  # channels last, it would be read slowly more than once
    return pixels, [_digest(row) for row in pixels.cpu().numpy()]


def _together(loaded: list[tuple[Pixels, Photo]]) -> list[Batch]:
    kinds = {(photo.geometry, pixels.dtype, pixels.device) for pixels, photo in loaded}
    if len(kinds) > 1:
        return [Batch(pixels, (photo,)) for pixels, photo in loaded]
    return [Batch(torch.cat([pixels for pixels, _ in loaded]), tuple(photo for _, photo in loaded))]


def _names(images: Sequence[Any] | Tensor) -> list[str]:
    return ["image"] if len(images) == 1 else [f"image-{i}" for i in range(len(images))]


def _is_path(image: Any) -> bool:
    return isinstance(image, str) or hasattr(image, "__fspath__")


def _checked(x: Tensor, preprocess: Preprocess, what: str) -> Pixels:
    """A user's tensor as Pixels (b,c,h,w), its numbers untouched."""
    channels = len(preprocess.mean)
    if not x.is_floating_point():
        raise BadInput(f"{what} is a tensor of {x.dtype}, not of floats", "pass pixels in [0,1]: x.float() / 255")
    x = x[None] if x.ndim == 3 else x
    if x.ndim != 4 or x.shape[1] != channels:
        raise BadInput(f"{what} has the shape {tuple(x.shape)}", f"the network takes (b,{channels},h,w)")
    if x.numel() == 0:
        raise BadInput(f"{what} has no pixels: its shape is {tuple(x.shape)}", "pass at least one image")
    _check_range(x, what)
    x = x.detach() if x.dtype == torch.float64 else x.detach().float()
    # What was made under inference_mode can't take part in a backward pass.
    return x.clone() if x.is_inference() else x


def _check_range(x: Tensor, what: str) -> None:
    low, high = (float(end) for end in torch.aminmax(x.detach()))
    if low >= 0 and high <= 1:
        return
    if not torch.isfinite(x).all():
        raise BadInput(f"{what} holds NaN or infinite pixels", "pass finite pixels in [0,1]")
    hint = "this looks normalised: pass pixels in [0,1], the model normalises them itself"
    if low >= 0 and high > 10:
        hint = "this looks like 0..255: divide by 255"
    raise BadInput(f"{what} has pixels from {low:.3g} to {high:.3g}, outside [0,1]", hint)


def _photo_of(x: Tensor, name: str) -> Photo:
    """x (c,h,w): drawn in colour where it has three channels, else as the mean of its channels."""
    values = x.cpu().contiguous().numpy().copy()  # the user may go on changing the tensor
    shown = values if len(values) == 3 else np.repeat(values.mean(0, keepdims=True), 3, axis=0)
    pixels = np.rint(shown.transpose(1, 2, 0) * 255).astype(np.uint8)
    return Photo(pixels, Geometry.identity(*x.shape[1:]), name, _digest(values), values)


def _digest(values: NDArray[np.floating[Any]]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
