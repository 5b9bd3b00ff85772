"""What a linear layer reads, where that is pixels or maps laid one after the other: proved by the numbers."""

from collections.abc import Callable, Iterator
from functools import partial
from math import isqrt, prod

import torch
from torch import Tensor

from seewhy.errors import SeewhyError
from seewhy.model import Model
from seewhy.model.captured import by_modules
from seewhy.model.trace import inputs

Read = tuple[Tensor, str, bool]  # weights (o,i,h,w); what a tile is; whether its inputs are the picture's colours


def reading(model: Model, layer: str, weight: Tensor) -> Read:
    """A linear layer's weights (o,d) as kernels over what it reads, or as a matrix (o,d,1,1) where that is neither."""
    x = model.probe()[:1]
    count = weight.shape[1]
    shapes = [(one.name, one.shape) for one in model.census(x).layers if len(one.shape) == 3]
    several = [name for name, shape in shapes if prod(shape) == count and shape[1:] != (1, 1)]
    try:
        with inputs(model.module, layer) as given:
            found = by_modules(model, x, [*several, layer])
    except SeewhyError:  # not used, or not given one tensor
        return weight[:, :, None, None], "matrix", False
    read, normalised = given[-1], model.normalised(x)
    for maps in (one.value for one in found if one.layer in several):
        if read.shape == (1, count) and torch.equal(maps.flatten(1), read):
            return weight.unflatten(1, maps.shape[1:]), "maps", False
    for patches, lay in _patches(normalised, count):
        if read.shape[-1] == count and torch.equal(read.reshape(-1, count)[0], patches):
            kernel = lay(weight)
            return kernel, "patch", kernel.shape[1] == 3
    return weight[:, :, None, None], "matrix", False


def _patches(x: Tensor, count: int) -> Iterator[tuple[Tensor, Callable[[Tensor], Tensor]]]:
    """The first patch of x (1,c,h,w) as so many numbers, colour by colour and pixel by pixel, and each time what makes
    weights (o,count) kernels (o,c,p,p)."""
    channels, high, wide = x.shape[1:]
    side = isqrt(count // channels)
    sizes = [(high, wide)] if channels * high * wide == count else []
    sizes += [(side, side)] if channels * side * side == count and side <= min(high, wide) else []
    for p, q in sizes:
        patch = x[0, :, :p, :q]
        yield patch.flatten(), partial(_by_colour, sides=(channels, p, q))
        yield patch.permute(1, 2, 0).flatten(), partial(_by_pixel, sides=(p, q, channels))


def _by_colour(weight: Tensor, sides: tuple[int, ...]) -> Tensor:
    return weight.reshape(-1, *sides)


def _by_pixel(weight: Tensor, sides: tuple[int, ...]) -> Tensor:
    return weight.reshape(-1, *sides).permute(0, 3, 1, 2)
