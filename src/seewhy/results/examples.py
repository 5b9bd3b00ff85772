"""What excites the channels of a layer most, among many photos, and where in them."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.asked import whole
from seewhy.results.receptive import Receptive
from seewhy.types import ModelCard, Passes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Box = tuple[int, int, int, int]  # top, left, bottom, right in pixels, the last two not included


class Example(NamedTuple):
    """photo: its number. cell: (row, column) of the layer's maps."""

    photo: int
    value: float
    cell: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Crop:
    """What a cell sees of the original picture, made smaller (h,w,3). box: where that lies on the picture; mark: on it,
    too, what the cell stands for: its own share of the network's input."""

    pixels: NDArray[np.uint8]
    box: Box
    mark: Box
    original: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Examples:
    """Of each of d channels the k photos with the largest maxima, the largest first.

    values (d,k): the maxima, -inf where there are fewer photos; photos (d,k): their numbers in `names`, -1 for none;
    cells (d,k,2): where in the maps. receptive: what a cell sees, None for all or unknown. shown: the channels that
    crops were made of; crops: by channel, in the order of its examples. thumbs: small WebP pictures of their photos.
    """

    values: NDArray[np.float32]
    photos: NDArray[np.int64]
    cells: NDArray[np.int64]
    names: tuple[str, ...]
    layer: str
    receptive: Receptive | None
    model: ModelCard
    passes: Passes
    shown: tuple[int, ...] = ()
    crops: Mapping[int, tuple[Crop, ...]] = field(default_factory=dict)
    thumbs: Mapping[int, bytes] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, channel: int) -> tuple[Example, ...]:
        """The examples of a channel. Raises BadOption for one that is not there."""
        at = whole(channel, "channel", 0, len(self) - 1)
        listed = zip(self.photos[at], self.values[at], self.cells[at], strict=True)
        return tuple(Example(int(one), float(value), (int(c[0]), int(c[1]))) for one, value, c in listed if one >= 0)

    def figure(self, lang: str = "en") -> "Figure":
        """A row a channel: what excites it most."""
        from seewhy.render.examples import figure  # the one look upwards, as Explanation.save's

        made: Figure = figure(self, lang)
        return made

    def save(self, file: "str | PathLike[str]", lang: str = "en") -> Path:
        """Write the page, one HTML file that opens from disk. Raises BadInput where the disk refuses."""
        from seewhy.render.examples_page import save

        saved: Path = save(self, file, lang)
        return saved

    def save_values(self, file: "str | PathLike[str]") -> Path:
        """Write values, photos, cells and names of all channels as an .npz. Raises BadInput where the disk refuses."""
        from seewhy.render.document import written

        held = io.BytesIO()
        named: dict[str, Any] = {key: getattr(self, key) for key in ("values", "photos", "cells")}
        np.savez(held, **named, names=np.array(self.names), layer=np.array(self.layer))
        saved: Path = written(file, held.getvalue())
        return saved
