"""Gaussian blur of images (b,c,h,w)."""

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
