"""The photos, and the places in them, that excite each channel of a layer most."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.asked import whole
from seewhy.errors import Unsupported
from seewhy.geometry import Geometry
from seewhy.images import Decoded
from seewhy.inspect.choosing import chosen, open_to
from seewhy.inspect.cropping import cropped
from seewhy.inspect.folders import BATCH, Tell, batches, sources
from seewhy.model import Model
from seewhy.model.layouts import Layout
from seewhy.model.receptive import fields
from seewhy.results.embeddings import checked
from seewhy.results.examples import Examples
from seewhy.results.receptive import Receptive
from seewhy.sources import as_model
from seewhy.types import Passes

MOST, TOP = 16, 9


def examples(
    model: Model | str,
    images: Any,
    layer: Any = None,
    *,
    channels: Any = None,
    top: int = TOP,
    most: int = MOST,
    batch: int = BATCH,
    tell: Tell | None = None,
) -> Examples:
    """Of each channel the `top` photos in which its maximum is largest, and what the cell there sees of them.

    One forward a photo; no more is kept than the best so far. images: as `seewhy.inspect.embeddings` has them. layer:
    default the last maps. channels: those that crops are made of; default the `most` with the largest maxima. Crops
    are of the original pictures: a cell's receptive field, or all that the network saw where it has none. Of equal
    maxima, as of a ReLU6, the larger mean comes first. tell: called with the photos so far, and all.
    Raises BadInput where no photo can be used, BadOption for a channel that is not there.
    """
    size, top = whole(batch, "batch", low=1), whole(top, "top", 1, 1000)
    model = open_to(as_model(model).shared())
    listed = sources(images)
    best = Best(top)
    kept: dict[int, Decoded] = {}
    failed: dict[int, tuple[str, str]] = {}
    known: dict[tuple[int, ...], tuple[Receptive | None, tuple[int, int]]] = {}
    with torch.inference_mode(False), model.frozen():
        name = model.layer(layer)
        for group in batches(model, listed, size, tell=tell):
            if group[0].error is not None:
                failed[group[0].number] = (group[0].name, group[0].error.problem)
                continue
            x = model.checked(torch.cat([one.pixels for one in group if one.pixels is not None]))
            maps = _maps(model, x, name)
            if x.shape[2:] not in known:
                known[tuple(x.shape[2:])] = _field(model, x, name), (maps.shape[2], maps.shape[3])
            finite = maps.isfinite().flatten(1).all(1)
            for one, good in zip(group, finite.tolist(), strict=True):
                if good:
                    kept[one.number] = replace(one, pixels=None)
                else:
                    failed[one.number] = (one.name, f"what {name!r} returns is NaN or infinite")
            best.take(maps[finite], [one.number for one, good in zip(group, finite.tolist(), strict=True) if good])
    order = sorted(kept)
    bad = tuple(failed[i] for i in sorted(failed))
    checked([kept[i].name for i in order], bad)
    shown = _shown(best, channels, whole(most, "most", low=1), name)
    first = next(iter(known.values()))[0]
    found = Examples(
        values=best.values,
        photos=np.where(best.photos < 0, -1, np.searchsorted(order, best.photos)),
        cells=best.cells,
        names=tuple(kept[i].name for i in order),
        layer=name,
        receptive=first,
        model=model.card,
        passes=Passes(model.meter.forward, model.meter.backward),
        shown=shown,
        failed=bad,
        notes=() if first else ("a cell of this layer may see all of the picture: all of it is shown",),
    )
    return cropped(found, [listed[i] for i in order], [_geometry(kept[i]) for i in order], model.preprocess, known)


@dataclass
class Best:
    """The largest maxima of each channel so far."""

    top: int
    values: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    means: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    photos: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    cells: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0, 2), np.int64))

    def take(self, maps: Tensor, numbers: Sequence[int]) -> None:
        """Maps (b,d,r,q) of photos of these numbers."""
        if not len(maps):
            return
        depth, columns = maps.shape[1], maps.shape[3]
        if not len(self.values):
            self.values = np.full((depth, self.top), -np.inf, np.float32)
            self.means = self.values.copy()
            self.photos = np.full((depth, self.top), -1, np.int64)
            self.cells = np.zeros((depth, self.top, 2), np.int64)
        flat = maps.float().flatten(2)
        highest, at = flat.max(2)
        places = at.T.cpu().numpy()
        values = np.concatenate([self.values, highest.T.cpu().numpy()], 1)
        means = np.concatenate([self.means, flat.mean(2).T.cpu().numpy()], 1)
        photos = np.concatenate([self.photos, np.broadcast_to(np.array(numbers), (depth, len(numbers)))], 1)
        cells = np.concatenate([self.cells, np.stack([places // columns, places % columns], 2)], 1)
        order = np.lexsort((photos, -means, -values), axis=1)[:, : self.top]  # the first photo, whatever the batches
        self.values, self.means, self.photos = (np.take_along_axis(one, order, 1) for one in (values, means, photos))
        self.cells = np.take_along_axis(cells, order[..., None], 1)


def _maps(model: Model, x: Tensor, layer: str) -> Tensor:
    """What the layer makes of pixels x, as maps (b,d,r,q): one cell for a row of numbers."""
    (output,) = model.read(x, [layer])
    layout: Layout | None = model.census(x).layer(layer).layout
    if len(output) != len(x):
        raise Unsupported(f"layer {layer!r} returns {len(output)} rows for {len(x)} photos", "name another layer")
    if layout is not None:
        return layout.maps(output)
    if output[0].numel() == output.shape[1]:
        return output.reshape(*output.shape[:2], 1, 1)
    shape = " x ".join(map(str, output.shape[1:]))
    raise Unsupported(
        f"layer {layer!r} returns {shape}, with no place on the picture", "name a layer of maps or tokens"
    )


def _field(model: Model, x: Tensor, layer: str) -> Receptive | None:
    tape = model.census(x).tape
    return fields(tape, x[:1]).get(layer, (None,))[-1] if tape else None


def _shown(best: Best, channels: Any, most: int, layer: str) -> tuple[int, ...]:
    if channels is not None:
        return chosen(channels, len(best.values), "channel", layer)
    return tuple(int(one) for one in np.lexsort((-best.means[:, 0], -best.values[:, 0]))[:most])


def _geometry(one: Decoded) -> Geometry:
    assert one.geometry is not None  # of every photo that was read
    return one.geometry
