"""Convolutions and linear layers as what relevance needs of them: to multiply with their weights, forth and back."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.linear import linear


@dataclass(frozen=True, eq=False)
class Operator(ABC):
    """x -> (weight x + bias) / units. channel: the output's axis that bias and units (o,) lie on."""

    weight: Tensor
    bias: Tensor | None
    channel: int
    units: Tensor
    rescaled: bool = field(default=False, kw_only=True)  # whether units are other than ones

    @abstractmethod
    def forth(self, x: Tensor, weight: Tensor) -> Tensor:
        """Products of x with weights in the place of the operator's own, without a bias."""

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

    def forth(self, x: Tensor, weight: Tensor) -> Tensor:
        return linear(x, weight)

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

    def forth(self, x: Tensor, weight: Tensor) -> Tensor:
        return torch.convolution(
            *(x, weight, None, self.stride, self.padding, self.dilation),
            *(self.transposed, self.output_padding, self.groups),
        )

    def back(self, c: Tensor, weight: Tensor, shape: Sequence[int]) -> Tensor:
        sizes = c.new_empty(1).expand(shape)  # nothing but its shape is read
        found: Tensor = torch.ops.aten.convolution_backward(
            *(c, sizes, weight, None, self.stride, self.padding, self.dilation),
            *(self.transposed, self.output_padding, self.groups, (True, False, False)),
        )[0]
        return found

    def _rescaled(self, scale: Tensor) -> Tensor:
        if not self.transposed:
            return super()._rescaled(scale)
        own = self.weight  # (i, o / groups, ...), the groups' inputs one after the other
        each = scale.view(self.groups, 1, -1, *[1] * (own.ndim - 2))
        return (own.view(self.groups, -1, *own.shape[1:]) * each).view_as(own)


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
