"""Every named layer of a network, from one look at it."""

from typing import Any

import torch

from seewhy.inspect.choosing import open_to
from seewhy.model import Model, pair
from seewhy.model.captured import shapes
from seewhy.model.receptive import fields
from seewhy.model.views import View
from seewhy.results.layers import LayerRow, Layers
from seewhy.sources import as_model


def layers(model: Model | str, size: Any = None) -> Layers:
    """Each layer's type, output, parameters, receptive field, and how often it runs, for inputs of one size.

    size: (height, width), or one number for both; default the model's own. Receptive fields are exact, from the calls
    of a forward: convolutions, poolings and paddings along all paths. Raises Unsupported for what can't be looked into.
    """
    model = open_to(as_model(model).shared())
    sides = pair(size) or model.probe_size
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((1, len(model.mean), *sides), generator=generator).to(model.device, model.pixel_dtype)
    with torch.inference_mode(False), model.frozen():
        census = model.census(x)
        returned = shapes(model, x)
        known = fields(census.tape, x) if census.tape else {}
        rows = [
            LayerRow(
                name=name,
                kind=module.kind if isinstance(module, View) else type(module).__name__,
                outputs=tuple(tuple((part, _of_one(shape)) for part, shape in one) for one in returned.get(name, ())),
                parameters=sum(one.numel() for one in module.parameters()),
                receptive=known.get(name, (None,) * len(returned.get(name, ()))),
            )
            for name, module in model.module.named_modules()
            if name
        ]
        total = sum(one.numel() for one in model.module.parameters())
    why = f"receptive fields are not known: {census.why_no_tape}"
    return Layers(tuple(rows), sides, total, model.card, () if census.tape else (why,))


def _of_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Without the axis of images, where it is one: layers within windows have one row a window."""
    return shape[1:] if shape[:1] == (1,) else shape
