"""Inverted residuals as one call: their wide values a group of channels at a time, where no backward will run.

See parted.py, which does the same under a backward. On the default model a tenth less time for a batch.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from torch import Tensor

from seewhy.model.fold import folded
from seewhy.model.packed import Convolution
from seewhy.model.parted import LANES, Group, by_channels, in_groups
from seewhy.model.sums import Summed, summed
from seewhy.model.tape import Call

HELD = 2 * 2**20  # bytes of a group's wide values; there are two at a time


@dataclass(frozen=True, eq=False)
class Inverted:
    """narrow(deep(wide(x)), shortcut), the shortcut where there is one."""

    wide: Convolution
    deep: Convolution
    narrow: Convolution | Summed
    _groups: dict[int, Sequence[Group]] = field(default_factory=dict, repr=False)  # of so many channels

    __name__ = "inverted_residual"

    def __call__(self, x: Tensor, *shortcut: Tensor) -> Tensor:
        count = -(-x.element_size() * prod(self.wide.shape(x.shape)) // HELD) if x.device.type == "cpu" else 1
        if count < 2:
            return self.narrow(self.deep(self.wide(x)), *shortcut)
        before = shortcut
        for group in self._of(-(-len(self.wide.weight) // (count * LANES)) * LANES):
            # The shortcut is often what the groups to come still read: the first sum has memory of its own.
            last = Summed(group.narrow, over=before is not shortcut) if before else group.narrow
            before = (last(group.deep(group.wide(x)), *before),)
        return before[0]

    def in_its_layout(self, x: Tensor, *shortcut: Tensor) -> Tensor:
        """The same by plain functions."""
        return self.narrow.in_its_layout(self.deep.in_its_layout(self.wide.in_its_layout(x)), *shortcut)

    def _of(self, channels: int) -> Sequence[Group]:
        if channels not in self._groups:
            narrow = self.narrow.conv if isinstance(self.narrow, Summed) else self.narrow
            self._groups[channels] = in_groups(self.wide, self.deep, narrow, channels)
        return self._groups[channels]


def cheaper(calls: Sequence[Call], wanted: Sequence[int]) -> list[Call]:
    """The same results without a graph; slots `wanted` stay what they are."""
    return inverted(summed(folded(calls, wanted), wanted), wanted)


def inverted(calls: Sequence[Call], wanted: Iterable[int]) -> list[Call]:
    """The same results as those of folded calls with their sums, but for the order of sums; slots `wanted` stay."""
    reads = Counter(slot for call in calls for slot in call.reads)
    reads.update(wanted)
    made: list[Call] = []
    at = 0
    while at < len(calls):
        one = _inverted(calls[at : at + 3], reads)
        made.append(one or calls[at])
        at += 3 if one else 1
    return made


def _inverted(block: Sequence[Call], reads: Counter[int]) -> Call | None:
    if len(block) < 3:
        return None
    (first, second, third), (wide, deep, narrow) = block, (call.function for call in block)
    if not isinstance(wide, Convolution) or not isinstance(deep, Convolution):
        return None
    if not isinstance(narrow, Convolution | Summed):
        return None
    last = narrow.conv if isinstance(narrow, Summed) else narrow
    chained = (first.out, second.out) == (second.args[0], third.args[0])
    alone = all(reads[slot] == 1 for slot in (*first.makes, *second.makes))
    if not chained or not alone or not by_channels(wide, deep, last):
        return None
    return Call(Inverted(wide, deep, narrow), (*first.args, *third.args[1:]), {}, third.out)
