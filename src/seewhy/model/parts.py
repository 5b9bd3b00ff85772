"""Calls that look at a picture place by place: what of their result a change of a part of their input can reach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.fold import ConvArgs, PadArgs, pair, taken
from seewhy.model.packed import Convolution, Pair
from seewhy.model.placewise import Shapes, place_by_place, regrouped
from seewhy.model.pooling_first import MAXIMA
from seewhy.model.spans import Place
from seewhy.model.tape import Call, Slot

Sides = tuple[int, int, int, int]  # left, right, top, bottom


class MaxArgs(NamedTuple):
    x: Any
    kernel_size: Any
    stride: Any = None
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: Any = False
    return_indices: Any = False


class MeanArgs(NamedTuple):
    x: Any
    kernel_size: Any
    stride: Any = None
    padding: Any = 0
    ceil_mode: Any = False
    count_include_pad: Any = True
    divisor_override: Any = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What a call reads of one of its inputs: the rectangle `read` of the map with its padding, in which the changed
    one lies at `have`."""

    slot: int
    have: Place
    read: Place
    pads: Sides = (0, 0, 0, 0)
    fill: float = 0.0


@dataclass(frozen=True, eq=False)
class Aligned:
    """A call whose result at a place is made of its inputs at that place."""

    call: Call

    def reach(self, places: Mapping[int, Place]) -> tuple[list[Reading], Place]:
        """What it reads beside the patches themselves, and where its result differs."""
        slots = [slot for slot in dict.fromkeys(self.call.reads) if slot in places]
        union = places[slots[0]]
        for slot in slots[1:]:
            union = union if union.same(places[slot]) else union.joined(places[slot])
        apart = [slot for slot in slots if not places[slot].same(union)]
        return [Reading(slot, places[slot], union) for slot in apart], union


@dataclass(frozen=True, eq=False)
class Sliding:
    """A convolution or a pooling. call: without its padding. kernel: with its dilation. pads: so many that its last
    window lies inside."""

    call: Call
    kernel: Pair
    stride: Pair
    pads: Sides
    of: Pair  # size of its result
    fill: float = 0.0
    shares: Tensor | None = None  # what its result is multiplied with, place by place

    def reach(self, places: Mapping[int, Place]) -> tuple[list[Reading], Place]:
        (slot,) = self.call.reads
        place, (left, right, top, bottom) = places[slot], self.pads
        (high, wide), (down, across) = self.kernel, self.stride
        rows = place.rows.seen_by(high, down, top, self.of[0])
        columns = place.columns.seen_by(wide, across, left, self.of[1])
        of = (place.rows.of + top + bottom, place.columns.of + left + right)
        read = Place(rows.looks_at(high, down, of[0]), columns.looks_at(wide, across, of[1]))
        have = place.moved(top, left, of)
        needed = any(self.pads) or not read.same(have)
        return [Reading(slot, have, read, self.pads, self.fill)] if needed else [], Place(rows, columns)


@dataclass(frozen=True, eq=False)
class Padded:
    """Zeros, or another number, around the maps."""

    call: Call
    pads: Sides

    def reach(self, places: Mapping[int, Place]) -> tuple[list[Reading], Place]:
        (slot,) = self.call.reads
        left, right, top, bottom = self.pads
        place = places[slot]
        return [], place.moved(top, left, (place.rows.of + top + bottom, place.columns.of + left + right))


Part = Aligned | Sliding | Padded


def part_of(call: Call, changed: Sequence[int], shapes: Shapes) -> Part | None:
    """The call as one that looks place by place; None where it mixes places or nothing is known of it.

    changed: the slots it reads that differ from the clean image's, each a map whose last two axes are its places.
    """
    if not isinstance(call.out, Slot | tuple | list) or any(len(shapes[slot]) < 3 for slot in changed):
        return None
    if len(changed) == 1 and len(shapes[changed[0]]) == 4:
        found = _sliding(call, shapes) or _padding(call)
        if found is not None:
            return found
    kept = {shapes[slot][-2:] for slot in (*changed, *call.makes)}
    alone = regrouped(call, shapes)
    return Aligned(alone) if len(kept) == 1 and place_by_place(alone, changed, shapes) else None


def _sliding(call: Call, shapes: Shapes) -> Part | None:
    made = _convolution(call) or _max_pool(call) or _mean_pool(call)
    if made is None or not isinstance(call.out, Slot):
        return None
    run, kernel, stride, (left, right, top, bottom), fill = made
    (size, of) = (shapes[one][2:] for one in (call.reads[0], call.out.number))
    given = (size[0] + top, size[1] + left)
    more = [max(0, (n - 1) * s + k - m) for n, s, k, m in zip(of, stride, kernel, given, strict=True)]
    pads = (left, max(right, more[1]), top, max(bottom, more[0]))
    shares = _shares(call, run, size, pads)
    run_alone = Call(run, (Slot(call.reads[0]),), {}, call.out)
    return Sliding(run_alone, kernel, stride, pads, (of[0], of[1]), fill, shares)


Slid = tuple[Callable[..., Tensor], Pair, Pair, Sides, float]


def _convolution(call: Call) -> Slid | None:
    conv, args = call.function, taken(call, ConvArgs) if call.name == "conv2d" else None
    padding: Any = None
    if isinstance(conv, Convolution):
        conv, padding = replace(conv, padding=(0, 0), _packed=[]), conv.padding
    elif args is not None and isinstance(args.weight, Tensor) and not isinstance(args.bias, Slot):
        steps = (pair(args.stride), (0, 0), pair(args.dilation))
        conv, padding = Convolution.of(args.weight, args.bias, *steps, int(args.groups)), args.padding
    else:
        return None
    high, wide = ((k - 1) * d + 1 for k, d in zip(conv.weight.shape[2:], conv.dilation, strict=True))
    return conv, (high, wide), conv.stride, _sides(padding, (high, wide)), 0.0


def _sides(padding: Any, kernel: Pair) -> Sides:
    if isinstance(padding, str):
        top, left = ((kernel[0] - 1) // 2, (kernel[1] - 1) // 2) if padding == "same" else (0, 0)
        bottom, right = (kernel[0] - 1 - top, kernel[1] - 1 - left) if padding == "same" else (0, 0)
        return left, right, top, bottom
    down, across = pair(padding)
    return across, across, down, down


def _max_pool(call: Call) -> Slid | None:
    args = taken(call, MaxArgs) if call.name in MAXIMA else None
    if args is None or args.return_indices:
        return None
    kernel, dilation, stride = pair(args.kernel_size), pair(args.dilation), pair(args.stride or args.kernel_size)
    run = partial(F.max_pool2d, kernel_size=kernel, stride=stride, dilation=dilation)
    spread = ((kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1)
    return run, spread, stride, _sides(args.padding, spread), float("-inf")


def _mean_pool(call: Call) -> Slid | None:
    args = taken(call, MeanArgs) if call.name == "avg_pool2d" else None
    if args is None:
        return None
    kernel, stride = pair(args.kernel_size), pair(args.stride or args.kernel_size)
    run = partial(F.avg_pool2d, kernel_size=kernel, stride=stride, divisor_override=args.divisor_override)
    return run, kernel, stride, _sides(args.padding, kernel), 0.0


def _shares(call: Call, run: Callable[..., Tensor], size: Sequence[int], pads: Sides) -> Tensor | None:
    """What means over fewer cells at the border are times those over as many everywhere (1,1,r,q), if not the same."""
    if call.name != "avg_pool2d":
        return None
    ones = torch.ones(1, 1, *size, dtype=torch.float64)
    found: Tensor = F.avg_pool2d(ones, *call.args[1:], **call.kwargs) / run(F.pad(ones, pads))
    return None if bool((found == 1).all()) else found


def _padding(call: Call) -> Part | None:
    args = taken(call, PadArgs) if call.name == "pad" else None
    if args is None or args.mode != "constant" or len(args.pad) != 4 or not isinstance(call.out, Slot):
        return None
    sides = tuple(args.pad)
    return Padded(replace(call, function=_copied, args=(args.x,), kwargs={}), sides) if min(sides) >= 0 else None


def _copied(x: Tensor) -> Tensor:
    return x.clone()  # what works in place behind it leaves the maps without their padding alone
