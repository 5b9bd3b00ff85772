"""Back through a convolution to a picture: few channels, which oneDNN's kernels are not made for."""

from collections.abc import Sequence

import torch
from torch import Tensor

FEW = 4  # channels


def suits(weight: Tensor, groups: int) -> bool:
    """Whether the gradient at the input of a convolution with a weight (o,i,k,k) takes less time this way."""
    return weight.ndim == 4 and groups == 1 and weight.shape[1] <= FEW < len(weight) and weight.device.type == "cpu"


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
    windows = c.new_empty(len(c), len(turned), c[0, 0].numel())
    for one, own in zip(windows, c.flatten(2), strict=True):
        torch.mm(turned, own, out=one)
    how = (list(size), list(weight.shape[2:]), list(dilation), list(padding), list(stride))
    found: Tensor = torch._C._nn.col2im(windows, *how)
    return found
