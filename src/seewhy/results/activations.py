"""What layers answered to one photo: every tensor they returned, call by call."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.asked import listed, whole
from seewhy.errors import BadOption, UnknownName
from seewhy.types import ModelCard, Passes, Photo

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float32]
Scale = Literal["channel", "shared"]
SCALES = ("channel", "shared")
MOST = 64  # channels of a layer that are drawn


class Numbers(NamedTuple):
    """Of one channel. active: the share of its cells above 0. cell: where its maximum lies, (row, column)."""

    minimum: float
    maximum: float
    mean: float
    active: float
    cell: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Activation:
    """One tensor that a layer returned.

    values: as it was returned, the axis of images, or of windows, first. part: where it stood among several, "" alone.
    maps (d,r,q): its channels; one number each for a vector (d,1,1), a picture of all for tokens that lie nowhere.
    others (o,d): tokens beside the maps, by their names. placed: whether the cells lie on the photo, row by row.
    """

    layer: str
    kind: str
    call: int
    part: str
    values: NDArray[Any]
    maps: Array
    others: Array
    tokens: tuple[str, ...]
    placed: bool

    @property
    def name(self) -> str:
        return "/".join([self.layer, str(self.call), *([self.part] if self.part else [])])

    @cached_property
    def response(self) -> Array:
        """(d,) How strongly each channel answers: the mean of its absolute values."""
        return np.asarray(np.abs(np.nan_to_num(self.maps, posinf=0, neginf=0)).mean((1, 2)), np.float32)

    @property
    def top(self) -> float:
        """The largest absolute value of all channels."""
        return float(np.abs(np.nan_to_num(self.maps, posinf=0, neginf=0)).max(initial=0))

    @property
    def vector(self) -> bool:
        """Whether a channel is a single number."""
        return self.maps.shape[1:] == (1, 1)

    @property
    def strange(self) -> int:
        """Values that are NaN or infinite."""
        with np.errstate(invalid="ignore", over="ignore"):  # what numpy would warn of is what is looked for
            if np.isfinite(self.maps.sum()):  # one pass, where all are
                return 0
        return int(np.size(self.maps) - np.isfinite(self.maps).sum())

    @property
    def dead(self) -> int:
        """Channels that are 0 everywhere."""
        return int((self.maps == 0).all((1, 2)).sum())

    def strongest(self, most: int = MOST, channels: Any = None) -> tuple[int, ...]:
        """At most so many channels, those that respond most first; or the ones asked for, in their order.

        Raises BadOption for a channel that is not there.
        """
        if channels is None:
            order = np.argsort(-self.response, kind="stable")
            return tuple(int(one) for one in order[: whole(most, "most", low=1)])
        asked = [whole(one, "channel") for one in listed(channels, "channels", "give a list: channels=[0, 3]")]
        if beyond := [one for one in asked if not 0 <= one < len(self.maps)]:
            hint = f"give numbers from 0 to {len(self.maps) - 1}"
            raise BadOption(f"channel {beyond[0]}: {self.layer!r} has {len(self.maps)}", hint)
        return tuple(dict.fromkeys(asked))[:most]

    def numbers(self, channel: int) -> Numbers:
        """Of one channel, leaving out what is NaN or infinite. All 0 where nothing is left."""
        one = self.maps[channel]
        known = np.isfinite(one)
        if not known.any():
            return Numbers(0.0, 0.0, 0.0, 0.0, (0, 0))
        row, column = np.unravel_index(np.where(known, one, -np.inf).argmax(), one.shape)
        kept = one[known]
        share = float((kept > 0).mean())
        mean = float(kept.mean(dtype=np.float64))
        return Numbers(float(kept.min()), float(kept.max()), mean, share, (int(row), int(column)))


@dataclass(frozen=True, eq=False)
class Activations:
    """Of one photo, in the order in which the layers returned them. passes: what that took."""

    found: tuple[Activation, ...]
    photo: Photo
    model: ModelCard
    passes: Passes
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Activation]:
        return iter(self.found)

    def __getitem__(self, name: str) -> Activation:
        """By its name "layer/call/part", or the first of a layer by the layer's. Raises UnknownName."""
        exact = [one for one in self.found if one.name == name]
        found = exact or [one for one in self.found if one.layer == name]
        if not found:
            raise UnknownName(
                f"nothing was kept of {name!r}", f"there are: {', '.join(one.name for one in self.found)}"
            )
        return found[0]

    def where(self, one: Activation, channel: int) -> tuple[int, int] | None:
        """The pixel (x, y) of the original photo at which a channel's maximum lies.

        None where the cells lie nowhere, or beside the photo.
        """
        if not one.placed:
            return None
        geometry, cell = self.photo.geometry, one.numbers(channel).cell
        middle = ((cell[axis] + 0.5) * geometry.input[axis] / one.maps.shape[1 + axis] for axis in (0, 1))
        pixel = [(at - geometry.offset[axis]) / geometry.scale[axis] for axis, at in enumerate(middle)]
        inside = all(0 <= at < geometry.original[axis] for axis, at in enumerate(pixel))
        return (int(pixel[1]), int(pixel[0])) if inside else None

    def figure(self, *, scale: Scale = "channel", most: int = MOST, channels: Any = None, lang: str = "en") -> "Figure":
        """A grid of channels for each tensor. scale: each channel's own, or one for all channels of a layer."""
        from seewhy.render.activations import figure  # the one look upwards, as Explanation.save's

        made: Figure = figure(self, scale=scale, most=most, channels=channels, lang=lang)
        return made

    def save(self, file: "str | PathLike[str]", *, most: int = MOST, channels: Any = None, lang: str = "en") -> Path:
        """Write the page, one HTML file that opens from disk. Raises BadInput where the disk refuses."""
        from seewhy.render.activations_page import save

        saved: Path = save(self, file, most=most, channels=channels, lang=lang)
        return saved

    def save_values(self, file: "str | PathLike[str]") -> Path:
        """Write all values as they are, by their names, as an .npz. Raises BadInput where the disk refuses."""
        from seewhy.render.document import written

        held = io.BytesIO()
        named: dict[str, Any] = {one.name: one.values for one in self.found}
        np.savez(held, **named)
        saved: Path = written(file, held.getvalue())
        return saved
