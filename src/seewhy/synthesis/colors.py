"""From three free numbers a pixel to colours: decorrelated as photos' are, squeezed into [0,1]."""

import torch
from torch import Tensor

# How the colours of ImageNet's photos vary together: the square root of their covariance (Lucid's), scaled so that its
# longest column has the length 1.
_ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]], dtype=torch.float64)
CORRELATION = _ROOT / _ROOT.norm(dim=0).max()


def to_rgb(free: Tensor, *, decorrelate: bool = True) -> Tensor:
    """Pixels (n,c,h,w) in (0,1) from free numbers; those of three channels lie along photos' principal colours."""
    if decorrelate and free.shape[1] == 3:
        free = torch.einsum("cd,ndhw->nchw", CORRELATION.to(free), free)
    return free.sigmoid()


def from_rgb(pixels: Tensor, *, decorrelate: bool = True, margin: float = 1 / 512) -> Tensor:
    """The free numbers (n,c,h,w) that `to_rgb` makes pixels of; those nearer than margin to 0 or 1 end there."""
    free = pixels.clamp(margin, 1 - margin).logit()
    if decorrelate and free.shape[1] == 3:
        free = torch.einsum("cd,ndhw->nchw", torch.linalg.inv(CORRELATION).to(free), free)
    return free
