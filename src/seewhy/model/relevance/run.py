"""What one pass of relevance knows while it runs: whose images, by which rule, what was absorbed where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from seewhy.model.relevance.presets import Preset

# What keeps relevance: biases and other constants that are added, stabilisers of denominators, the constant term of a
# softmax's or logarithm's linearisation, and values that functions have at zero.
Sink = Literal["bias", "stabiliser", "softmax", "offset"]
SINKS: tuple[Sink, ...] = get_args(Sink)


class MixedImages(Exception):
    """Rows of several images can't be told apart in a tensor: one image at a time can."""


@dataclass(frozen=True)
class Twin:
    """Beside pixels on their way to the first layer: a tensor of the same values whose gradient is relevance itself.

    low, high: the least and the largest values there; there: 1 for pixels, 0 for what padding added.
    """

    values: Tensor
    low: Tensor
    high: Tensor
    there: Tensor


@dataclass(eq=False)
class Run:
    """images: how many go through. twins: of tensors that hold nothing but pixels. gates: factors that get nothing."""

    images: int
    preset: Preset
    sinks: Mapping[Sink, Tensor]
    twins: Any = field(default_factory=WeakIdKeyDictionary)
    gates: Any = field(default_factory=WeakIdKeyDictionary)
    weights: Any = field(default_factory=WeakIdKeyDictionary)  # of attention, on their way to a product with values
    attention: list[Tensor] = field(default_factory=list)  # weights that were multiplied with values, in their order
    first: int = 0  # layers that the pixels' own rule was used for

    @staticmethod
    def of(images: int, preset: Preset, device: torch.device) -> "Run":
        """sinks: leaves (images,) whose gradients are what was absorbed."""
        made = {sink: torch.zeros(images, dtype=torch.float64, device=device, requires_grad=True) for sink in SINKS}
        return Run(images, preset, made)

    def sink(self, name: Sink) -> Tensor:
        return self.sinks[name]


def per_image(values: Tensor, images: int) -> Tensor:
    """Sums (images,) over each image's numbers, which lie in one piece of the tensor."""
    if values.numel() % images or (images > 1 and (values.ndim == 0 or len(values) % images)):
        raise MixedImages
    return values.reshape(images, -1).sum(1, dtype=torch.float64)


def inner(a: Tensor, b: Tensor, images: int) -> Tensor:
    """Sums (images,) of products of two tensors of one shape."""
    return per_image(a * b, images)
