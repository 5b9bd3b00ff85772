"""The last linear layer of a network: the one whose outputs are the scores, proved by the numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy.errors import SeewhyError, Unsupported
from seewhy.model import Model
from seewhy.model.trace import inputs
from seewhy.model.views import LinearView

WAY_OUT = "give the weights (classes, features) that stand for the classes"


@dataclass(frozen=True, eq=False)
class LastLayer:
    """name: of the layer. weight (k,d): a copy of its rows, one a class."""

    name: str
    weight: Tensor


def last_linear(model: Model) -> LastLayer:
    """The linear layer, or convolution of single cells, that gives a classifier's scores.

    Behind it may come what tells no classes apart: a mean over places, a softmax or sigmoid, a segmentation's
    interpolation. Raises Unsupported where there is none.
    """
    if model.opaque:
        raise Unsupported(f"the last layer of {model.name} is not known: {model.opaque.why}", WAY_OUT)
    with torch.inference_mode(False), torch.no_grad(), model.frozen():
        x, modules = model.probe(), dict(model.module.named_modules())
        outputs = model(x)
        if outputs.amax() == outputs.amin():
            raise Unsupported(
                f"all scores of {model.name} are the same", "a last layer that is not trained yet? train it"
            )
        ran = [one.name for one in model.census().layers if one.calls]
        for name in reversed(["", *ran]):
            weight = linear(modules[name])
            if weight is not None and _gives_scores(model, x, name, weight):
                return LastLayer(name, weight.detach().clone())
    raise Unsupported(f"the last layer of {model.name} is not linear: its scores are no linear layer's", WAY_OUT)


def linear(module: nn.Module) -> Tensor | None:
    """The rows (k,d) of a layer that may be linear in one cell."""
    if isinstance(module, nn.Linear):
        return module.weight
    if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1:
        return module.weight.flatten(1)
    return module.weight if isinstance(module, LinearView) and module.pointwise else None


def _gives_scores(model: Model, x: Tensor, name: str, weight: Tensor) -> bool:
    """Whether the rows, applied to what the layer is given, make the network's outputs."""
    module = model.module.get_submodule(name)
    bias = getattr(module, "bias", None)
    try:
        with inputs(model.module, name) as given:
            outputs = model(x)
    except SeewhyError:  # it is given more than a tensor
        return False
    if len(weight) != outputs.shape[1]:
        return False
    tolerance = 1e-4 if model.dtype in (torch.float32, torch.float64) else 3e-2
    wide = weight.to(outputs)
    added = 0 if bias is None else bias.to(outputs)
    return any(
        _close(scores, outputs, tolerance)
        for one in given
        for axis in {1, one.ndim - 1}
        if one.shape[axis] == weight.shape[1]
        for scores in _behind((one.to(outputs).movedim(axis, -1) @ wide.T + added).movedim(-1, 1), outputs)
    )


def _behind(maps: Tensor, outputs: Tensor) -> Iterator[Tensor]:
    """What a layer's output (b,k,...) may become without a class gaining on another."""
    if outputs.ndim == 2:
        scores = maps.flatten(2).mean(2) if maps.ndim > 2 else maps
        yield from (scores, scores.softmax(1), scores.sigmoid())
    elif maps.ndim == outputs.ndim == 4:
        for corners in (False, True):
            yield F.interpolate(maps, outputs.shape[2:], mode="bilinear", align_corners=corners)


def _close(found: Tensor, wanted: Tensor, tolerance: float) -> bool:
    """To a part of how far scores are apart."""
    spread = wanted.amax() - wanted.amin()
    return bool(found.shape == wanted.shape and (found - wanted).abs().max() <= tolerance * spread)
