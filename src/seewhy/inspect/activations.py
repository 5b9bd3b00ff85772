"""What layers answer to a photo: every tensor they return, copied, in one forward."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.errors import BadOption
from seewhy.images import load
from seewhy.inspect.attention import kinds_of
from seewhy.inspect.choosing import open_to
from seewhy.model import Model
from seewhy.model.captured import Output, captured
from seewhy.model.census import Census, Layer
from seewhy.results.activations import Activation, Activations
from seewhy.sources import as_model
from seewhy.types import Passes


def activations(model: Model | str, image: Any, layers: Any = None) -> Activations:
    """What the named layers return for a photo, at each of their runs. One forward, that ends with the last of them.

    image: one, as `seewhy.explain` takes it. layers: names or modules, or one alone; default the last maps. Tuples,
    dicts and dataclasses are taken apart. Raises UnknownName for a layer that is not
    there, Unsupported for one that is not used or returns no tensor.
    """
    model = open_to(as_model(model).shared())
    pixels, photo = load(image, model.preprocess)
    x = model.checked(pixels)
    with torch.inference_mode(False), model.frozen():
        census = model.census(x)
        known = {one.name: one for one in census.layers}
        asked = (one if isinstance(one, str) and one in known else model.layer(one, x) for one in _asked(layers))
        names = list(dict.fromkeys(asked))
        outputs = captured(model, x, names)
    found = tuple(_activation(one, known[one.layer], census) for one in outputs)
    passes = Passes(model.meter.forward, model.meter.backward)
    notes = tuple(
        f"{one.strange} values of {one.name} are NaN or infinite, and are drawn as 0" for one in found if one.strange
    )
    return Activations(found, photo, model.card, passes, notes)


def _asked(layers: Any) -> Sequence[Any]:
    if not isinstance(layers, list | tuple):
        return [layers]
    if not layers:
        raise BadOption("no layer is asked for", "name at least one, or leave layers out for the last maps")
    return layers


def _activation(one: Output, layer: Layer, census: Census) -> Activation:
    value = one.value if one.value.dtype in (torch.float32, torch.float64) else one.value.float()
    layout = layer.layout if not one.part and tuple(value.shape) == (1, *layer.shape) else None
    if layout is None:
        maps, others = _unplaced(value), value.new_zeros(0, 0)
    else:
        maps = layout.maps(value)[0]
        others = value[0, : layout.others] if layout.axes == "tokens" else value.new_zeros(0, 0)
    return Activation(
        layer=one.layer,
        kind=layer.kind,
        call=one.call,
        part=one.part,
        values=one.value.cpu().numpy() if one.value.dtype != torch.bfloat16 else value.cpu().numpy(),
        maps=np.ascontiguousarray(maps.float().cpu().numpy()),
        others=others.float().cpu().numpy(),
        tokens=_names(len(others), census),
        placed=layout is not None,
    )


def _unplaced(value: Tensor) -> Tensor:
    """As pictures (d,r,q), where no cell is known to lie on the photo."""
    own = value[0] if len(value) == 1 and value.ndim > 1 else value
    if own.ndim <= 1:
        return own.reshape(-1, 1, 1)
    return own.reshape(-1, *own.shape[-2:])


def _names(count: int, census: Census) -> tuple[str, ...]:
    known = kinds_of(census.attention[-1], census.start) if census.attention else []
    kinds = [*known, *["register"] * count][:count]
    made = (f"{kind}-{kinds[: i + 1].count(kind)}" for i, kind in enumerate(kinds))
    return tuple(kind if kind in ("cls", "distillation") else name for kind, name in zip(kinds, made, strict=True))
