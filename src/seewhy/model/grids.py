"""Whether a layer's output (d,r,q) has a place on the picture: by its shape, its changes and where it stands."""

from collections.abc import Iterable, Iterator, Sequence
from types import EllipsisType
from typing import NamedTuple

import torch
from torch import Tensor

Shape = tuple[int, ...]

FEW = 4  # cells a side: fewer all see the whole picture
MIDDLE = 8  # cells a side from which on their middle is looked at
SPREAD = 0.05  # beyond chance: so little tells maps on cells that are known from maps that have lost their places
PROVED = 0.5
DISTINCT = 0.03  # of the change, at least, has to differ between places for these to be told from it
DISPROVED = 0.1  # by chance a quarter of the change lies in a quarter of the cells
BORDER = 0.4  # of the picture, at least, is left when borders are cut off
DEEP = 10  # layers with parameters: a network of fewer has no start to speak of
LATE = 0.75  # of the layers with parameters: what ends behind so many is near the head
EARLY = 0.2  # of the layers with parameters: maps from before this say little of what the network made of them


class Share(NamedTuple):
    """Of what changes in cells with places of the picture, the least share that lies where it should: of all that
    changes with a place, and of what changes with it more than with the other places."""

    there: float
    distinct: float = 0.0  # where that says something


class Local:
    """What has such a share; None where nothing changed, or in no cells."""

    share: Share | None

    @property
    def locality(self) -> float | None:
        return None if self.share is None else self.share.there

    @property
    def proved(self) -> bool:
        return self.share is not None and max(self.share) >= PROVED

    @property
    def spread(self) -> bool:
        """Whether its cells are where they should be, and what changes there shows in others, too."""
        return self.share is not None and self.share.there < PROVED <= self.share.distinct

    @property
    def disproved(self) -> bool:
        return self.locality is not None and self.locality < DISPROVED and not self.proved


def grid(shape: Shape, size: tuple[int, int]) -> tuple[int, int] | None:
    """The cells (r,q) of maps (d,r,q) of an input of this size; None where one stride does not explain both.

    So channels-last maps and tokens are none: read as maps they would be a plausible picture of the wrong thing.
    """
    if len(shape) != 3 or max(shape[1:]) == 1:
        return None
    _, r, q = shape
    return (r, q) if lies_on((r, q), size) else None


def disturbed(x: Tensor) -> Tensor:
    """Of two images (2,c,h,w) three (3,c,h,w): the first inverted in its top-right quarter, the second in its
    bottom-left one, and the first in its middle, half as high and wide."""
    changed = torch.cat([x, x[:1]])
    for image, box in zip(changed, _places(*x.shape[2:]), strict=True):
        image[box] = 1 - image[box]
    return changed


def _places(h: int, w: int) -> list[tuple[slice | EllipsisType, ...]]:
    """The top-right, the bottom-left and the middle quarter of a map, in whole cells: more of an odd number."""
    top, left, low, right = slice(0, h - h // 2), slice(0, w - w // 2), slice(h // 2, h), slice(w // 2, w)
    return [(..., top, right), (..., low, left), (..., slice(h // 4, h - h // 4), slice(w // 4, w - w // 4))]


def moved(before: Tensor, after: Tensor) -> Iterator[Tensor]:
    """How what two images gave, (2n,...) with n windows or one each, moves where they were `disturbed`: three times
    (n,...)."""
    first, second = before.chunk(2)
    yield from (now - was for now, was in zip(after.chunk(3), (first, second, first), strict=True))


def squared(moved: Iterable[Tensor], axis: int) -> Tensor:
    """(3n,...): of each place the sum of its squares over the channels, which lie on an axis."""
    every = list(moved)
    kind = torch.promote_types(every[0].dtype, torch.float32)
    return torch.cat([one.square_().sum(axis, keepdim=True, dtype=kind) for one in every]).double()


def locality(before: Tensor, after: Tensor) -> Share | None:
    """How much of the squared change of maps, (2,d,r,q) before and (3,d,r,q) after, lies where it should."""
    return inside(squared(moved(before, after), 1)[:, 0])


def inside(change: Tensor) -> Share | None:
    """How much of the squared change of cells (3,r,q) lies where the images were `disturbed`: the least share.

    Half of it and more proves the grid, next to nothing of it disproves it. Deep cells see all of the picture, and much
    in them changes with any place of it. Where still clearly more than by chance stays there, half of what changes with
    one place more than with the others proves the grid too. None where nothing changed, or the maps are one cell wide.
    The middle tells cells that lie window by window; of few cells it is all border.
    """
    change = change[:2] if min(change.shape[1:]) < MIDDLE else change
    total = change.sum((1, 2), keepdim=True)
    if min(change.shape[1:]) < 2 or not ((total > 0) & total.isfinite()).all():
        return None
    there = _least(change, total[:, 0, 0])
    if min(change.shape[1:]) < FEW or not trusted((change.shape[1], change.shape[2]), there):
        return Share(there)
    shares = change / total
    more = (shares - shares.mean(0)).clamp_min(0)
    parts = more.sum((1, 2))
    return Share(there, _least(more, parts) if bool((parts >= DISTINCT).all()) else 0.0)


def _least(change: Tensor, totals: Tensor) -> float:
    parts = [own[box].sum() for own, box in zip(change, _places(*change.shape[1:]), strict=False)]
    return float((torch.stack(parts) / totals).min())


def trusted(cells: tuple[int, int], locality: float | None) -> bool:
    """Whether to read maps unasked: clearly more of the change lies in its quarter than of the cells do.

    Fewer than four cells a side all see the whole picture: there the shape has to do.
    """
    if locality is None:
        return False
    if min(cells) < FEW:
        return min(cells) > 1 and locality >= DISPROVED
    return beyond_chance(cells, locality) >= 0.1


def beyond_chance(cells: tuple[int, int], locality: float) -> float:
    """How much more of the change lies in its quarter than of the cells do: 0 by chance, 1 where all of it does."""
    r, q = cells
    quarter = (r - r // 2) * (q - q // 2) / (r * q)
    return (locality - quarter) / (1 - quarter)


def early(ends: Sequence[tuple[str, int]], layer: str, share: float = EARLY) -> bool:
    """Whether nearly all of the network lies behind the layer, as behind a vision transformer's patch embedding.

    ends: names of innermost layers with their numbers of parameters, in the order in which they end.
    """
    with_parameters = [name for name, parameters in ends if parameters]
    before = [name for name in with_parameters if name == layer or name.startswith(layer + ".")]
    if not before:  # an activation or a pooling: what ended before it counts
        names = [name for name, _ in ends]
        inside = (i for i, name in enumerate(names) if name == layer or name.startswith(f"{layer}."))
        at = max(inside, default=len(names))  # a norm with its activation in it is none of the innermost
        done = sum(parameters > 0 for _, parameters in ends[:at])
    else:
        done = max(with_parameters.index(name) for name in before) + 1
    return len(with_parameters) >= DEEP and done < share * len(with_parameters)


def lies_on(cells: tuple[int, int], size: tuple[int, int]) -> bool:
    """Whether one stride, the same on both axes, gives these cells, give or take one for the padding.

    Convolutions without padding also cut a border off, the same on both axes.
    """
    spans = [(length / (n + 1), length / max(n - 1, 0.5)) for n, length in zip(cells, size, strict=True)]
    if max(low for low, _ in spans) <= min(high for _, high in spans):
        return True
    longer, more = size[1] - size[0], cells[1] - cells[0]
    strides = {round(longer / (more + slack)) for slack in (-1, 0, 1) if more + slack}
    return any(
        all(BORDER <= n * stride / length <= 1 for n, length in zip(cells, size, strict=True)) for stride in strides
    )
