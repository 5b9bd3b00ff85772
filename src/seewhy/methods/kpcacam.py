"""KPCA-CAM."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from seewhy.cams import Augmented, Layered
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.ops.maps import centred_cells, on_grid, turned
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Need, Pixels

MOST_CELLS = 4096  # the kernel is a matrix of cells by cells


@method(
    "kpcacam",
    Need.MAPS,
    title="KPCA-CAM",
    family="cam",
    paper="arXiv:2410.00267",
    cost="1 forward",
    sign="positive",
    starts="layers",
)
class KPCACAM(Augmented, Layered):
    """First kernel principal component of a layer's maps, whatever the class; it grows where their sum does."""

    kernel: Literal["sigmoid", "rbf"] = option("sigmoid", "of two cells' channels", choices=("sigmoid", "rbf"))
    gamma: float | None = option(None, "the kernel's width; default 1 over the number of channels")

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        return [self._component(maps) for maps in model.maps(x, layers)]

    def _component(self, maps: Tensor) -> Tensor:
        d, r, q = maps.shape[1:]
        if r * q > MOST_CELLS:
            raise Unsupported(
                f"kernel principal components of {r} x {q} cells, more than {MOST_CELLS}",
                "name a deeper layer, or use eigencam",
            )
        cells = centred_cells(maps)
        gamma = 1 / d if self.gamma is None else self.gamma
        found = torch.stack([leading(kernel(one, self.kernel, gamma)) for one in cells])
        return on_grid(turned(found, cells), maps)


def kernel(cells: Tensor, kind: str, gamma: float) -> Tensor:
    """The kernel of all pairs of cells (n,d): (n,n)."""
    if kind == "sigmoid":
        return torch.tanh(gamma * cells @ cells.T + 1)
    return torch.exp(-gamma * torch.cdist(cells, cells) ** 2)


def leading(kernel: Tensor) -> Tensor:
    """Scores (n,1) of the first principal component behind a kernel (n,n), Schoelkopf et al. 1998."""
    rows = kernel.mean(0, keepdim=True)
    values, vectors = torch.linalg.eigh(kernel - rows - rows.T + rows.mean())
    component: Tensor = vectors[:, -1:] * values[-1].clamp_min(0).sqrt()
    return component
