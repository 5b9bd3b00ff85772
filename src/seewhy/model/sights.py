"""What the cells of a tensor see of the input, and what a rule is told of a call that changes that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seewhy.model.tape import Call, Slot

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Axis:
    """Cell i sees pixels low + step * i to high + step * i, both included."""

    low: int = 0
    high: int = 0
    step: int = 1

    def window(self, kernel: int, stride: int, before: int, dilation: int = 1) -> "Axis":
        """Of windows on it, with `before` cells put before the first."""
        first = -before
        last = first + dilation * (kernel - 1)
        return Axis(self.low + self.step * first, self.high + self.step * last, self.step * stride)

    def joined(self, other: "Axis") -> "Axis":
        return Axis(min(self.low, other.low), max(self.high, other.high), self.step)


@dataclass(frozen=True)
class Sight:
    """rows, columns: of the cells, which lie on the axes `at`, counted from the last, -1; on one axis alone row by row,
    behind `others` that see nothing of the picture. cells: (r,q), where they lie on one."""

    rows: Axis = Axis()
    columns: Axis = Axis()
    at: tuple[int, ...] = (-2, -1)
    others: int = 0
    cells: tuple[int, int] = (0, 0)


Seen = Sight | None  # None: not told, or all of the picture


@dataclass(frozen=True)
class Given:
    """A call, the shapes of what it read and made, and what its inputs see."""

    call: Call
    sights: Mapping[int, Seen]  # of the slots it reads that depend on the picture
    shapes: Sequence[Shape]  # of its tensors in order, slots and weights alike
    tensors: Sequence[Any]  # the slots and weights themselves
    made: Shape

    @property
    def name(self) -> str:
        return self.call.name if self.call.name.startswith("__") else self.call.name.rstrip("_")

    @property
    def own(self) -> Sight:
        """Of its only input."""
        (found,) = self.sights.values()
        assert found is not None  # looked at before
        return found

    @property
    def shape(self) -> Shape:
        """Of its only input."""
        return next(
            shape
            for one, shape in zip(self.tensors, self.shapes, strict=True)
            if isinstance(one, Slot) and one.number in self.sights
        )

    def option(self, at: int, name: str, usual: Any = None) -> Any:
        args, kwargs = self.call.args, self.call.kwargs
        return args[at] if len(args) > at else kwargs.get(name, usual)


Rule = Callable[[Given], Seen]


def from_the_end(axis: int, rank: int) -> int:
    """An axis counted from the last, -1."""
    return axis if axis < 0 else axis - rank
