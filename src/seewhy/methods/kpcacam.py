"""KPCA-CAM."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from seewhy.cams import Augmented, Layered
from seewhy.errors import Unsupported
from seewhy.model import Model
from seewhy.ops.maps import centred_cells, strength, turned
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
    """First kernel principal component of a layer's maps, whatever the class; it grows where they are strong."""

    kernel: Literal["sigmoid", "rbf"] = option("sigmoid", "of two cells' channels", choices=("sigmoid", "rbf"))
    gamma: float | None = option(None, "the kernel's width; default 1 over the number of channels")

    def one(self, model: Model, x: Pixels, target: Pinned, layers: Sequence[str], rng: Rng) -> list[Tensor]:
        return [self._component(maps) for maps in model.maps(x, layers)]

    def _component(self, maps: Tensor) -> Tensor:
        r, q = maps.shape[2:]
        if r * q > MOST_CELLS:
            raise Unsupported(
                f"kernel principal components of {r} x {q} cells, more than {MOST_CELLS}",
                "name a deeper layer, or use eigencam",
            )
        cells = centred_cells(maps).cpu()
        found = torch.stack([component(one, self.kernel, self.gamma) for one in cells])
        return turned(found.to(maps.device), strength(maps))


def component(cells: Tensor, kernel: str, gamma: float | None) -> Tensor:
    """Cells (n,d) on their first kernel principal component: (n,1)."""
    from sklearn.decomposition import KernelPCA

    if not cells.any():  # a flat map, which has none
        return cells.new_zeros(len(cells), 1)
    solver = KernelPCA(1, kernel=kernel, gamma=gamma, random_state=0)  # its start is drawn
    return torch.from_numpy(solver.fit_transform(cells.numpy()))
