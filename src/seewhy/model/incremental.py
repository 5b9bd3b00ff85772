"""Scores of a picture with a part replaced, by computing only what that part can reach. Exact.

Krypton (Nakandala, Kumar & Papakonstantinou, SIGMOD 2019, doi:10.1145/3299869.3319874). The picture's own maps are kept.
Of every window the rectangle of each map that it changes is carried along: what a layer reads around it is cut from the
kept map, the changed rectangle is pasted in, and the layer runs on that alone. Where most of a map is changed, or a
layer mixes places, the whole maps are put together and the network goes on as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Any

import torch
from torch import Tensor

from seewhy.model.outline import Outline, filled
from seewhy.model.parts import Part, Reading, Sides, Sliding
from seewhy.model.program import Program
from seewhy.model.spans import Place, Sheet, Which, paste
from seewhy.model.tape import Call, Slot, leaves, mapped
from seewhy.types import Pixels

MOVING = 30  # multiplications that take as long as writing a number to memory
WORTH = 0.9  # of the multiplications and moves: with more left, nothing is gained

Key = tuple[int, Sides, float]


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
class Plan:
    """How the scores of these windows are computed: `steps` on patches, then the calls from `cut` on on whole maps."""

    outline: Outline
    boxes: Tensor  # (n,4)
    places: Mapping[int, Place]
    steps: Sequence[Step]
    cut: int
    products: int  # multiplications of a window
    whole: int  # of an image

    @cached_property
    def joins(self) -> list[int]:
        """Slots whose maps are put together at the cut."""
        return [slot for slot in self.outline.live(self.cut) if slot in self.outline.changed]

    @cached_property
    def constants(self) -> list[int]:
        """Slots that don't depend on the image and are read by the steps or behind the cut."""
        read = {slot for step in self.steps for slot in step.part.call.reads} | set(self.outline.live(self.cut))
        return sorted(read - self.outline.changed)

    @cached_property
    def keys(self) -> list[Key]:
        """The clean image's maps that are read, with their paddings."""
        read = [(one.slot, one.pads, one.fill) for step in self.steps for one in step.readings]
        return list(dict.fromkeys([*read, *((slot, (0, 0, 0, 0), 0.0) for slot in self.joins)]))

    @cached_property
    def clean(self) -> Program:
        wanted = dict.fromkeys([*(slot for slot, _, _ in self.keys), *self.constants])
        return Program(_out_of_place(self.outline, self.cut), (0,), tuple(wanted))

    @cached_property
    def tail(self) -> Program:
        given = (*self.joins, *(slot for slot in self.constants if self.outline.last[slot] >= self.cut))
        return Program(self.outline.calls[self.cut :], given, (self.outline.out,))

    @property
    def numbers(self) -> int:
        """Held of the clean image while its windows are scored."""
        return sum(prod(self.outline.shapes[slot]) for slot, _, _ in self.keys)

    def skipped(self, windows: int) -> float:
        """The share of multiplications that are not made, the clean image's own forward included."""
        return 1 - (self.whole + windows * self.products) / (windows * self.whole)


@dataclass(frozen=True, eq=False)
class Clean:
    """A picture x (1,c,h,w) and what is kept of its forward."""

    plan: Plan
    x: Pixels
    sheets: Mapping[Key, Sheet] = field(init=False)
    constants: Mapping[int, Any] = field(init=False)

    def __post_init__(self) -> None:
        run = self.plan.clean
        with torch.no_grad():
            found = dict(zip(run.wanted, run([self.x.contiguous(memory_format=torch.channels_last)], 1), strict=True))
        constants = {slot: found.pop(slot) for slot in self.plan.constants}
        object.__setattr__(self, "sheets", {key: Sheet(found[key[0]], *key[1:]) for key in self.plan.keys})
        object.__setattr__(self, "constants", constants)

    def outputs(self, fill: Pixels, which: Which) -> Tensor:
        """Outputs (n,k) of the network for the picture with each of the windows `which` taken from fill (1,c,h,w)."""
        with torch.no_grad():
            return self._go_on(self._patches(fill, which), which)

    def _patches(self, fill: Pixels, which: Which) -> dict[int, Tensor]:
        places = self.plan.places
        patches = {0: covered(self.x, fill, self.plan.boxes[which], places[0], which)}
        n = len(patches[0])
        for step in self.plan.steps:
            own = {one.slot: self._read(one, patches[one.slot], which) for one in step.readings}
            values = {**self.constants, **patches, **own}
            call = step.part.call
            args, kwargs = (mapped(given, lambda one: filled(one, values, n)) for given in (call.args, call.kwargs))
            made = list(leaves(call.function(*args, **kwargs)))
            if step.shares is not None:
                made = [one * Sheet(step.shares.to(one)).cut(step.place, which) for one in made]
            patches |= {one.number: value for one, value in zip(leaves(call.out), made, strict=True)}
            for slot in step.dies:
                patches.pop(slot, None)
        return patches

    def _read(self, one: Reading, patch: Tensor, which: Which) -> Tensor:
        around = self.sheets[one.slot, one.pads, one.fill].cut(one.read, which)
        return paste(around, one.read, patch, one.have, which)

    def _go_on(self, patches: dict[int, Tensor], which: Which) -> Tensor:
        plan, n = self.plan, len(next(iter(patches.values())))
        maps = []
        for slot in plan.joins:
            sheet, place = self.sheets[slot, (0, 0, 0, 0), 0.0], plan.places[slot]
            maps.append(paste(sheet.whole(n), place.all(), patches.pop(slot), place, which))
        others = [self.constants[slot] for slot in plan.tail.given[len(maps) :]]
        (found,) = plan.tail([*maps, *others], n)
        return found


def covered(x: Pixels, fill: Pixels, boxes: Tensor, place: Place, which: Which) -> Pixels:
    """Rectangles (n,c,*place.size) of the picture, in which the boxes (n,4) are taken from fill."""
    top, left, bottom, right = (one[:, None] for one in boxes.to(x.device).unbind(1))
    rows, columns = (torch.from_numpy(one.cells(which)).to(x.device) for one in (place.rows, place.columns))
    inside = ((rows >= top) & (rows < bottom))[:, None, :, None] & ((columns >= left) & (columns < right))[:, None, None]
    return torch.where(inside, Sheet(fill).cut(place, which), Sheet(x).cut(place, which))


def planned(outline: Outline, boxes: Tensor) -> Plan | None:
    """The quickest way for these windows by what is multiplied and moved; None where that is the whole network's.

    boxes (n,4): top, left, bottom, right, the last two not included.
    """
    high, wide = outline.shapes[0][2:]
    places = {0: Place.of_boxes(boxes, (high, wide))}
    steps: list[Step | None] = []
    products, moves = [], []
    for at, part in enumerate(outline.parts):
        if part is None:
            steps.append(None), products.append(0), moves.append(0)
            continue
        readings, place = part.reach(places)
        if any(len(outline.shapes[one.slot]) != 4 for one in readings):
            break
        call = part.call
        places |= dict.fromkeys(call.makes, place)
        dies = tuple(slot for slot in (*call.reads, *call.makes) if outline.last.get(slot, -1) <= at)
        steps.append(Step(part, readings, place, dies))
        share = prod(place.size) / prod(place.of)
        products.append(round(outline.products[at] * share))
        read = sum(prod(one.read.size) * outline.shapes[one.slot][1] for one in readings)
        moves.append(read + outline.moved(at) * share)
    return _cut(outline, boxes, places, steps, products, moves)


def _cut(
    outline: Outline,
    boxes: Tensor,
    places: Mapping[int, Place],
    steps: Sequence[Step | None],
    products: Sequence[int],
    moves: Sequence[float],
) -> Plan | None:
    """The plan whose cut makes it quickest."""
    dense = [own + MOVING * outline.moved(at) for at, own in enumerate(outline.products)]
    best, cost = 0, WORTH * sum(dense)
    spent, left = 0.0, float(sum(dense))
    for cut in range(1, len(steps) + 1):
        spent += products[cut - 1] + MOVING * moves[cut - 1]
        left -= dense[cut - 1]
        joins = [outline.shapes[slot] for slot in outline.live(cut) if slot in outline.changed]
        total = spent + left + MOVING * sum(map(prod, joins))
        if total < cost and all(len(shape) == 4 for shape in joins):
            best, cost = cut, total
    if best == 0:
        return None
    kept = [step for step in steps[:best] if step is not None]
    own = sum(products[:best]) + sum(outline.products[best:])
    return Plan(outline, boxes, places, kept, best, own, sum(outline.products))


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
