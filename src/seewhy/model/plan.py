"""Which rectangles of a network's maps some windows of its input reach, and from where on whole maps are quicker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
import torch
from torch import Tensor

from seewhy.model.outline import Outline
from seewhy.model.parts import Part, Reading, Sides, Sliding
from seewhy.model.program import Program
from seewhy.model.spans import Place, Starts
from seewhy.model.tape import Call, Slot

MOVING = 30  # multiplications that take as long as writing a number to memory
WORTH = 0.9  # of the multiplications and moves: with more left, nothing is gained
MANY = 64  # windows from which on they are grouped
NEAR = (0.1, 0.25)  # of the picture's side: from the border to a window

Key = tuple[int, Sides, float]
PLAIN: tuple[Sides, float] = ((0, 0, 0, 0), 0.0)


@dataclass(frozen=True, eq=False)
class Step:
    """A part with what it reads, where its result differs from the clean image's, and what is not read behind it."""

    part: Part
    readings: Sequence[Reading]
    place: Place
    dies: tuple[int, ...]

    @property
    def shares(self) -> Tensor | None:
        return self.part.shares if isinstance(self.part, Sliding) else None


@dataclass(frozen=True, eq=False)
class Group:
    """Windows whose scores are computed alike: `steps` on patches, then the calls from `cut` on on whole maps."""

    windows: Starts  # their numbers (n,)
    places: Mapping[int, Place]
    steps: Sequence[Step]
    cut: int
    products: int  # multiplications of a window
    cost: float  # of a window, with what is moved

    def joins(self, outline: Outline) -> list[int]:
        """Slots whose maps are put together at the cut."""
        return [slot for slot in outline.live(self.cut) if slot in outline.changed]

    def constants(self, outline: Outline) -> list[int]:
        """Slots that don't depend on the image and are read by the steps or behind the cut."""
        read = {slot for step in self.steps for slot in step.part.call.reads} | set(outline.live(self.cut))
        return sorted(read - outline.changed)

    def keys(self, outline: Outline) -> list[Key]:
        """The clean image's maps that are read, with their paddings."""
        read = [(one.slot, one.pads, one.fill) for step in self.steps for one in step.readings]
        return [*read, *((slot, *PLAIN) for slot in self.joins(outline))]


@dataclass(frozen=True, eq=False)
class Plan:
    """How the scores of these windows are computed."""

    outline: Outline
    boxes: Tensor  # (n,4)
    groups: Sequence[Group]

    @cached_property
    def constants(self) -> list[int]:
        return sorted({slot for one in self.groups for slot in one.constants(self.outline)})

    @cached_property
    def keys(self) -> list[Key]:
        return list(dict.fromkeys(key for one in self.groups for key in one.keys(self.outline)))

    @cached_property
    def clean(self) -> Program:
        """From the picture to its own maps that are kept."""
        wanted = dict.fromkeys([*(slot for slot, _, _ in self.keys), *self.constants])
        return Program(_out_of_place(self.outline, deepest(self.groups)), (0,), tuple(wanted))

    @cached_property
    def tails(self) -> dict[int, Program]:
        """The network from each cut on."""
        found = {}
        for one in self.groups:
            others = [slot for slot in self.outline.live(one.cut) if slot not in self.outline.changed]
            given = (*one.joins(self.outline), *others)
            found[one.cut] = Program(self.outline.calls[one.cut :], given, (self.outline.out,))
        return found

    @property
    def numbers(self) -> int:
        """Held of the clean image while its windows are scored."""
        return sum(prod(self.outline.shapes[slot]) for slot, _, _ in self.keys)

    @property
    def skipped(self) -> float:
        """The share of multiplications that are not made; those for the clean image's own maps are."""
        own = sum(self.outline.products[: deepest(self.groups)])
        made = own + sum(len(one.windows) * one.products for one in self.groups)
        return 1 - made / max(1, len(self.boxes) * sum(self.outline.products))


def planned(outline: Outline, boxes: Tensor) -> Plan | None:
    """The quickest way for these windows by what is multiplied and moved; None where that is little less than all.

    boxes (n,4): top, left, bottom, right, the last two not included.
    """
    size = outline.shapes[0][2], outline.shapes[0][3]
    groups, dense = [_group(outline, boxes, windows) for windows in alike(boxes, size)], _dense(outline)
    cost = sum(len(one.windows) * one.cost for one in groups) + sum(dense[: deepest(groups)])
    return Plan(outline, boxes, groups) if cost < WORTH * len(boxes) * sum(dense) else None


def deepest(groups: Sequence[Group]) -> int:
    """The call up to which the clean image's own maps are needed."""
    return max(one.cut for one in groups)


def alike(boxes: Tensor, size: tuple[int, int]) -> list[Starts]:
    """Windows as near to the border: there a map ends, and with it what they reach."""
    if len(boxes) < MANY:
        return [np.arange(len(boxes))]
    top, left, bottom, right = boxes.cpu().numpy().T
    near = [np.minimum(top, size[0] - bottom) / size[0], np.minimum(left, size[1] - right) / size[1]]
    rows, columns = (np.digitize(one, NEAR) for one in near)
    kinds = rows * (len(NEAR) + 1) + columns
    return [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]


def _group(outline: Outline, boxes: Tensor, windows: Starts) -> Group:
    high, wide = outline.shapes[0][2:]
    places = {0: Place.of_boxes(boxes[windows], (high, wide))}
    steps: list[Step | None] = []
    products, moves = [], []
    for at, part in enumerate(outline.parts):
        call = outline.calls[at]
        readings, place = part.reach(places) if part is not None else ([], places[0])
        if any(len(outline.shapes[one.slot]) != 4 for one in readings):
            break
        share = prod(place.size) / prod(place.of) if part is not None else 0.0
        if part is not None:
            places |= dict.fromkeys(call.makes, place)
        dies = tuple(slot for slot in (*call.reads, *call.makes) if outline.last.get(slot, -1) <= at)
        steps.append(None if part is None else Step(part, readings, place, dies))
        products.append(round(outline.products[at] * share))
        read = sum(prod(one.read.size) * outline.shapes[one.slot][1] for one in readings)
        moves.append(read + outline.moved(at) * share)
    cut, cost = _cut(outline, products, moves)
    own = sum(products[:cut]) + sum(outline.products[cut:])
    return Group(windows, places, [step for step in steps[:cut] if step is not None], cut, own, cost)


def _dense(outline: Outline) -> list[float]:
    """What each call costs on whole maps."""
    return [own + MOVING * outline.moved(at) for at, own in enumerate(outline.products)]


def _cut(outline: Outline, products: Sequence[int], moves: Sequence[float]) -> tuple[int, float]:
    """Up to where patches cost less, and what a window then costs. products, moves: of the calls on patches."""
    dense = _dense(outline)
    best, cost = 0, float(sum(dense))
    spent, left = 0.0, cost
    for cut in range(1, len(products) + 1):
        spent += products[cut - 1] + MOVING * moves[cut - 1]
        left -= dense[cut - 1]
        joins = [outline.shapes[slot] for slot in outline.live(cut) if slot in outline.changed]
        total = spent + left + MOVING * sum(map(prod, joins))
        if total < cost and all(len(shape) == 4 for shape in joins):
            best, cost = cut, total
    return best, cost


def _out_of_place(outline: Outline, cut: int) -> list[Call]:
    """The calls before the cut with what they overwrite copied first, so that every slot keeps its value."""
    free = 1 + max(outline.shapes)
    made = []
    for at, call in enumerate(outline.calls[:cut]):
        if at in outline.overwriting and call.args and isinstance(call.args[0], Slot):
            copy, free = Slot(free), free + 1
            made.append(Call(torch.clone, (call.args[0],), {}, copy))
            call = replace(call, args=(copy, *call.args[1:]))
        made.append(call)
    return made
