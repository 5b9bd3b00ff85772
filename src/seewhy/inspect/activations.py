"""What layers answer to a photo: every tensor they return, copied, in one forward."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

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
from seewhy.model.layouts import Layout
from seewhy.model.receptive import sights
from seewhy.model.sights import Seen
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
        layouts = _layouts(outputs, known, census, x)
    found = tuple(
        _activation(one, layout, known[one.layer].kind, census) for one, layout in zip(outputs, layouts, strict=True)
    )
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


def _layouts(outputs: Sequence[Output], known: Mapping[str, Layer], census: Census, x: Tensor) -> list[Layout | None]:
    """How each tensor lies on the photo: as was proved of the layer, or for other runs of it, as the calls tell."""
    seen: Mapping[str, Sequence[Seen]] | None = None
    found: list[Layout | None] = []
    for one in outputs:
        layer, shape = known[one.layer], tuple(one.value.shape)
        layout = layer.layout if not one.part and shape == (1, *layer.shape) else None
        if layout is None and not one.part and layer.calls > 1 and census.tape and shape[0] == 1:
            seen = sights(census.tape, x) if seen is None else seen
            layout = _laid(seen[one.layer][one.call], shape)
        found.append(layout)
    return found


def _laid(sight: Seen, shape: tuple[int, ...]) -> Layout | None:
    if sight is None or len(shape) != 4 or min(shape[at] for at in sight.at) < 2:
        return None
    axes: Mapping[tuple[int, ...], Literal["first", "last"]] = {(-2, -1): "first", (-3, -2): "last"}
    kind = axes.get(sight.at)
    return Layout(kind, (shape[sight.at[0]], shape[sight.at[1]])) if kind else None


def _activation(one: Output, layout: Layout | None, kind: str, census: Census) -> Activation:
    value = one.value if one.value.dtype in (torch.float32, torch.float64) else one.value.float()
    if layout is None:
        maps, others = _unplaced(value), value.new_zeros(0, 0)
    else:
        maps = layout.maps(value)[0]
        others = value[0, : layout.others] if layout.axes == "tokens" else value.new_zeros(0, 0)
    return Activation(
        layer=one.layer,
        kind=kind,
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
