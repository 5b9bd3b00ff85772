"""Convolutions turned by 180 degrees, on pictures turned as much, where that makes their kernels smaller.

TensorFlow's padding has a row more below and to the right. Here padding is the same on all sides, and such a kernel has
zeros above and to the left (packed.py). Turned they lie below and to the right, where a stride skips them: they can go.
A depthwise convolution then has 9 products for 16.
"""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from seewhy.model.packed import Convolution


def mirrored(convs: Sequence[Convolution], shapes: Sequence[Sequence[int]]) -> list[Convolution] | None:
    """Each turned, for inputs of these shapes (n,c,h,w); None where windows would then lie elsewhere, or nothing is
    gained."""
    found = []
    for conv, shape in zip(convs, shapes, strict=True):
        if not _ends_with_the_picture(conv, shape):
            return None
        found.append(replace(conv, weight=_trimmed(conv.weight.flip(2, 3), conv), _packed=[]))
    pairs = zip(found, convs, strict=True)
    return found if any(new.weight.shape != old.weight.shape for new, old in pairs) else None


def _ends_with_the_picture(conv: Convolution, shape: Sequence[int]) -> bool:
    """Whether the last window ends where the padding does, so that windows lie alike from either end."""
    sizes = zip(shape[2:], conv.weight.shape[2:], conv.padding, conv.dilation, conv.stride, strict=True)
    return all((side + 2 * p - d * (k - 1) - 1) % s == 0 for side, k, p, d, s in sizes)


def _trimmed(weight: Tensor, conv: Convolution) -> Tensor:
    """Without rows and columns of zeros at the end, of which as many may go as make no room for one window more."""
    for axis, (stride, dilation) in enumerate(zip(conv.stride, conv.dilation, strict=True), start=2):
        for _ in range(stride - 1):
            length = weight.shape[axis]
            if dilation == 1 and length > 1 and not weight.select(axis, length - 1).any():
                weight = weight.narrow(axis, 0, length - 1)
    return weight.contiguous()
