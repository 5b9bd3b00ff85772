"""A layer with a pooling by maxima behind it: of its outputs, those that the pooling chose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seewhy.model.relevance.operators import Operator

NAMES = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Pooled(Operator):
    """places (n,o,r,q): of the largest in each window, in maps (o,*size) row by row. windows: how these lie."""

    of: Operator
    places: Tensor
    size: tuple[int, ...]
    windows: tuple[Any, ...]

    scales = False

    def forth(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        every = self.of.forth(x, weight, bias).permute(0, 2, 3, 1).flatten(1, 2)
        chosen = self.places.permute(0, 2, 3, 1)
        return every.gather(1, chosen.flatten(1, 2)).view(chosen.shape).permute(0, 3, 1, 2)

    def back(self, c: Tensor, weight: Tensor, shape: Sequence[int]) -> Tensor:
        layout = torch.channels_last if self.places.stride(1) == 1 else torch.contiguous_format
        shape_only = torch.empty(*c.shape[:2], *self.size, dtype=c.dtype, device=c.device, memory_format=layout)
        c = c.contiguous(memory_format=layout)
        every = torch.ops.aten.max_pool2d_with_indices_backward(c, shape_only, *self.windows, self.places)
        return self.of.back(every, weight, shape)


def pooled(operator: Operator, z: Tensor, *args: Any, **kwargs: Any) -> tuple[Pooled, Tensor] | None:
    """max_pool2d, with these arguments, of what an operator returned: as one with it, and what it returns.

    None where it has no maps.
    """
    given: dict[str, Any] = dict(zip(NAMES, args, strict=False)) | kwargs  # no places are asked for by this name
    if z.ndim != 4 or operator.channel % z.ndim != 1:
        return None
    kernel = _pair(given["kernel_size"])
    steps = (_pair(given.get("stride") or kernel), _pair(given.get("padding", 0)), _pair(given.get("dilation", 1)))
    windows = (kernel, *steps, given.get("ceil_mode", False))
    with torch.no_grad():
        values, places = torch.ops.aten.max_pool2d_with_indices(z, *windows)
    own = (operator.weight, operator.bias, operator.channel, operator.units)
    return Pooled(*own, operator, places, z.shape[2:], windows, rescaled=operator.rescaled), values


def _pair(value: Any) -> Pair:
    both = tuple(value) if isinstance(value, tuple | list) else (value,)
    return (both * 2)[:2] if len(both) == 1 else (both[0], both[1])
