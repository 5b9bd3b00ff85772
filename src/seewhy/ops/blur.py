"""Gaussian blur of images (b,c,h,w)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Separable, edges repeated, cut off at 4 sigma. sigma in pixels; 0 leaves x as it is."""
    if sigma <= 0:
        return x.clone()
    radius = max(1, int(4 * sigma + 0.5))
    at = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = x.shape[1]
    for shape, pad in (((1, 1, -1, 1), (0, 0, radius, radius)), ((1, 1, 1, -1), (radius, radius, 0, 0))):
        x = F.conv2d(F.pad(x, pad, mode="replicate"), kernel.view(shape).expand(channels, *[-1] * 3), groups=channels)
    return x


def box(x: Tensor, sides: Sequence[int]) -> Tensor:
    """The mean over a box of (height, width) pixels, edges mirrored; an even box reaches one pixel further before."""
    for axis, side in enumerate(sides):
        before, after = side // 2, side - 1 - side // 2
        if axis == 0:
            x = F.avg_pool2d(F.pad(x, (0, 0, before, after), mode="reflect"), (side, 1), 1)
        else:
            x = F.avg_pool2d(F.pad(x, (before, after, 0, 0), mode="reflect"), (1, side), 1)
    return x
