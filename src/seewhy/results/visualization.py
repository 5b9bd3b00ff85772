"""What a network would like to see: optimised pictures, what they were optimised for, and how that went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seewhy.types import ModelCard

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Visualized:
    """The pictures of one objective.

    images (t,n,h,w,c): n pictures at t steps of the optimisation, pixels in [0,1]. values (s,n): the objective in each
    step, before it was taken. transparency (n,h,w): how much was asked of each place on the way, 1 at most.
    """

    name: str
    images: Array
    values: Array
    transparency: Array

    @property
    def image(self) -> Array:
        """The last picture (h,w,c) of the first of its batch."""
        return np.asarray(self.images[-1, 0])


@dataclass(frozen=True, eq=False)
class Visualization:
    """Pictures for several objectives. steps: those at which they were kept. options: all it takes to do it again.
    photo (h,w,3): what they were made of, where that was no noise."""

    found: tuple[Visualized, ...]
    steps: tuple[int, ...]
    model: ModelCard
    options: Mapping[str, Any]
    seed: int
    seconds: float
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    photo: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, at: int) -> Visualized:
        return self.found[at]

    def figure(self, *, columns: int = 6, lang: str = "en") -> "Figure":
        """All pictures in a grid under their objectives' names; those kept on the way stand before the last."""
        from seewhy.render.visualization import figure  # the looks upwards, as Explanation.save's

        made: Figure = figure(self, columns=columns, lang=lang)
        return made

    def save(self, folder: "str | PathLike[str]", *, lang: str = "en") -> Path:
        """Write the grid, each picture as PNG and `manifest.json` to a folder. Raises BadInput where the disk
        refuses."""
        from seewhy.render.visualization import save

        saved: Path = save(self, folder, lang)
        return saved
