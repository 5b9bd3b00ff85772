"""The kernels of a layer: of convolutions, and of linear layers as what they read."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seewhy.errors import ModelFailed, Unsupported
from seewhy.inspect.choosing import chosen, open_to
from seewhy.inspect.flattened import reading
from seewhy.model import Model
from seewhy.model.views import View
from seewhy.results.kernels import Kernels
from seewhy.sources import as_model

NEAR = 4  # names in a refusal


def kernels(model: Model | str, layer: Any = None, *, filters: Any = None, inputs: Any = None) -> Kernels:
    """The kernels of one layer, those of all filters and inputs or of some.

    layer: a name or a module; default the first with kernels to run. filters, inputs: numbers from 0, default all.
    Of a linear layer that reads the pixels of patches, or maps one after the other, they are kernels over these; of
    another the weights are a matrix. Raises Unsupported for a layer without kernels, BadOption for filters
    that are not there.
    """
    model = open_to(as_model(model).shared())
    with torch.inference_mode(False), model.frozen():
        census = model.census()
        known = {name: weight for name, one in model.module.named_modules() if (weight := _weight(one)) is not None}
        ran = [one.name for one in census.layers if one.name in known]
        name = _first(ran) if layer is None else model.layer(layer)
        if name not in known:
            raise _without(model, name, list(known))
        weight, module = known[name].detach(), dict(model.module.named_modules())[name]
        colour = weight.ndim == 4 and weight.shape[1] == 3 == len(model.mean) and name == _first(ran)
        shape = "kernel"
        if weight.ndim == 2:
            weight, shape, colour = reading(model, name, weight)
    if weight.shape[2:] == (1, 1):
        shape = "matrix"
    weights = weight.float().cpu().numpy()
    if not np.isfinite(weights).all():
        raise ModelFailed(f"weights of {name!r} are NaN or infinite", "check the model's weights")
    rows = chosen(filters, weights.shape[0], "filter", name)
    columns = chosen(inputs, weights.shape[1], "input", name)
    return Kernels(
        layer=name,
        kind=module.kind if isinstance(module, View) else type(module).__name__,
        weights=weights[np.ix_(rows, columns)],
        filters=rows,
        inputs=columns,
        of=(weights.shape[0], weights.shape[1]),
        colour=colour and columns == (0, 1, 2),
        shape=shape,
        model=model.card,
    )


def _weight(module: nn.Module) -> Tensor | None:
    """The kernels (o,i,h,w), or the matrix (o,d), of a layer that has any."""
    if isinstance(module, View):
        kernel = getattr(module, "kernel", None)
        if not isinstance(kernel, Tensor) or kernel.ndim not in (2, 4):
            return None
        return kernel.T if kernel.ndim == 2 else kernel.permute(3, 2, 0, 1)
    weight = getattr(module, "weight", None)
    if not isinstance(weight, Tensor) or isinstance(module, nn.Embedding) or not weight.is_floating_point():
        return None
    if weight.ndim == 3:  # of one axis alone
        weight = weight[:, :, None]
    if weight.ndim == 4 and getattr(module, "transposed", False):
        weight = weight.transpose(0, 1)
    return weight if weight.ndim in (2, 4) else None


def _first(ran: list[str]) -> str:
    if not ran:
        raise Unsupported("no layer of this model has kernels", "see `seewhy inspect layers` for its layers")
    return ran[0]


def _without(model: Model, name: str, known: list[str]) -> Unsupported:
    """A refusal with the nearest layers that have kernels: those inside, else those beside."""
    modules = [one for one, _ in model.module.named_modules() if one]
    kind = type(model.module.get_submodule(name)).__name__
    inside = [one for one in known if one.startswith(f"{name}.")]
    at = modules.index(name)
    beside = sorted(known, key=lambda one: abs(modules.index(one) - at))
    near = ", ".join((inside or beside)[:NEAR])
    return Unsupported(f"layer {name!r} ({kind}) has no kernels", f"near: {near}" if near else "no layer has any")
