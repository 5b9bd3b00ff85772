"""What parts of pictures have in common in a layer, and what the network would call each."""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.types import ModelCard, Passes, Photo, Prediction

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Factor:
    """direction (d,): what the layer returns where the factor is strongest, made of it alone. maps (b,r,q): where it
    is, 1 at its strongest place. classes: what the network says when every place is like that, most likely first."""

    direction: Array
    maps: Array
    classes: tuple[Prediction, ...]


@dataclass(frozen=True, eq=False)
class ActivationFactors:
    """What `seewhy.concepts.factors` finds. lost: the share of the activations that the factors do not give."""

    layer: str
    each: tuple[Factor, ...]
    photos: tuple[Photo, ...]
    predictions: tuple[tuple[Prediction, ...], ...]
    lost: float
    model: ModelCard
    passes: Passes
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, number: int) -> Factor:
        return self.each[number]

    def __iter__(self) -> Iterator[Factor]:
        return iter(self.each)

    def strongest(self) -> NDArray[np.int64]:
        """(b,r,q): the number of the factor that is strongest at each place."""
        return np.asarray(np.stack([one.maps for one in self.each]).argmax(0), np.int64)

    def as_data(self) -> dict[str, Any]:
        """All but maps and directions, as plain data. share: of the places where the factor is the strongest."""
        strongest = self.strongest()
        return {
            "layer": self.layer,
            "model": {"name": self.model.name, "weights": self.model.weights, "fingerprint": self.model.fingerprint},
            "images": [photo.name for photo in self.photos],
            "lost": self.lost,
            "passes": {"forward": self.passes.forward, "backward": self.passes.backward},
            "factors": [
                {
                    "share": [float((own == i).mean()) for own in strongest],
                    "classes": [
                        {"index": p.index, "label": p.label, "probability": p.probability} for p in one.classes
                    ],
                }
                for i, one in enumerate(self.each)
            ],
            "notes": list(self.notes),
        }

    def save(self, folder: "str | PathLike[str]", lang: str = "en") -> Path:
        """factors.png, factors.json and factors.npz, with maps and directions. Raises BadInput."""
        from seewhy.render.factors import save  # the one look upwards, as Explanation.save's

        saved: Path = save(self, folder, lang)
        return saved
