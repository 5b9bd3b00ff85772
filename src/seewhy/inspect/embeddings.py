"""Embeddings of many photos: what a layer makes of each, as a row of numbers."""

from contextlib import closing
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.asked import one_of, whole
from seewhy.errors import Unsupported
from seewhy.images import Decoded
from seewhy.inspect.choosing import open_to
from seewhy.inspect.features import features
from seewhy.inspect.folders import BATCH, Tell, groups, sources
from seewhy.model import Model
from seewhy.model.layouts import Layout
from seewhy.results.embeddings import POOLS, Array, Embeddings, Pool, checked
from seewhy.sources import as_model
from seewhy.types import Passes

THUMB = 64  # pixels of a thumbnail's longer side


def embeddings(
    model: Model | str,
    images: Any,
    layer: Any = None,
    *,
    pool: Pool = "mean",
    batch: int = BATCH,
    thumbs: bool = False,
    tell: Tell | None = None,
) -> Embeddings:
    """A row of numbers for each photo: a layer's output, one forward a photo up to that layer.

    images: a folder, a pattern, or a list of these and of whatever `seewhy.explain` takes. layer: default what the last
    linear layer reads, the mean of the last maps included, else the last maps. pool: how maps and tokens become a row:
    "mean" over the cells of the picture, "cls" the first token beside it, "flatten" all numbers. thumbs: keep a small
    picture of each, for the page. tell: called with the photos decoded so far, and all. What can't be read is left
    out and listed in `failed`. Raises BadInput where nothing is left, Unsupported for a layer whose output is no row.
    """
    one_of(pool, "pool", POOLS)
    size = whole(batch, "batch", low=1)
    model = open_to(as_model(model).shared())
    listed = sources(images)
    rows: dict[int, Array] = {}
    kept: dict[int, Decoded] = {}
    failed: dict[int, tuple[str, str]] = {}
    with torch.inference_mode(False), model.frozen():
        name = features(model) if layer is None else model.layer(layer)
        work = partial(_rows, model, layer=name, pool=pool)
        with closing(groups(model, listed, name, work, size, thumb=THUMB if thumbs else 0, tell=tell)) as each:
            for group, found in each:
                if group[0].error is not None:
                    failed[group[0].number] = (group[0].name, group[0].error.problem)
                for one, row in zip(group, () if found is None else found, strict=False):
                    if np.isfinite(row).all():
                        rows[one.number], kept[one.number] = row, Decoded(one.number, one.name, thumb=one.thumb)
                    else:
                        failed[one.number] = (one.name, f"what {name!r} returns is NaN or infinite")
    order = sorted(rows)
    names, bad = tuple(kept[i].name for i in order), tuple(failed[i] for i in sorted(failed))
    checked(names, bad)
    return Embeddings(
        values=np.stack([rows[i] for i in order]),
        names=names,
        layer=name,
        pool=pool,
        model=model.card,
        passes=Passes(model.meter.forward, model.meter.backward),
        failed=bad,
        thumbs=tuple(kept[i].thumb for i in order) if thumbs else (),
    )


def _rows(model: Model, x: Tensor, layer: str, pool: Pool) -> Array:
    (output,) = model.read(x, [layer])
    if len(output) != len(x):
        raise Unsupported(f"layer {layer!r} returns {len(output)} rows for {len(x)} photos", "name another layer")
    layout = model.census(x).layer(layer).layout
    return np.asarray(pooled(output, layout, layer, pool).float().cpu().numpy())


def pooled(output: Tensor, layout: Layout | None, layer: str, pool: str) -> Tensor:
    """A layer's output (b,...) as rows (b,d). Raises Unsupported where that is not told by the layer's shape."""
    if pool == "flatten" or output.ndim == 2 or output[0].numel() == output.shape[1]:
        return output.flatten(1)
    if pool == "cls":
        if layout is None or layout.axes != "tokens" or not layout.others:
            raise Unsupported(f"layer {layer!r} has no token beside the picture", "leave pool out for the mean")
        return output[:, 0]
    if layout is None:
        shape = " x ".join(map(str, output.shape[1:]))
        raise Unsupported(f"layer {layer!r} returns {shape}, with no place on the picture", "use pool='flatten'")
    return layout.maps(output).mean((2, 3))
