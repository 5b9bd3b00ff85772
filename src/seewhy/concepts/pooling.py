"""From what a layer returns to one vector a picture, and the gradient with respect to that vector."""

from typing import Literal

import torch
from torch import Tensor

from seewhy.asked import one_of
from seewhy.model import Model

Pool = Literal["mean", "flatten"]
POOLS = ("mean", "flatten")


def channel_axis(model: Model, x: Tensor, layer: str) -> int:
    """The axis of a layer's output (b,...) that holds its channels: the last of tokens and of channels-last maps."""
    layout = model.layout(x, layer)
    if layout is not None:
        return 1 if layout.axes == "first" else -1
    return 1 if len(model.census(x).layer(layer).shape) in (1, 3) else -1


def pooled(values: Tensor, axis: int, pool: Pool) -> Tensor:
    """Vectors (b,d): channels averaged over their places, or all numbers."""
    if one_of(pool, "pool", POOLS) == "flatten":
        return values.flatten(1)
    return values.movedim(axis, 1).flatten(2).mean(2) if values.ndim > 2 else values


def slope(grads: Tensor, axis: int, pool: Pool) -> Tensor:
    """The gradient with respect to the pooled vector (b,d): of a mean, what all places together gain."""
    if pool == "flatten":
        return grads.flatten(1)
    return grads.movedim(axis, 1).flatten(2).sum(2) if grads.ndim > 2 else grads


def spread(direction: Tensor, shape: torch.Size, axis: int, pool: Pool) -> Tensor:
    """A direction (d,) of the pooled vectors as a change of a layer's output (b,...): the same at every place."""
    if pool == "flatten":
        return direction.view(1, *shape[1:])
    places = [1] * len(shape)
    places[axis] = -1
    return direction.view(places)
