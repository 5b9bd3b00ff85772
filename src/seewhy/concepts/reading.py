"""Vectors of many pictures at several layers, of one forward a picture: read from disk where they were kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.concepts.cache import Cache
from seewhy.concepts.pooling import Pool, channel_axis, pooled, slope
from seewhy.concepts.sets import Picture
from seewhy.errors import BadInput, ModelFailed
from seewhy.model import Model
from seewhy.targets import Pinned
from seewhy.types import Pixels

BATCH = 16  # pictures: of a small network more leave the caches
MOST = 2**30  # numbers of a layer that are held at a time
Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Slopes:
    """Of pictures of a class: each layer's gradients (m,d) of the score, and the classes predicted (m,)."""

    grads: dict[str, Array]
    predicted: NDArray[np.int64]


def vectors(
    model: Model, pictures: Sequence[Picture], layers: Sequence[str], pool: Pool, folder: Path | None
) -> dict[str, Array]:
    """Each layer's vectors (n,d) of the pictures. folder: of the cache, if any."""
    cache = Cache(folder, f"{model.fingerprint} {model.preprocess} {model.precision} {pool}" if folder else "")
    found: dict[str, Array] = {}
    missing = [i for i, one in enumerate(pictures) if not _kept(cache, one, i, layers, found, len(pictures))]
    for places, x in batches(model, pictures, missing):
        for layer, values in _pooled(model, x, layers, pool).items():
            if not np.isfinite(values).all():
                hint = "check the model's weights and its precision"
                raise ModelFailed(f"layer {layer!r} returns NaN or infinity", hint)
            _put(found, layer, places, values, len(pictures))
            for row, i in enumerate(places):
                cache.write(pictures[i].sha256, layer, values[row])
    return found


def slopes(model: Model, pictures: Sequence[Picture], target: Pinned, layers: Sequence[str], pool: Pool) -> Slopes:
    """One forward a picture, and one backward that ends at the first of the layers."""
    grads: dict[str, list[Array]] = {layer: [] for layer in layers}
    predicted = np.zeros(len(pictures), np.int64)
    for places, x in batches(model, pictures, range(len(pictures))):
        said = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        _, found = model.sensitivities(x, [_watched(target, said)], layers)
        for layer, one in zip(layers, found, strict=True):
            grads[layer].append(_plain(slope(one[0], channel_axis(model, x, layer), pool)))
        predicted[places] = said.cpu().numpy()
    return Slopes({layer: np.concatenate(each) for layer, each in grads.items()}, predicted)


def batches(model: Model, pictures: Sequence[Picture], wanted: Sequence[int]) -> Iterator[tuple[list[int], Pixels]]:
    """Pixels of some pictures, and which they are: as many at a time as are of one size."""
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        x = [pictures[i].pixels(model.preprocess) for i in some]
        for shape in dict.fromkeys(one.shape for one in x):
            own = [at for at, one in enumerate(x) if one.shape == shape]
            yield [some[at] for at in own], model.checked(torch.cat([x[at] for at in own]))


def _watched(target: Pinned, said: Tensor) -> Pinned:
    """The target, which also writes down the class predicted for each row."""

    def read(scores: Tensor, rows: Tensor) -> Tensor:
        said[rows] = scores.detach().argmax(1)
        return target.read(target.transform(scores), rows)

    return Pinned(read, target.index, target.name, target.key)


def _pooled(model: Model, x: Pixels, layers: Sequence[str], pool: Pool) -> dict[str, Array]:
    values = model.read(x, layers)
    return {
        layer: _plain(pooled(one, channel_axis(model, x, layer), pool))
        for layer, one in zip(layers, values, strict=True)
    }


def _kept(cache: Cache, one: Picture, i: int, layers: Sequence[str], found: dict[str, Array], n: int) -> bool:
    """Whether all layers' vectors of a picture are on disk; if so they are put into what was found."""
    kept = {layer: cache.read(one.sha256, layer) for layer in layers} if cache.folder else {}
    known = {layer: value for layer, value in kept.items() if value is not None}
    if len(known) < len(layers):
        return False
    for layer, value in known.items():
        _put(found, layer, [i], value[None], n)
    return True


def _put(found: dict[str, Array], layer: str, places: Sequence[int], values: Array, n: int) -> None:
    """Vectors (m,d) of some of n pictures into those of all."""
    if layer not in found:
        if n * values.shape[1] > MOST:
            said = f"{n} pictures of {values.shape[1]} numbers in {layer!r} are too many to hold"
            raise BadInput(said, "take pool='mean', a later layer or fewer pictures")
        found[layer] = np.empty((n, values.shape[1]), np.float32)
    own = found[layer]
    if own.shape[1] != values.shape[1]:
        raise BadInput(
            f"layer {layer!r} returns differently many numbers for pictures of different sizes",
            "give the model a size, or take pool='mean'",
        )
    own[places] = values


def _plain(values: Tensor) -> Array:
    return np.asarray(values.detach().float().cpu().numpy(), np.float32)
