"""Concepts found in what a network makes of pictures of a class."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.types import ModelCard, Passes, Photo

Array = NDArray[np.float32]


class Crop(NamedTuple):
    """A square of a picture's input, and how much of the concept is in it. pixels (h,w,3): resized to the input."""

    image: int
    box: tuple[int, int, int, int]  # top, left, bottom, right, pixels of the input
    strength: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class FoundConcept:
    """importance: its total Sobol index, the mean over the pictures; error: that mean's standard error. direction (d,):
    in the layer. maps (b,r,q): where it is in each picture. crops: those with most of it."""

    importance: float
    error: float
    direction: Array
    maps: Array
    crops: tuple[Crop, ...]


@dataclass(frozen=True, eq=False)
class FoundConcepts:
    """What `seewhy.concepts.craft` finds, the most important first. lost: the share of the crops' activations that the
    factors do not give."""

    target: str
    index: int
    layer: str
    each: tuple[FoundConcept, ...]
    photos: tuple[Photo, ...]
    side: int
    count: int  # crops
    lost: float
    model: ModelCard
    passes: Passes
    seed: int
    predicted: float
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, number: int) -> FoundConcept:
        return self.each[number]

    def __iter__(self) -> Iterator[FoundConcept]:
        return iter(self.each)

    def as_data(self) -> dict[str, Any]:
        """All but maps, directions and pixels, as plain data."""
        return {
            "target": self.target,
            "class": self.index,
            "layer": self.layer,
            "model": {"name": self.model.name, "weights": self.model.weights, "fingerprint": self.model.fingerprint},
            "images": [photo.name for photo in self.photos],
            "predicted": self.predicted,
            "crops": self.count,
            "crop_side": self.side,
            "lost": self.lost,
            "seed": self.seed,
            "passes": {"forward": self.passes.forward, "backward": self.passes.backward},
            "concepts": [
                {
                    "importance": one.importance,
                    "error": one.error,
                    "crops": [
                        {"image": crop.image, "box": list(crop.box), "strength": crop.strength} for crop in one.crops
                    ],
                }
                for one in self.each
            ],
            "notes": list(self.notes),
        }

    def save(self, folder: "str | PathLike[str]", lang: str = "en") -> Path:
        """craft.html, craft.png, craft.json and craft.npz, with maps and directions. Raises BadInput."""
        from seewhy.render.craft import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, folder, lang)
        return saved
