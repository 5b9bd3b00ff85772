"""Which part of the network's input a cell of a layer's maps can see."""

from typing import NamedTuple

from seewhy.geometry import Geometry

Pair = tuple[int, int]


class Receptive(NamedTuple):
    """Cell (i,j) sees the input's pixels from start + step * (i,j) on, `size` of them, down and to the right.

    All are (vertical, horizontal). The theoretical field: it may be larger than the input, and lie beside it in part.
    """

    size: Pair
    step: Pair
    start: Pair

    def box(self, cell: Pair, on: Geometry) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of what a cell sees, in whole pixels of the original picture, and none beside it.

        Where all of it lies beside the picture it is the nearest pixel.
        """
        ends = []
        for axis in (0, 1):
            first = self.start[axis] + self.step[axis] * cell[axis]
            seen = [min(max(one, 0), on.input[axis]) for one in (first, first + self.size[axis])]
            low, high = (round((one - on.offset[axis]) / on.scale[axis]) for one in seen)
            low = min(max(low, 0), on.original[axis] - 1)
            ends.append((low, min(max(high, low + 1), on.original[axis])))
        (top, bottom), (left, right) = ends
        return top, left, bottom, right
