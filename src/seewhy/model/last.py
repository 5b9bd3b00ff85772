"""The last linear layer of a network: the one whose outputs are the scores, proved by the numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seewhy.errors import SeewhyError, Unsupported
from seewhy.model import Model
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
    with torch.inference_mode(False), model.frozen():
        x = model._probe(model.probe_size)
        census, outputs = model.census(), model.probed()
        modules = dict(model.module.named_modules())
        ran = [one.name for one in census.layers if one.calls] + ([""] if linear(model.module) else [])
        for name in reversed(ran):
            weight = linear(modules[name])
            if weight is None or len(weight) != outputs.shape[1]:
                continue
            try:
                seen = outputs if name == "" else model.read(x, [name])[0]
            except SeewhyError:  # it returns more than a tensor
                continue
            if any(_close(one, outputs) for one in _behind(seen.to(outputs), outputs)):
                return LastLayer(name, weight.detach().clone())
    raise Unsupported(f"the last layer of {model.name} is not linear: its scores are no linear layer's", WAY_OUT)


def linear(module: nn.Module) -> Tensor | None:
    """The rows (k,d) of a layer that is linear in one cell."""
    if isinstance(module, nn.Linear):
        return module.weight
    if isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) and module.groups == 1:
        return module.weight.flatten(1)
    return module.weight if isinstance(module, LinearView) and module.pointwise else None


def _behind(seen: Tensor, outputs: Tensor) -> Iterator[Tensor]:
    """What a layer's output (b,...,k,...) may have become without a class gaining on another."""
    classes = outputs.shape[1]
    for axis in {1, seen.ndim - 1}:
        if seen.shape[axis] != classes:
            continue
        maps = seen.movedim(axis, 1)
        if outputs.ndim == 2:
            scores = maps.flatten(2).mean(2) if maps.ndim > 2 else maps
            yield from (scores, scores.softmax(1), scores.sigmoid())
        elif maps.ndim == outputs.ndim == 4:
            for corners in (False, True):
                yield F.interpolate(maps, outputs.shape[2:], mode="bilinear", align_corners=corners)


def _close(found: Tensor, wanted: Tensor) -> bool:
    """To a 10,000th of the widest score; a tie of all of them proves nothing."""
    spread = wanted.amax() - wanted.amin()
    return bool(found.shape == wanted.shape and spread > 0 and (found - wanted).abs().max() <= 1e-4 * spread)
