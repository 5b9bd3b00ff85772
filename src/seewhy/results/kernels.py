"""The kernels of one layer: what each filter weighs its inputs by."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from seewhy.types import ModelCard

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 4096  # tiles on a picture


@dataclass(frozen=True, eq=False)
class Kernels:
    """weights (o,i,h,w), as the layer holds them, of the chosen `filters` and `inputs`, by their numbers.

    of: how many filters and inputs the layer has; a grouped convolution's inputs are those of a group. colour: whether
    they are the red, green and blue of the picture. shape: what a tile is: a "kernel", a "patch" where a linear layer
    reads the pixels of one, "maps" where it reads flattened maps, or the "matrix", whose rows are filters, of single
    numbers.
    """

    layer: str
    kind: str
    weights: NDArray[np.float32]
    filters: tuple[int, ...]
    inputs: tuple[int, ...]
    of: tuple[int, int]
    colour: bool
    shape: str
    model: ModelCard

    @property
    def top(self) -> float:
        """The largest absolute weight: the end of the scale that all tiles share."""
        return float(np.abs(self.weights).max(initial=0))

    @property
    def tiles(self) -> int:
        """A tile a filter in colour, else one for each of its inputs; a matrix is one."""
        filters, inputs = self.weights.shape[:2]
        return 1 if self.shape == "matrix" else filters if self.colour else filters * inputs

    def figure(self, *, most: int = MOST, page: int = 1, lang: str = "en") -> "Figure":
        """All tiles as one picture, or a page of at most so many. Raises BadOption for a page that is not there."""
        from seewhy.render.kernels import figure  # the one look upwards, as Explanation.save's

        made: Figure = figure(self, most=most, page=page, lang=lang)
        return made

    def save(self, file: "str | PathLike[str]", *, most: int = MOST, page: int = 1, lang: str = "en") -> Path:
        """Write the picture: .png, .svg, .pdf, .jpg or .webp. Raises BadInput where the disk refuses."""
        from seewhy.render.saved import saved

        written: Path = saved(self.figure(most=most, page=page, lang=lang), file)
        return written
