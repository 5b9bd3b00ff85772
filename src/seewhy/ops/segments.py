"""Superpixels: a picture cut into parts that belong together, numbered from 0 without a gap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import BadInput, BadOption, first_line
from seewhy.rng import Rng
from seewhy.types import Pixels

Picture = NDArray[np.float64]  # (h,w,3) in [0,1]
Labels = NDArray[np.int64]  # (h,w)
Cut = Callable[..., Labels]


@dataclass(frozen=True)
class Parameter:
    default: float
    low: float
    high: float = float("inf")
    whole: bool = False


@dataclass(frozen=True)
class Algorithm:
    """cut: a picture, a seed and the parameters by name -> labels, any integers."""

    cut: Cut
    parameters: Mapping[str, Parameter]


def superpixels(asked: Any, x: Pixels, rng: Rng) -> Tensor:
    """The superpixel of each pixel (b,h,w), int64: numbers 0 to n-1 of each image's own n.

    asked: an algorithm's name, with parameters as in "slic:n_segments=60,compactness=20"; a function of the picture
    (h,w,3), float64 in [0,1], that gives labels (h,w); or labels (h,w) for all images or (b,h,w), one an image. Labels
    are any integers. Raises BadOption where they can't be had, BadInput where there is only one.
    """
    cut = _cutter(asked, x)
    seeds = rng.names.tolist()
    made = [_renumbered(cut(i, image, seed), image) for i, (image, seed) in enumerate(zip(x, seeds, strict=True))]
    return torch.from_numpy(np.stack(made)).to(x.device)


def refuse_unknown(asked: Any) -> None:
    """Raise BadOption for what can't be superpixels of any picture."""
    if not (isinstance(asked, np.ndarray | Tensor) or callable(asked)):
        _named(asked)


def _cutter(asked: Any, x: Pixels) -> Callable[[int, Tensor, int], Any]:
    if isinstance(asked, np.ndarray | Tensor):
        given = _given(asked, x)
        return lambda i, image, seed: given[i]
    if callable(asked):
        return lambda i, image, seed: _cut(partial(_own, asked), image, seed, getattr(asked, "__name__", "a function"))
    named, algorithm, parameters = _named(asked)
    return lambda i, image, seed: _cut(partial(algorithm.cut, **parameters), image, seed, named)


def _given(asked: NDArray[Any] | Tensor, x: Pixels) -> NDArray[Any]:
    labels = asked.detach().cpu().numpy() if isinstance(asked, Tensor) else asked
    size, hint = tuple(x.shape[2:]), f"give labels of the network's input, {x.shape[2]} x {x.shape[3]} pixels"
    if labels.ndim not in (2, 3) or labels.shape[-2:] != size or (labels.ndim == 3 and len(labels) not in (1, len(x))):
        raise BadOption(f"segments {labels.shape} for input {tuple(x.shape)}", hint)
    return np.broadcast_to(labels, (len(x), *size))


def _own(function: Callable[[Picture], Any], picture: Picture, seed: int) -> Any:
    return function(picture)


def _cut(cut: Callable[[Picture, int], Any], image: Tensor, seed: int, name: str) -> Any:
    """Labels as an algorithm or a function gives them. Grey images are shown to it as grey in RGB."""
    picture = image.detach().cpu().double().expand(3, -1, -1) if len(image) == 1 else image.detach().cpu().double()
    try:
        return cut(picture.permute(1, 2, 0).contiguous().numpy(), seed)
    except Exception as error:  # whatever a function of the user's does
        raise BadOption(
            f"segments by {name} failed: {type(error).__name__}: {first_line(error)}",
            f"it was given a picture {image.shape[1]} x {image.shape[2]} x 3, float64 in [0,1]",
        ) from error


def _renumbered(labels: Any, image: Tensor) -> Labels:
    labels, size = np.asarray(labels), tuple(image.shape[1:])
    if labels.shape != size:
        raise BadOption(f"segments {labels.shape} of a picture {size}", "give each pixel a label")
    if labels.dtype.kind not in "biuf" or not np.array_equal(labels, np.trunc(labels)):  # also of NaN
        raise BadOption(f"segments of {labels.dtype} that are no integers", "label superpixels by whole numbers")
    names, found = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise BadInput("the picture is a single superpixel", "cut it finer, such as segments=slic:n_segments=50")
    return found.reshape(size).astype(np.int64)


def _named(asked: Any) -> tuple[str, Algorithm, dict[str, float]]:
    """An algorithm by name, with its parameters; text that was split at its commas is put together again."""
    parts = [asked] if isinstance(asked, str) else asked if isinstance(asked, tuple | list) else ()
    if not parts or not all(isinstance(one, str) for one in parts):
        raise BadOption(f"segments={asked!r}", f"{', '.join(ALGORITHMS)}, a function of the picture, or labels (h,w)")
    name, _, said = ",".join(map(str, parts)).partition(":")
    if name.strip() not in ALGORITHMS:
        raise BadOption(f"nothing cuts superpixels by {name!r}", f"one of {', '.join(ALGORITHMS)}")
    name = name.strip()
    given = dict(_pair(name, one) for one in said.split(",") if one.strip())
    known = ALGORITHMS[name].parameters
    return name, ALGORITHMS[name], {key: one.default for key, one in known.items() if one.default >= 0} | given


def _pair(name: str, said: str) -> tuple[str, float]:
    key, sign, value = (one.strip() for one in said.partition("="))
    known = ALGORITHMS[name].parameters
    if key not in known or not sign:
        raise BadOption(f"{name} has no parameter {said.strip()!r}", f"its parameters: {', '.join(known)}")
    one = known[key]
    try:
        found = float(value)
    except ValueError:
        raise BadOption(f"{name}'s {key} is {value!r}", "give a number") from None
    high = None if one.high == float("inf") else one.high
    if one.whole:
        return key, whole(found, f"{name}'s {key}", int(one.low), None if high is None else int(high))
    return key, number(found, f"{name}'s {key}", one.low, high)


def _quickshift(picture: Picture, seed: int, **parameters: float) -> Labels:
    from skimage.segmentation import quickshift

    cut: Cut = quickshift
    return cut(picture, rng=seed % 2**31, channel_axis=-1, **parameters)


def _slic(picture: Picture, seed: int, **parameters: float) -> Labels:
    from skimage.segmentation import slic

    cut: Cut = slic
    return cut(picture, channel_axis=-1, **parameters)


def _felzenszwalb(picture: Picture, seed: int, **parameters: float) -> Labels:
    from skimage.segmentation import felzenszwalb

    cut: Cut = felzenszwalb
    return cut(picture, channel_axis=-1, **parameters)


def _grid(picture: Picture, seed: int, number: int = 7, cell: int = 0) -> Labels:
    """Cells of so many pixels, else so many along each side."""
    height, width = picture.shape[:2]
    down, across = (cell, cell) if cell else (-(-height // number), -(-width // number))
    rows, columns = np.arange(height) // down, np.arange(width) // across
    labels: Labels = rows[:, None] * (columns[-1] + 1) + columns
    return labels


SIGMA = Parameter(0.0, 0, 100)
# A default below 0: left out unless it is given.
ALGORITHMS: Mapping[str, Algorithm] = {
    "quickshift": Algorithm(  # as LIME has it
        _quickshift,
        {
            "kernel_size": Parameter(4, 1, 100),
            "max_dist": Parameter(200, 0.1),
            "ratio": Parameter(0.2, 0, 1),
            "sigma": SIGMA,
        },
    ),
    "slic": Algorithm(
        _slic,
        {
            "n_segments": Parameter(100, 2, whole=True),
            "compactness": Parameter(10, 1e-6),
            "sigma": SIGMA,
            "max_num_iter": Parameter(10, 1, 1000, whole=True),
        },
    ),
    "felzenszwalb": Algorithm(
        _felzenszwalb,
        {"scale": Parameter(100, 0), "sigma": Parameter(0.5, 0, 100), "min_size": Parameter(50, 1, whole=True)},
    ),
    "grid": Algorithm(_grid, {"number": Parameter(7, 1, whole=True), "cell": Parameter(-1, 1, whole=True)}),
}
