"""Convolutions and linear layers as what relevance needs of them: to multiply with their weights, forth and back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, ClassVar

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model import columns, winograd
from seewhy.model.chain import LONG
from seewhy.model.linear import linear

MANY = 2**19  # outputs of an image: of fewer, a sum that is a millionth off moves less than one over its kink


@dataclass(frozen=True, eq=False)
class Operator(ABC):
    """x -> (weight x + bias) / units. channel: the output's axis that bias and units (o,) lie on."""

    weight: Tensor
    bias: Tensor | None
    channel: int
    units: Tensor
    rescaled: bool = field(default=False, kw_only=True)  # whether units are other than ones

    scales: ClassVar[bool] = True  # whether `scaled` knows it

    def output(self, x: Tensor) -> Tensor:
        """weight x + bias, to the rounding of the network's own: what is behind it has kinks."""
        return self.forth(x, self.weight, self.bias)

    @abstractmethod
    def forth(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """Products of x with weights in the place of the operator's own, and a bias if one is given."""

    @abstractmethod
    def back(self, c: Tensor, weight: Tensor, shape: Sequence[int]) -> Tensor:
        """The transpose: from the output's shape to an input of this shape."""

    def column(self, values: Tensor, ndim: int) -> Tensor:
        """A number a channel (o,), to be multiplied with an output of ndim axes."""
        axis = self.channel % ndim
        return values.view(*[1] * axis, -1, *[1] * (ndim - axis - 1))

    def totals(self, values: Tensor) -> Tensor:
        """Of numbers where the outputs are, the sums (n,o) of each row's channels."""
        channel = self.channel % values.ndim
        others = [axis for axis in range(1, values.ndim) if axis != channel]
        return values.sum(others) if others else values

    def scaled(self, scale: Tensor, shift: Tensor) -> "Operator":
        """The operator with its outputs times `scale` plus `shift`, (o,) each: with a batch norm behind it.

        Where all of the scale is positive, signs stay as they are and it is only told in units.
        """
        if bool((scale > 0).all()):
            bias = shift / scale if self.bias is None else self.bias + shift / scale
            return replace(self, bias=bias, units=self.units / scale, rescaled=True)
        bias = shift if self.bias is None else self.bias * scale + shift
        return replace(self, weight=self._rescaled(scale), bias=bias)

    def _rescaled(self, scale: Tensor) -> Tensor:
        return self.weight * scale.view(-1, *[1] * (self.weight.ndim - 1))


@dataclass(frozen=True, eq=False)
class Linear(Operator):
    """Of inputs (...,i), with a weight (o,i)."""

    @staticmethod
    def of(weight: Tensor, bias: Tensor | None) -> "Linear":
        return Linear(weight, bias, -1, torch.ones_like(weight[:, 0]))

    def forth(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return linear(x, weight, bias)

    def back(self, c: Tensor, weight: Tensor, shape: Sequence[int]) -> Tensor:
        return linear(c, weight.t())


@dataclass(frozen=True, eq=False)
class Convolution(Operator):
    """Of any number of axes, transposed or not."""

    stride: tuple[int, ...] = (1,)
    padding: tuple[int, ...] = (0,)
    dilation: tuple[int, ...] = (1,)
    groups: int = 1
    transposed: bool = False
    output_padding: tuple[int, ...] = (0,)

    def output(self, x: Tensor) -> Tensor:
        if x.ndim == 4 and self._sums_long and self._outputs(x) > MANY:
            return laid(self._convolved(unlaid(x), self.weight, self.bias))
        return super().output(x)

    def forth(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        if self._steps_by_one and winograd.suits(len(x), x.shape[2:], weight):
            return winograd.convolved(laid(x), weight, bias)
        return laid(self._convolved(suited(x, weight), weight, bias))

    def back(self, c: Tensor, weight: Tensor, shape: Sequence[int]) -> Tensor:
        if self._steps_by_one and winograd.suits(len(c), c.shape[2:], weight):
            return winograd.transposed(laid(c), weight)
        steps = (self.stride, self.padding, self.dilation, self.groups)
        turned = (self.transposed, self.output_padding)
        return laid(columns.input_gradient(suited(c, weight), weight, shape, *steps, turned=turned))

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return torch.convolution(
            *(x, weight, bias, self.stride, self.padding, self.dilation),
            *(self.transposed, self.output_padding, self.groups),
        )

    @property
    def _sums_long(self) -> bool:
        """Whether sums are that long over a window, which kernels for channels-last add up one by one."""
        return self.weight[0].numel() > LONG and self.weight[0, 0].numel() > 1

    def _outputs(self, x: Tensor) -> int:
        """Of an image, in round numbers."""
        return len(self.units) * prod(-(-side // step) for side, step in zip(x.shape[2:], self.stride, strict=True))

    @property
    def _steps_by_one(self) -> bool:
        ones = (1, 1)
        return self.stride == self.padding == self.dilation == ones and self.groups == 1 and not self.transposed

    def _rescaled(self, scale: Tensor) -> Tensor:
        if not self.transposed:
            return super()._rescaled(scale)
        own = self.weight  # (i, o / groups, ...), the groups' inputs one after the other
        each = scale.view(self.groups, 1, -1, *[1] * (own.ndim - 2))
        return (own.view(self.groups, -1, *own.shape[1:]) * each).view_as(own)


def laid(x: Tensor) -> Tensor:
    """With the channels last in memory, where convolutions are quicker, and poolings between them by far."""
    if x.ndim != 4 or x.device.type != "cpu" or x.dtype != torch.float32:
        return x
    return x.contiguous(memory_format=torch.channels_last)


def unlaid(x: Tensor) -> Tensor:
    """The other way. What torch copies block by block, and eight times faster, is the transpose of a matrix alone."""
    if x.is_contiguous() or x.ndim != 4 or not x.is_contiguous(memory_format=torch.channels_last):
        return x.contiguous()
    found = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    for one, own in zip(found, x, strict=True):
        one.flatten(1).copy_(own.permute(1, 2, 0).flatten(0, 1).t())
    return found


def suited(x: Tensor, weight: Tensor) -> Tensor:
    """As one of the two for a convolution: kernels are laid anew in each call, and big ones that way take longer."""
    big = weight.ndim == 4 and weight[0, 0].numel() > 1 and weight.numel() > 4 * x.numel()
    return unlaid(x) if big else laid(x)


def convolution(name: str, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Convolution:
    """The operator of a call of conv2d, conv_transpose2d and their like on x."""
    axes = int(name.removesuffix("d")[-1])
    transposed = "transpose" in name
    order = ("weight", "bias", "stride", "padding", *(("output_padding", "groups", "dilation") if transposed else ()))
    given = dict(zip((*order, "dilation", "groups")[: len(args)], args, strict=True)) | kwargs

    def each(what: str, usual: int) -> tuple[int, ...]:
        value = given.get(what, usual)
        value = tuple(value) if isinstance(value, tuple | list) else (value,)
        return value * axes if len(value) == 1 else value

    weight = given["weight"]
    channels = weight.shape[1] * given.get("groups", 1) if transposed else len(weight)
    return Convolution(
        weight=weight,
        units=weight.new_ones(channels),
        bias=given.get("bias"),
        channel=x.ndim - axes - 1,
        stride=each("stride", 1),
        padding=_padding(given.get("padding"), weight, each("dilation", 1)) or each("padding", 0),
        dilation=each("dilation", 1),
        groups=given.get("groups", 1),
        transposed=transposed,
        output_padding=each("output_padding", 0),
    )


def _padding(asked: Any, weight: Tensor, dilation: tuple[int, ...]) -> tuple[int, ...] | None:
    """What padding by a word comes to."""
    if not isinstance(asked, str):
        return None
    total = [0 if asked == "valid" else d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]
    if any(one % 2 for one in total):
        raise Unsupported("lrp has no rule for padding='same' by an odd number", "give the padding in numbers")
    return tuple(one // 2 for one in total)
