"""Back through a convolution: to a picture, whose few channels oneDNN's kernels are not made for, by columns."""

from collections.abc import Sequence

import torch
from torch import Tensor

FEW = 4  # channels


def suits(weight: Tensor, groups: int) -> bool:
    """Whether the gradient at the input of a convolution with a weight (o,i,k,k) takes less time this way."""
    return weight.ndim == 4 and groups == 1 and weight.shape[1] <= FEW < len(weight) and weight.device.type == "cpu"


def input_gradient(
    c: Tensor,
    weight: Tensor,
    shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    *,
    turned: tuple[bool, Sequence[int]] = (False, (0, 0)),
) -> Tensor:
    """The gradient at a convolution's input, which has this shape, of that at its output, c, and in its layout.

    turned: whether it is a transposed convolution, and its output padding.
    """
    if not turned[0] and suits(weight, groups):
        return transposed(c, weight, shape[2:], stride, padding, dilation)
    layout = torch.contiguous_format if c.ndim != 4 or c.is_contiguous() else torch.channels_last
    sizes = torch.empty(shape, dtype=c.dtype, device=c.device, memory_format=layout)  # nothing else is read
    how = (stride, padding, dilation, *turned, groups)
    found: Tensor = torch.ops.aten.convolution_backward(c, sizes, weight, None, *how, (True, False, False))[0]
    return found


def transposed(
    c: Tensor,
    weight: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Tensor:
    """The gradient at its input (n,i,*size) of that at its output (n,o,h,w): what goes to each window is one matrix
    product, and windows are added up where they overlap."""
    turned = weight.flatten(1).t().contiguous()
    how = (list(size), list(weight.shape[2:]), list(dilation), list(padding), list(stride))
    windows = c.new_empty(1, len(turned), c[0, 0].numel())  # of one picture: they stay in a cache
    found = c.new_empty(len(c), weight.shape[1], *size)
    for picture, own in zip(found, c.flatten(2), strict=True):
        torch.mm(turned, own, out=windows[0])
        torch.ops.aten.col2im.out(windows, *how, out=picture[None])
    return found
