"""What a picture is optimised for: frozen sums of terms, which add, subtract and scale.

    neuron("blocks.4", 12) + 0.5 * channel("blocks.5", 30) - 1e-3 * total_variation()

A value is larger the more of it there is: it is maximised.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from seewhy.asked import number, whole
from seewhy.errors import BadOption
from seewhy.synthesis import penalties, terms, together
from seewhy.synthesis.looking import Eye, Look, Reads
from seewhy.synthesis.terms import CENTER, Place, Term


@dataclass(frozen=True, eq=False)
class Objective:
    """A weighted sum. label: how it is called in figures, if otherwise than it is written."""

    terms: tuple[tuple[float, Term], ...]
    label: str = ""

    def __add__(self, other: "Objective") -> "Objective":
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective((*self.terms, *other.terms))

    def __neg__(self) -> "Objective":
        return -1.0 * self

    def __sub__(self, other: "Objective") -> "Objective":
        return self + -1.0 * other if isinstance(other, Objective) else NotImplemented

    def __mul__(self, factor: float) -> "Objective":
        if isinstance(factor, Objective):
            return NotImplemented
        by = number(factor, "the factor of an objective")
        return Objective(tuple((by * weight, term) for weight, term in self.terms))

    __rmul__ = __mul__

    def __truediv__(self, factor: float) -> "Objective":
        by = number(factor, "the divisor of an objective")
        if by == 0:
            raise BadOption("an objective divided by 0", "divide by another number")
        return self * (1 / by)

    def __str__(self) -> str:
        """As parsing.py reads it."""
        said = ""
        for weight, term in self.terms:
            sign = ("- " if weight < 0 else "+ ") if said else ("-" if weight < 0 else "")
            said += (" " if said else "") + sign + ("" if abs(weight) == 1 else f"{abs(weight):g}*") + str(term)
        return said

    @property
    def name(self) -> str:
        return self.label or str(self)

    def named(self, label: str) -> Self:
        """The same under another name."""
        return replace(self, label=label)

    @property
    def reads(self) -> Reads:
        return Reads.together(term.reads for _, term in self.terms)

    @property
    def couples(self) -> bool:
        """Whether its pictures of one batch depend on each other."""
        return any(term.couples for _, term in self.terms)

    def bound(self, eye: Eye, size: Place) -> "Objective":
        """The same for a model and pictures of a size. Raises SeewhyError for what is not there."""
        return Objective(tuple((weight, term.bound(eye, size)) for weight, term in self.terms), self.name)

    def values(self, look: Look) -> Tensor:
        """Of each picture (n,); what is of all together is shared out evenly."""
        n = len(look.pictures)
        return torch.stack([(weight * term.value(look) / (1 if not term.couples else n)).expand(n)
                            for weight, term in self.terms]).sum(0)  # fmt: skip


def channel(layer: str, index: int) -> Objective:
    """The mean of a channel over its cells: of maps, of tokens on a grid, or a single number."""
    return _one(terms.Channel(layer, whole(index, "channel", 0)))


def neuron(layer: str, index: int, row: int | None = None, column: int | None = None) -> Objective:
    """What one cell of a channel holds: the one in the middle, unless another is asked for."""
    return _one(terms.Channel(layer, whole(index, "channel", 0), _cell(row, column)))


def direction(layer: str, vector: Any) -> Objective:
    """The mean cosine of the cells with a direction in the layer's channels (d,)."""
    return _one(terms.Direction(layer, _vector(vector)))


def direction_neuron(layer: str, vector: Any, row: int | None = None, column: int | None = None) -> Objective:
    """The cosine of one cell with a direction in the layer's channels."""
    return _one(terms.Direction(layer, _vector(vector), _cell(row, column)))


def weighted(layer: str, weights: Any) -> Objective:
    """The mean over channels and cells of what a layer holds, times weights of its channels (d,)."""
    return _one(terms.Weighted(layer, _vector(weights)))


def weighted_neuron(
    layer: str, weights: Any, row: int | None = None, column: int | None = None, *, rows: int = 1, columns: int = 1
) -> Objective:
    """The same in one cell, by default the middle one, or in a group of rows and columns from there on."""
    group = (whole(rows, "rows", 1), whole(columns, "columns", 1))
    return _one(terms.Weighted(layer, _vector(weights), _cell(row, column), group=group))


def logit(target: int | str) -> Objective:
    """The network's answer for a class, by its number or label; of an image-text model for one of its texts."""
    return _one(terms.Logit(target if isinstance(target, str) else whole(target, "class", 0)))


def deepdream(layer: str) -> Objective:
    """The mean square of a layer."""
    return _one(terms.DeepDream(layer))


def style(layer: str, photo: Any) -> Objective:
    """Channels that go together as in a photo: minus the mean difference of Gram matrices."""
    return _one(terms.Style(layer, photo))


def caricature(layer: str, photo: Any, power: float = 1.0) -> Objective:
    """More of what a layer saw in a photo: dot product times cosine**power."""
    return _one(terms.Caricature(layer, photo, power=number(power, "power", 0)))


def difference(photo: Any) -> Objective:
    """How far the picture is from a photo, by its pixels. Subtracted, it stays near."""
    return _one(penalties.Difference(photo))


def total_variation() -> Objective:
    """The sum of differences between neighbouring pixels. Subtracted, the picture grows smooth."""
    return _one(penalties.TotalVariation())


def l1(constant: float = 0.0) -> Objective:
    """The sum of pixels' absolute differences from a constant."""
    return _one(penalties.L1(number(constant, "constant")))


def l2(constant: float = 0.0) -> Objective:
    """The Euclidean length of pixels' differences from a constant."""
    return _one(penalties.L2(number(constant, "constant")))


def blur() -> Objective:
    """Half the squared distance from the blurred picture."""
    return _one(penalties.Blur())


def diversity(layer: str) -> Objective:
    """How little the pictures of a batch look alike at a layer. Added, they differ."""
    return _one(together.Diversity(layer))


def alignment(layer: str, decay: float = 2.0) -> Objective:
    """How near neighbours in a batch are at a layer. Added, they come to lie in the same place."""
    return _one(together.Alignment(layer, number(decay, "decay", 1e-6)))


def interpolation(layer: str, index: int, other_layer: str, other_index: int) -> Objective:
    """From one channel to another across a batch."""
    ends = [terms.Channel(name, whole(at, "channel", 0)) for name, at in ((layer, index), (other_layer, other_index))]
    return _one(together.Interpolation(*ends))


def _one(term: Term) -> Objective:
    return Objective(((1.0, term),))


def _cell(row: int | None, column: int | None) -> Place:
    if (row is None) != (column is None):
        raise BadOption(f"a neuron at row {row}, column {column}", "give both, or none for the middle")
    return CENTER if row is None or column is None else (whole(row, "row", 0), whole(column, "column", 0))


def _vector(vector: Any) -> Tensor:
    try:
        return torch.as_tensor(vector).float()
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadOption(f"a vector is a {type(vector).__name__}", "give an array of numbers, one a channel") from error
