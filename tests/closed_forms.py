"""Networks whose explanations can be written down, and formulas done slowly."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from seewhy import Model


class Linear(nn.Module):
    """Scores linear in the pixels."""

    def __init__(self, size: tuple[int, int, int] = (3, 16, 20), classes: int = 4) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.weight = nn.Parameter(torch.randn(classes, *size, generator=generator))

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("bchw,kchw->bk", x, self.weight) + 0.3


class Quadratic(Linear):
    """Scores that are weighted sums of squared pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.square())


def plainly(net: nn.Module) -> Model:
    """A model that takes pixels as they are, in float64."""
    return Model(net.double(), mean=(0, 0, 0), std=(1, 1, 1), size=(16, 20))


def masks_of(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Each channel of maps (d,r,q) scaled to [0,1], a flat one 0, then resized between cell centres: (d,1,1,h,w)."""
    found = []
    for one in maps:
        span = one.max() - one.min()
        scaled = (one - one.min()) / span if span > 0 else 0 * one
        found.append(interpolate(scaled[None, None], tuple(size), mode="bilinear"))
    return torch.stack(found)
