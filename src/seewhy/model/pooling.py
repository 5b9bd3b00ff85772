"""Max pooling of windows of two by two as maxima of shifted views: where planes lie one after the other torch's own
goes through the windows one by one, and takes four times as long."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

PAIRS = (2, (2,), (2, 2), [2], [2, 2])


def max_pool2d(
    x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """torch's max_pool2d, to the bit, and so is its gradient: of equal numbers the first in the window has it."""
    plain = padding in (0, (0,), (0, 0), [0, 0]) and dilation in (1, (1,), (1, 1), [1, 1])
    steps = stride is None or list(stride if isinstance(stride, tuple | list) else [stride]) == [] or stride in PAIRS
    known = kernel_size in PAIRS and steps and plain and x.ndim == 4 and x.is_contiguous() and x.device.type == "cpu"
    if not known or min(x.shape[2:]) < 2 or (ceil_mode and any(side % 2 for side in x.shape[2:])):
        return F.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode)
    if not (torch.is_grad_enabled() and x.requires_grad):
        return _halves(x)[-1]
    found: Tensor = _Maxima.apply(x)
    return found


def _halves(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The upper and the lower rows, and what is largest in each window."""
    height, width = (side // 2 * 2 for side in x.shape[2:])
    upper, lower = x[:, :, 0:height:2, :width], x[:, :, 1:height:2, :width]
    rows = torch.maximum(upper, lower)
    return upper, lower, torch.maximum(rows[..., ::2], rows[..., 1::2])


class _Maxima(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        upper, lower, largest = _halves(x)
        # Which of the four it was, in the order of reading: the first that is as large.
        down = lower > upper
        rows = torch.maximum(upper, lower)
        left, right = rows[..., ::2], rows[..., 1::2]
        across = (right > left) | ((right == left) & down[..., ::2] & ~down[..., 1::2])
        deep = torch.where(across, down[..., 1::2], down[..., ::2])
        width = x.shape[3]
        places = torch.arange(0, largest.shape[2] * 2, 2)[:, None] * width + torch.arange(0, largest.shape[3] * 2, 2)
        ctx.save_for_backward(torch.add(places, deep, alpha=width).add_(across))
        ctx.shape = x.shape
        return largest

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (places,) = ctx.saved_tensors
        like = grad.new_empty(ctx.shape)  # nothing but its shape is read
        found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward(
            grad.contiguous(), like, [2, 2], [2, 2], [0, 0], [1, 1], False, places
        )
        return found
