"""Calls of a tape made cheaper under a backward: its forward is the network's own to the bit, its gradients are too
but for rounding.

The forward decides at which side of its kink each rectifier stands, so it is left alone. The backward between the kinks
is linear: there a convolution and the batch norm behind it are one convolution, and a rectifier needs only its output.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model import columns
from seewhy.model.fold import ConvArgs, NormArgs, padding_before, pair, taken
from seewhy.model.packed import RECTIFIERS, Convolution, enlarged
from seewhy.model.phases import Phased, phased
from seewhy.model.pooling_first import pooling_first
from seewhy.model.rules import kind
from seewhy.model.sums import Summed
from seewhy.model.tape import Call, Slot, mapped

Rectifying = Literal["own", "guided", "left"]
LONG = 512  # products of a sum


@dataclass(frozen=True, eq=False)
class Affine:
    """conv2d, batch norm in evaluation mode, or one behind the other, with constant weights."""

    calls: tuple[Call, ...]
    conv: ConvArgs | None = None
    scale: Tensor | None = None  # of the batch norm, (d,)
    by_tiles: bool = False  # backwards, too: see packed.py
    _turned: list[Any] = field(default_factory=list, repr=False)

    __name__ = "affine"

    def __call__(self, x: Tensor) -> Tensor:
        if not x.requires_grad:
            return self.forward(x)
        found: Tensor = _Affine.apply(x, self)
        return found

    def forward(self, x: Tensor) -> Tensor:
        for call in self.calls:
            x = call.function(*(x if isinstance(one, Slot) else one for one in call.args), **filled(call.kwargs, x))
        return x

    def backward(
        self,
        grad: Tensor,
        shape: torch.Size,
        layout: torch.memory_format,
        besides: Tensor | None = None,
        over: bool = False,
    ) -> Tensor:
        """The gradient at the input, which has this shape, of that at the output. besides: what it is added to; over:
        and whose memory may take the sum."""
        if self.conv is None:
            assert self.scale is not None, "neither a convolution nor a batch norm"
            found = grad * self.scale[:, None, None]
            return found if besides is None else found + besides
        if not self._turned:
            self._turned.append(self._transposed(layout))
        turned = self._turned[0]
        grad = grad.contiguous(memory_format=layout)
        if isinstance(turned, Convolution) and layout == torch.channels_last:
            return turned(grad) if besides is None else Summed(turned, over)(grad, besides)
        if isinstance(turned, Convolution):
            found = turned.in_its_layout(grad)
        elif isinstance(turned, Phased):
            found = turned(grad, shape)
        else:
            stride, padding, dilation = (pair(one) for one in (self.conv.stride, self.conv.padding, self.conv.dilation))
            found = columns.input_gradient(grad, turned, shape, stride, padding, dilation, self.conv.groups)
        return found if besides is None else found + besides

    def _transposed(self, layout: torch.memory_format) -> Any:
        """The convolution that is this one's backward, where stride 1 makes it one or its outputs are phases; else its
        weights, in the layout of the maps: in another they would be laid out anew each time."""
        assert self.conv is not None
        weight = self.conv.weight.detach()
        if self.scale is not None:
            weight = weight * self.scale[:, None, None, None]
        stride, padding, dilation = (pair(one) for one in (self.conv.stride, self.conv.padding, self.conv.dilation))
        margins = tuple(d * (k - 1) - p for k, p, d in zip(weight.shape[2:], padding, dilation, strict=True))
        if (found := phased(weight, stride, padding, dilation, self.conv.groups)) is not None:
            return found
        if columns.suits(weight, self.conv.groups):
            return weight
        if stride != (1, 1) or min(margins) < 0:
            return weight.contiguous(memory_format=layout)
        groups = self.conv.groups
        parts = [one.transpose(0, 1).flip(2, 3) for one in weight.chunk(groups)]
        back = Convolution.of(torch.cat(parts).contiguous(), None, (1, 1), margins, dilation, groups)
        return replace(back, by_tiles=self.by_tiles)


class _Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, affine: Affine) -> Tensor:
        ctx.affine, ctx.shape = affine, x.shape
        last = x.is_contiguous(memory_format=torch.channels_last)
        ctx.layout = torch.channels_last if last else torch.contiguous_format
        return affine.forward(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return ctx.affine.backward(grad, ctx.shape, ctx.layout), None


@dataclass(frozen=True, eq=False)
class Rectifier:
    """ReLU or ReLU6, in place where nothing else reads what it is given. guided: only positive gradients pass."""

    kind: str
    in_place: bool
    guided: bool = False

    __name__ = "rectifier"

    def __call__(self, x: Tensor) -> Tensor:
        if not x.requires_grad:
            low, high = RECTIFIERS[self.kind]
            return x.clamp_(low, high) if self.in_place else x.clamp(low, high)
        found: Tensor = _Rectifier.apply(x, self)
        return found


class _Rectifier(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rectifier: Rectifier) -> Tensor:
        low, high = RECTIFIERS[rectifier.kind]
        if rectifier.in_place:
            ctx.mark_dirty(x)
            y = x.clamp_(low, high)
        else:
            y = x.clamp(low, high)
        ctx.bounds, ctx.guided = (low, high), rectifier.guided
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (y,) = ctx.saved_tensors
        found = passed(grad, y, *ctx.bounds)
        return found.relu_() if ctx.guided else found, None


def passed(grad: Tensor, y: Tensor, low: float, high: float | None, owned: bool = False) -> Tensor:
    """The gradient where a rectifier that returned y lets it pass; in its own memory if it may be."""
    into = {"grad_input": grad} if owned and grad.stride() == y.stride() else {}
    found: Tensor
    if high is None:
        found = torch.ops.aten.threshold_backward(grad, y, low, **into)
    else:
        found = torch.ops.aten.hardtanh_backward(grad, y, low, high, **into)
    return found


def chained(calls: Sequence[Call], wanted: Iterable[int], rectifiers: Rectifying = "own") -> list[Call]:
    """The same calls with backwards of their own; slots `wanted` stay what they are.

    rectifiers: their own backward or guided backpropagation's, or left to rules that change it.
    """
    wanted = tuple(wanted)
    reads = Counter(slot for call in calls for slot in call.reads)
    reads.update(wanted)
    made: list[Call | None] = []
    maker: dict[int, int] = {}
    for call in pooling_first(calls, wanted) if rectifiers == "own" else calls:
        call = _padded(call, made, maker, reads)
        new = _affine(call) or call
        if rectifiers != "left":
            new = _rectifier(new, made, maker, reads, guided=rectifiers == "guided") or new
        at = _taken_along(new, made, maker, reads)
        if at is None:
            made.append(new)
            at = len(made) - 1
        maker.update(dict.fromkeys(new.makes, at))
    return [call for call in made if call is not None]


def _padded(call: Call, made: list[Call | None], maker: dict[int, int], reads: Counter[int]) -> Call:
    """A convolution with the padding before it taken along."""
    conv = taken(call, ConvArgs) if call.name == "conv2d" else None
    if (
        conv is None
        or not isinstance(conv.x, Slot)
        or not isinstance(conv.weight, Tensor)
        or isinstance(conv.padding, str)
    ):
        return call
    found = padding_before(replace(call, args=(conv.x,)), made, maker, reads)
    wider = enlarged(conv.weight, pair(conv.padding), pair(conv.dilation), found[1].pad) if found else None
    if found is None or wider is None:
        return call
    made[found[0]] = None
    args = conv._replace(x=found[1].x, weight=wider[0], padding=wider[1])
    return replace(call, function=F.conv2d, args=tuple(args), kwargs={})


def _taken_along(call: Call, made: list[Call | None], maker: dict[int, int], reads: Counter[int]) -> int | None:
    """The place of the convolution before this batch norm once both are one call; None where they can't be."""
    norm = call.function
    if not isinstance(norm, Affine) or norm.conv is not None:
        return None
    (slot,) = call.reads
    at = maker.get(slot, -1)
    before = made[at] if at >= 0 else None
    conv = before.function if before is not None else None
    if before is None or reads[slot] != 1 or not isinstance(conv, Affine) or conv.scale is not None:
        return None
    made[at] = Call(Affine((*conv.calls, *norm.calls), conv.conv, norm.scale), before.args, {}, call.out)
    return at


def _affine(call: Call) -> Call | None:
    """A convolution or a batch norm whose only moving argument is its input."""
    if len(call.reads) != 1 or not isinstance(call.out, Slot) or call.out.number in call.reads:
        return None
    if call.name == "conv2d":
        conv = taken(call, ConvArgs)
        if conv is None or not isinstance(conv.x, Slot) or isinstance(conv.padding, str):
            return None
        return Call(Affine((call,), conv), (conv.x,), {}, call.out)
    if call.name == "batch_norm":
        norm = taken(call, NormArgs)
        if norm is None or norm.training or not isinstance(norm.x, Slot) or not isinstance(norm.mean, Tensor):
            return None
        scale = (norm.variance.detach().double() + norm.eps).rsqrt()
        scale = scale if norm.weight is None else scale * norm.weight.detach().double()
        return Call(Affine((call,), None, scale.to(norm.variance.dtype)), (norm.x,), {}, call.out)
    return None


def _rectifier(
    call: Call, made: Sequence[Call | None], maker: dict[int, int], reads: Counter[int], *, guided: bool
) -> Call | None:
    found = kind(call.function, call.args, call.kwargs)
    if found not in RECTIFIERS or len(call.reads) != 1 or not isinstance(call.out, Slot):
        return None
    (slot,) = call.reads
    in_place = call.out.number == slot
    before = made[maker[slot]] if slot in maker else None
    fresh = before is not None and isinstance(before.function, Affine) and reads[slot] == 1
    return Call(Rectifier(found, in_place or fresh, guided), (Slot(slot),), {}, call.out)


def layout_of(calls: Sequence[Call]) -> torch.memory_format:
    """Channels-last, but where each convolution behind the first sums many products over a window, as in a VGG.

    Channels-last kernels add long sums up one by one. Where nothing shorter comes between, the scores' rounding is 2.6
    times what it is in the usual layout and the gradient's error twice, for a fifth less time (VGG-16, AVX-512).
    """
    convs = [taken(call, ConvArgs) for call in calls if call.name == "conv2d"][1:]
    return torch.contiguous_format if convs and all(map(_sums_long, convs)) else torch.channels_last


def _sums_long(conv: ConvArgs | None) -> bool:
    return conv is not None and conv.weight[0].numel() > LONG and conv.weight[0, 0].numel() > 1


def filled(kwargs: dict[str, Any], x: Tensor) -> Any:
    return mapped(kwargs, lambda one: x if isinstance(one, Slot) else one)
