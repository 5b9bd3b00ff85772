"""Owen values of a picture's regions, refined where they are largest: a search that asks for scores and gets them.

A region (a box of pixels) is worth the mean of what it adds to the score over the contexts that its tree allows: its
sibling at each level hidden or visible. Splitting it in a context shares out between its halves what it adds there, so
that all that was shared out sums, at any time, to the score of the whole picture less that of nothing.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seewhy.ops.boxes import Box

Scores = NDArray[np.floating]  # of one picture, a target each (k,)
Union = tuple[Box, ...]  # what is visible


class Region(NamedTuple):
    """A box among others that are visible: the scores without it and with it, and the chance of this context."""

    box: Box
    context: Union
    without: Scores
    within: Scores
    weight: float

    @property
    def asks(self) -> tuple[Union, Union]:
        """The pictures whose scores split it: its context with the first half visible, and with the second."""
        first, second = self.box.halves()
        return (*self.context, first), (*self.context, second)

    def split(self, one: Scores, other: Scores) -> tuple["Region", ...]:
        """Each half without the other and with it, given the scores of what it asks for."""
        (first, second), (with_first, with_second), half = self.box.halves(), self.asks, self.weight / 2
        return (
            Region(first, self.context, self.without, one, half),
            Region(second, self.context, self.without, other, half),
            Region(first, with_second, other, self.within, half),
            Region(second, with_first, one, self.within, half),
        )


@dataclass(eq=False)
class Search:
    """The regions of one picture that are to be split, the largest effect first; of equal ones the first that came.

    effect: how much a difference of scores (k,) matters. Nothing here is random.
    """

    size: tuple[int, int]
    effect: Callable[[Scores], float]
    waiting: list[tuple[float, int, Region]] = field(default_factory=list)  # a heap
    pixels: list[Region] = field(default_factory=list)  # which no split makes smaller
    splits: int = 0
    _came: int = 0

    def begin(self, nothing: Scores, everything: Scores) -> None:
        """The scores with all hidden and with all visible."""
        height, width = self.size
        self._wait(Region(Box(0, height, 0, width), (), nothing, everything, 1.0))

    def next(self, most: int) -> list[Region]:
        """At most so many regions to split, taken out of those that wait."""
        found: list[Region] = []
        while self.waiting and len(found) < most:
            region = heapq.heappop(self.waiting)[2]
            (found if region.box.area > 1 else self.pixels).append(region)
        return found

    def grow(self, region: Region, one: Scores, other: Scores) -> None:
        """Split a region, given the scores of what it asks for."""
        self.splits += 1
        for part in region.split(one, other):
            self._wait(part)

    def put_back(self, regions: Sequence[Region]) -> None:
        for region in regions:
            self._wait(region)

    def credits(self) -> tuple[list[Box], NDArray[np.float64]]:
        """Boxes that were not split everywhere, the smallest first, and what each is worth beside its parts (n,k)."""
        found: dict[Box, NDArray[np.float64]] = {}
        for region in (*self.pixels, *(one for _, _, one in self.waiting)):
            gain = region.weight * (region.within.astype(np.float64) - region.without)
            found[region.box] = found[region.box] + gain if region.box in found else gain
        boxes = sorted(found, key=lambda box: (box.area, box))
        return boxes, np.stack([found[box] for box in boxes])

    def _wait(self, region: Region) -> None:
        difference = region.within.astype(np.float64) - region.without
        heapq.heappush(self.waiting, (-region.weight * self.effect(difference), self._came, region))
        self._came += 1
