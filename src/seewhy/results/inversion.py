"""What a layer still knows of a photo: pictures made from its features alone, and how near they came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seewhy.types import ModelCard, Photo

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Inverted:
    """The picture of one layer.

    image (h,w,c): pixels in [0,1]. features, alpha, tv (s+1,): before each step and at the end, the squared distance
    from the photo's features over their own square, and the two regularisers, as they were weighted and added to it.
    """

    layer: str
    image: Array
    features: Array
    alpha: Array
    tv: Array

    @property
    def fall(self) -> float:
        """How many times less the distance of the features is than at the start."""
        return float(self.features[0] / max(self.features[-1], np.float32(1e-30)))


@dataclass(frozen=True, eq=False)
class Inversion:
    """Pictures of several layers, in the order they were asked for. seen (h,w,3): what the network saw of the photo."""

    found: tuple[Inverted, ...]
    photo: Photo
    seen: NDArray[np.uint8]
    model: ModelCard
    options: Mapping[str, Any]
    seed: int
    seconds: float
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.found)

    def __getitem__(self, at: int) -> Inverted:
        return self.found[at]

    def figure(self, *, lang: str = "en") -> "Figure":
        """The photo and the layers' pictures side by side, their curves below."""
        from seewhy.render.inversion import figure  # the looks upwards, as Explanation.save's

        made: Figure = figure(self, lang=lang)
        return made

    def save(self, folder: "str | PathLike[str]", *, lang: str = "en") -> Path:
        """Write the figure, each picture as PNG, the curves and `manifest.json` to a folder. Raises BadInput where the
        disk refuses."""
        from seewhy.render.inversion import save

        saved: Path = save(self, folder, lang)
        return saved
