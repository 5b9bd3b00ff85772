"""Networks whose explanations can be written down."""

import torch
from torch import Tensor, nn

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
