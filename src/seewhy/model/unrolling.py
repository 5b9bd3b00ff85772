"""Cells in the order that Hiera (arXiv:2306.00989) keeps them in, so that neighbours are pooled by one reshape."""

from torch import Tensor

UNROLLED = 3  # times, at most: as often as Hiera halves its grid

Pair = tuple[int, int]


def unroll(cells: Tensor, times: int) -> Tensor:
    """Cells (...,r,q) in a row (...,n): row by row, or unrolled so many times. Each time, of the cells that lie next to
    each other, those of even rows and columns come first, then those of odd columns, odd rows, and both.
    """
    lead, halves = cells.ndim - 2, (2,) * times
    split = cells.unflatten(-1, (-1, *halves)).unflatten(lead, (-1, *halves))
    order = [lead + part + side * (times + 1) for part in reversed(range(times + 1)) for side in (0, 1)]
    found: Tensor = split.permute(*range(lead), *order).flatten(lead)
    return found


def reroll(row: Tensor, cells: Pair, times: int) -> Tensor:
    """The other way: (...,n) as cells (...,r,q)."""
    lead, halves = row.ndim - 1, (2,) * (2 * times)
    split = row.unflatten(-1, (*halves, cells[0] >> times, cells[1] >> times))
    order = [lead + 2 * part + side for side in (0, 1) for part in reversed(range(times + 1))]
    found: Tensor = split.permute(*range(lead), *order).flatten(-times - 1).flatten(lead, lead + times)
    return found


def unrollings(cells: Pair) -> range:
    """How often cells may have been unrolled, with 0 for not at all."""
    return range(next(n for n in range(UNROLLED + 1) if n == UNROLLED or any(one % (2 << n) for one in cells)) + 1)
