"""The single things that an objective can ask for: each gives a number a picture, and a larger one is more of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import BadInput, BadOption
from seewhy.synthesis.looking import Eye, Look, Reads, unknown_channel

Place = tuple[int, int]
CENTER = (-1, -1)


@dataclass(frozen=True, eq=False)
class Term(ABC):
    """couples: whether its value for one picture depends on the others of its batch."""

    couples = False

    @property
    def reads(self) -> Reads:
        return Reads()

    def bound(self, eye: Eye, size: Place) -> Self:
        """The same for a model and pictures of a size, its names resolved and checked. Raises SeewhyError."""
        return self

    @abstractmethod
    def value(self, look: Look) -> Tensor:
        """(n,), or one number for a batch that it couples."""


@dataclass(frozen=True, eq=False)
class OfLayer(Term):
    layer: str

    @property
    def reads(self) -> Reads:
        return Reads((self.layer,))

    def bound(self, eye: Eye, size: Place) -> Self:
        return replace(self, layer=eye.layer(self.layer))

    def maps(self, look: Look) -> Tensor:
        return look.layers[self.layer]


@dataclass(frozen=True, eq=False)
class Channel(OfLayer):
    """The mean of a channel over its cells, or what one cell holds: a neuron."""

    channel: int
    cell: Place | None = None

    @property
    def reads(self) -> Reads:
        return Reads(channels=((self.layer, self.channel),))

    def __str__(self) -> str:
        return f"{quoted(self.layer)}:{self.channel}{_said(self.cell)}"

    def bound(self, eye: Eye, size: Place) -> Self:
        made = super().bound(eye, size)
        channels = eye.shape(made.layer)[0]
        if not 0 <= self.channel < channels:
            raise unknown_channel(made.layer, self.channel, channels)
        return replace(made, cell=placed(self.cell, eye, made.layer))

    def value(self, look: Look) -> Tensor:
        own = look.channel(self.layer, self.channel)
        return own.mean((1, 2)) if self.cell is None else own[:, self.cell[0], self.cell[1]]


@dataclass(frozen=True, eq=False)
class OfVector(OfLayer):
    """What weighs a layer's channels by a vector (d,), in all cells or in one."""

    vector: Tensor
    cell: Place | None = None
    name: str = "vector"

    kind = ""

    def __str__(self) -> str:
        return f"{self.kind}:{quoted(self.layer)}:{quoted(self.name)}{_said(self.cell)}"

    def bound(self, eye: Eye, size: Place) -> Self:
        made = super().bound(eye, size)
        vector = torch.as_tensor(self.vector).to(eye.model.device, eye.model.pixel_dtype)
        channels = eye.shape(made.layer)[0]
        if vector.shape != (channels,) or not torch.isfinite(vector).all() or not vector.any():
            raise BadOption(
                f"a vector of shape {tuple(vector.shape)} for the channels of layer {made.layer!r}",
                f"give {channels} finite numbers, not all of them 0",
            )
        return replace(made, vector=vector, cell=placed(self.cell, eye, made.layer))

    def weights(self, maps: Tensor) -> Tensor:
        return self.vector.to(maps)[None, :, None, None]


@dataclass(frozen=True, eq=False)
class Direction(OfVector):
    """The cosine between a direction in a layer's channels and what each cell holds, on the mean, or in one cell."""

    kind = "direction"

    def value(self, look: Look) -> Tensor:
        maps = self.maps(look)
        cosine = F.cosine_similarity(maps, self.weights(maps), dim=1)
        return cosine.mean((1, 2)) if self.cell is None else cosine[:, self.cell[0], self.cell[1]]


@dataclass(frozen=True, eq=False)
class Weighted(OfVector):
    """The mean of channels times their weights, over all cells, or over so many rows and columns of them from one on
    (Lucid's weights of channels, of a neuron and of a local group)."""

    group: Place = (1, 1)

    kind = "weighted"

    def __str__(self) -> str:
        return super().__str__() + (f":{self.group[0]},{self.group[1]}" if self.group != (1, 1) else "")

    def bound(self, eye: Eye, size: Place) -> Self:
        made = super().bound(eye, size)
        if made.cell is not None:
            rows, columns = (first + length for first, length in zip(made.cell, self.group, strict=True))
            has = eye.shape(made.layer)[1:]
            if rows > has[0] or columns > has[1]:
                raise BadOption(
                    f"cells up to row {rows - 1}, column {columns - 1} of layer {made.layer!r}",
                    f"it has {has[0]} rows and {has[1]} columns",
                )
        return made

    def value(self, look: Look) -> Tensor:
        maps = self.maps(look)
        if self.cell is not None:
            rows, columns = (slice(at, at + length) for at, length in zip(self.cell, self.group, strict=True))
            maps = maps[:, :, rows, columns]
        return (maps * self.weights(maps)).mean((1, 2, 3))


@dataclass(frozen=True, eq=False)
class Logit(Term):
    """What the network answers for a class. asked: its number, label, or a text of an image-text model."""

    asked: Any
    index: int = -1

    def __str__(self) -> str:
        return f"class:{quoted(str(self.asked), class_name=True)}"

    @property
    def reads(self) -> Reads:
        return Reads((), True)

    def bound(self, eye: Eye, size: Place) -> Self:
        with torch.no_grad():
            outputs = eye.look(eye.probe(), self.reads).outputs
        assert outputs is not None
        if outputs.ndim != 2:
            raise BadOption(f"the model returns {tuple(outputs.shape[1:])} an image, no scores", "name a layer instead")
        index = self.asked if isinstance(self.asked, int) else eye.model.find(str(self.asked))
        if not 0 <= index < outputs.shape[1]:
            raise BadOption(f"class {index} of {outputs.shape[1]}", f"classes are 0 to {outputs.shape[1] - 1}")
        return replace(self, index=index)

    def value(self, look: Look) -> Tensor:
        assert look.outputs is not None
        return look.outputs[:, self.index]


@dataclass(frozen=True, eq=False)
class DeepDream(OfLayer):
    """The mean square of all that a layer returns: more of whatever it sees (Mordvintsev et al. 2015)."""

    def __str__(self) -> str:
        return f"deepdream:{quoted(self.layer)}"

    def value(self, look: Look) -> Tensor:
        return self.maps(look).square().mean((1, 2, 3))


@dataclass(frozen=True, eq=False)
class OfPhoto(OfLayer):
    """What compares with a photo at a layer. photo: as `seewhy.explain` takes one; wanted: its maps (1,d,r,q)."""

    photo: Any
    wanted: Tensor = field(default_factory=lambda: torch.empty(0), repr=False)

    kind = ""

    def __str__(self) -> str:
        return f"{self.kind}:{quoted(self.layer)}:{quoted(named(self.photo))}"

    def bound(self, eye: Eye, size: Place) -> Self:
        made = super().bound(eye, size)
        return replace(made, wanted=eye.features(made.layer, self.photo).detach())


@dataclass(frozen=True, eq=False)
class Style(OfPhoto):
    """Minus how far channels go together otherwise than in a photo: the mean difference of Gram matrices (Gatys et
    al., arXiv:1508.06576), each divided by the number of cells."""

    kind = "style"

    def value(self, look: Look) -> Tensor:
        return -(gram(self.maps(look)) - gram(self.wanted)).abs().mean((1, 2))


@dataclass(frozen=True, eq=False)
class Caricature(OfPhoto):
    """What a layer saw in a photo, more of it: dot product times cosine to a power (Olah et al. 2017), cell by cell."""

    power: float = 1.0

    kind = "caricature"

    def value(self, look: Look) -> Tensor:
        maps = self.maps(look)
        cosine = F.cosine_similarity(maps, self.wanted.expand_as(maps), dim=1).clamp_min(0.1)  # as Lucid's: not 0
        return ((maps * self.wanted).sum(1) * cosine**self.power).mean((1, 2))


def gram(maps: Tensor) -> Tensor:
    """(n,d,d): how far channels go together, over the cells' number."""
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def placed(cell: Place | None, eye: Eye, layer: str) -> Place | None:
    """The cell asked for, its centre as Lucid's: of an even number of rows the one behind the middle."""
    if cell is None:
        return None
    rows, columns = eye.shape(layer)[1:]
    if not eye.proved(layer):
        raise BadInput(f"the cells of layer {layer!r} have no place on the picture", "leave the cell out, for all")
    if cell == CENTER:
        return rows // 2, columns // 2
    if not (0 <= cell[0] < rows and 0 <= cell[1] < columns):
        raise BadOption(f"cell {cell[0]},{cell[1]} of layer {layer!r}", f"it has {rows} rows and {columns} columns")
    return cell


def _said(cell: Place | None) -> str:
    """A cell as parsing.py reads it."""
    return "" if cell is None else ":center" if cell == CENTER else f":{cell[0]},{cell[1]}"


def quoted(name: str, *, class_name: bool = False) -> str:
    """A name as the grammar of parsing.py reads it."""
    plain = name.replace(" ", "") if class_name else name
    return name if plain.replace(".", "").replace("_", "").replace("/", "").isalnum() else f'"{name}"'


def named(photo: Any) -> str:
    return str(photo) if isinstance(photo, str) or hasattr(photo, "__fspath__") else "photo"
