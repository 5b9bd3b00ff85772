"""Wide values between two narrow ones made and used a group of channels at a time: what a group holds stays in a cache.

An inverted residual (arXiv:1801.04381) widens what it is given, looks at each channel by itself and narrows it again.
On the default model one picture of 224 pixels has 4.8 MB in the widest place, and what leaves the cache is waited for,
forth and back, most where several cores wait for the same memory.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from math import prod
from typing import NamedTuple

from seewhy.model.packed import Convolution
from seewhy.model.steps import Step
from seewhy.model.sums import Summed

HELD = 6 * 2**20  # bytes of a group's wide values
LANES = 16  # channels that a processor takes at once; with fewer a step back is dear, and each group takes one


def parted(
    steps: Sequence[Step], shapes: Mapping[int, Sequence[int]], wanted: Collection[int], each: int
) -> list[Step]:
    """Steps that do the same but for the order of sums. shapes: of all values. each: bytes of a number."""
    reads = Counter(number for step in steps for number in step.reads)
    reads.update(wanted)
    fresh, made, at = count(max(step.out for step in steps) + 1), list[Step](), 0
    while at < len(steps):
        block = steps[at : at + 3]
        groups = -(-each * prod(shapes[steps[at].out]) // HELD)
        if groups > 1 and _widens(block, reads):
            made += _in_groups(block, -(-len(block[0].conv.weight) // (groups * LANES)) * LANES, fresh)
        else:
            block = block[:1]
            made += block
        at += len(block)
    return made


def _widens(block: Sequence[Step], reads: Mapping[int, int]) -> bool:
    """Whether they are three that follow each other, for nobody else, the second channel by channel."""
    if len(block) < 3:
        return False
    wide, deep, narrow = block
    chained = (wide.out, deep.out) == (deep.x, narrow.x) and reads[wide.out] == reads[deep.out] == 1
    alone = wide.other is None and deep.other is None
    return chained and alone and by_channels(wide.conv, deep.conv, narrow.conv)


def by_channels(wide: Convolution, deep: Convolution, narrow: Convolution) -> bool:
    """Whether the one between looks at each channel by itself, and the others at all."""
    channels, inputs = wide.weight.shape[:2]
    alone = deep.groups == channels == len(deep.weight)
    return alone and wide.groups == narrow.groups == 1 and inputs >= LANES


class Group(NamedTuple):
    """The three convolutions of some wide channels; what narrows them is a part of a sum."""

    wide: Convolution
    deep: Convolution
    narrow: Convolution


def in_groups(wide: Convolution, deep: Convolution, narrow: Convolution, channels: int) -> list[Group]:
    """So many channels a group. The first has the bias, the last the rectifier."""
    made: list[Group] = []
    total = len(wide.weight)
    for first in range(0, total, channels):
        rows, last = slice(first, first + channels), first + channels >= total
        weight, bias = narrow.weight[:, rows].contiguous(), None if first else narrow.bias
        one = replace(narrow, weight=weight, bias=bias, rectifier=narrow.rectifier if last else "", _packed=[])
        made.append(Group(wide.some(rows), _by_channel(deep, rows), one))
    return made


def _in_groups(block: Sequence[Step], channels: int, fresh: "count[int]") -> list[Step]:
    """Each group's part of the narrow value is added to those before it, in their memory; the first has memory of its
    own, since a shortcut is often what the groups to come still read."""
    made: list[Step] = []
    wide, deep, narrow = block
    before, groups = narrow.other, in_groups(wide.conv, deep.conv, narrow.conv, channels)
    for at, group in enumerate(groups):
        widened, deepened, out = next(fresh), next(fresh), narrow.out if group is groups[-1] else next(fresh)
        one = group.narrow if before is None else Summed(group.narrow, over=at > 0)
        added = Step.of(one, deepened, before, out)
        made += [
            Step.of(group.wide, wide.x, None, widened),
            Step.of(group.deep, widened, None, deepened),
            added if at else replace(added, channels=narrow.channels),
        ]
        before = out
    return made


def _by_channel(conv: Convolution, rows: slice) -> Convolution:
    found = conv.some(rows)
    return replace(found, groups=len(found.weight))
