"""A convolution with the batch norm and the rectifier behind it, in one pass: for forwards without a backward."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import winograd

Pair = tuple[int, int]
REORDER = "mkldnn_reorder_conv2d_weight"
RECTIFIERS: dict[str, tuple[float, float | None]] = {"relu": (0.0, None), "relu6": (0.0, 6.0)}


@dataclass(frozen=True, eq=False)
class Convolution:
    """conv2d with constant weights; `source` are the tensors of the network that these were made of."""

    weight: Tensor
    bias: Tensor | None
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    rectifier: str = ""
    by_tiles: bool = False  # by winograd.py, whose rounding is another
    _packed: list[Tensor] = field(default_factory=list, repr=False)

    __name__ = "convolution"

    @classmethod
    def of(
        cls, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, dilation: Pair, groups: int
    ) -> "Convolution":
        return cls(weight.detach(), None if bias is None else bias.detach(), stride, padding, dilation, groups)

    def padded(self, sides: Sequence[int]) -> "Convolution | None":
        """With zeros put around its input first: left, right, top, bottom."""
        wider = enlarged(self.weight, self.padding, self.dilation, sides)
        return None if wider is None else replace(self, weight=wider[0], padding=wider[1], _packed=[])

    def normed(
        self, mean: Tensor, variance: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> "Convolution | None":
        """With a batch norm in evaluation mode behind it, computed in float64 so that it is rounded once."""
        if self.rectifier:
            return None
        scale = (variance.detach().double() + eps).rsqrt()
        scale = scale if weight is None else scale * weight.detach().double()
        shift = -mean.detach().double() * scale
        shift = shift if bias is None else shift + bias.detach().double()
        shift = shift if self.bias is None else shift + self.bias.double() * scale
        kind = self.weight.dtype
        return replace(
            self, weight=(self.weight.double() * scale[:, None, None, None]).to(kind), bias=shift.to(kind), _packed=[]
        )

    def rectified(self, kind: str) -> "Convolution | None":
        if self.rectifier or kind not in RECTIFIERS:
            return None
        return replace(self, rectifier=kind, _packed=[])

    def of_kind(self, kind: torch.dtype) -> "Convolution":
        """The same in another precision."""
        bias = None if self.bias is None else self.bias.to(kind)
        return replace(self, weight=self.weight.to(kind), bias=bias, _packed=[])

    def some(self, outputs: Tensor | slice) -> "Convolution":
        """The same with some of its outputs, none of which are of groups."""
        bias = None if self.bias is None else self.bias[outputs].contiguous()
        return replace(self, weight=self.weight[outputs].contiguous(), bias=bias, _packed=[])

    def tiled(self, given: Sequence[int]) -> "Convolution":
        """The same by tiles, where that is quicker for inputs of this shape (n,c,h,w), of which there will be many."""
        by_one = self.stride == self.padding == self.dilation == (1, 1) and self.groups == 1
        quicker = by_one and winograd.suits(given[0], given[2:], self.weight, again=True)
        return replace(self, by_tiles=True, _packed=[]) if quicker else self

    def __call__(self, x: Tensor) -> Tensor:
        x = x if x.dtype == self.weight.dtype else x.to(self.weight.dtype)
        if self.by_tiles:
            return self.clamped(self._by_tiles(x))
        if packs(x, self.weight):
            return self._in_one_pass(x)
        return self.in_its_layout(x)

    def in_its_layout(self, x: Tensor) -> Tensor:
        """The same, returned in the layout of x."""
        return self.clamped(F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups))

    def clamped(self, found: Tensor) -> Tensor:
        """By the rectifier, in place."""
        return found.clamp_(*RECTIFIERS[self.rectifier]) if self.rectifier else found

    def shape(self, given: Sequence[int]) -> tuple[int, ...]:
        """Of what it makes of an input of this shape (n,c,h,w)."""
        sizes = zip(given[2:], self.weight.shape[2:], self.padding, self.dilation, self.stride, strict=True)
        return given[0], len(self.weight), *((h + 2 * p - d * (k - 1) - 1) // s + 1 for h, k, p, d, s in sizes)

    def added(self, x: Tensor, other: Tensor, *, over: bool = False) -> Tensor:
        """rectifier(conv(x) + other), where `packs`, both are channels-last and other has the result's shape. over: in
        other's memory."""
        if self.by_tiles:
            return self.clamped(self._by_tiles(x).add_(other))
        run = torch.ops.mkldnn._convolution_pointwise_ if over else torch.ops.mkldnn._convolution_pointwise
        given = (other, x) if over else (x, other)
        relu = self.rectifier == "relu"  # the only one that goes along with a sum
        found: Tensor = run.binary(*given, *self._on(x), "add", None, "relu" if relu else None, [], None)
        return found if relu else self.clamped(found)

    def _by_tiles(self, x: Tensor) -> Tensor:
        if not self._packed:
            self._packed.append(winograd.values(self.weight))
        return winograd.by_values(x, self._packed[0], self.bias)

    def _in_one_pass(self, x: Tensor) -> Tensor:
        """By oneDNN, with weights in the layout it likes best, laid out once."""
        found: Tensor = torch.ops.mkldnn._convolution_pointwise(x, *self._on(x), *self._behind, "")
        return found

    @property
    def _behind(self) -> tuple[str, list[float]]:
        """The rectifier in oneDNN's words."""
        low, high = RECTIFIERS.get(self.rectifier, (None, None))
        return ("none", []) if low is None else ("relu", []) if high is None else ("hardtanh", [low, high])

    def _on(self, x: Tensor) -> tuple[Any, ...]:
        """Weights and steps in oneDNN's order."""
        if not self._packed:
            wide = self.weight.contiguous(memory_format=torch.channels_last).to_mkldnn()
            self._packed.append(
                getattr(torch._C._nn, REORDER)(
                    wide, list(self.padding), list(self.stride), list(self.dilation), self.groups, list(x.shape)
                )
            )
        steps = (list(self.padding), list(self.stride), list(self.dilation))
        return self._packed[0], self.bias, *steps, self.groups


def packs(x: Tensor, weight: Tensor) -> bool:
    """Whether oneDNN's fused convolution is there for this."""
    return x.device.type == "cpu" and weight.dtype == x.dtype and x.dtype in _known()


@cache
def _known() -> tuple[torch.dtype, ...]:
    """Precisions that it has on this processor."""
    if not _there():
        return ()
    half = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if half else (torch.float32,)


def _there() -> bool:
    return hasattr(torch.ops.mkldnn, "_convolution_pointwise") and hasattr(torch._C._nn, REORDER)


def enlarged(weight: Tensor, padding: Pair, dilation: Pair, sides: Sequence[int]) -> tuple[Tensor, Pair] | None:
    """The kernel and the padding, the same on both sides, that do what a padding before them does on the left, right,
    top and bottom: where one side has more, the kernel gets zeros. None where it would grow much.

    Zeros change no sum, so that this is the same to the bit, without a copy of the input.
    """
    left, right, top, bottom = sides
    if dilation != (1, 1) or max(abs(top - bottom), abs(left - right)) > 1:
        return None
    zeros = [max(right - left, 0), max(left - right, 0), max(bottom - top, 0), max(top - bottom, 0)]
    return F.pad(weight.detach(), zeros), (padding[0] + max(top, bottom), padding[1] + max(left, right))
