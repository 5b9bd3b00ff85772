"""Scores of a picture with a part replaced, by computing only what that part can reach. Exact.

As Krypton does (Nakandala, Kumar & Papakonstantinou, SIGMOD 2019, doi:10.1145/3299869.3319874): the picture's own maps
are kept, and of every window the rectangle of each map that it changes is carried along. What a layer reads around it
is cut from the kept map, the rectangle is pasted in, and the layer runs on that alone. Where most of a map is changed,
or a layer mixes places, the whole maps are put together and the network goes on as ever.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.model.outline import Outline, called, outlined
from seewhy.model.parts import Reading
from seewhy.model.plan import PLAIN, Group, Key, Plan, planned
from seewhy.model.spans import Place, Sheet, Which, paste
from seewhy.model.stream import out_of_memory
from seewhy.model.tape import Call, leaves
from seewhy.types import Pixels

KEPT = 4  # plans, those used last
TRIED = 4  # windows by which the two ways are timed
REACH = "a window reaches almost all that is computed"
ROOM = "memory ran out for the maps to be kept"
GLARING = 10  # times a picture's pixels: windows so bright that a wrong score stands out, however small they are

Run = Callable[[Tensor], Tensor]


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

    def outputs(self, fill: Pixels, group: Group, which: Which) -> Tensor:
        """Outputs (n,k) of the network for the picture with a window taken from fill (1,c,h,w), of some of a group's
        windows."""
        with torch.no_grad():
            return self._go_on(self._patches(fill, group, which), group, which)

    def _patches(self, fill: Pixels, group: Group, which: Which) -> dict[int, Tensor]:
        boxes = self.plan.boxes[group.windows[which]]
        patches = {0: covered(self.x, fill, boxes, group.places[0], which)}
        for step in group.steps:
            own = {one.slot: self._read(one, patches[one.slot], which) for one in step.readings}
            values = {**self.constants, **patches, **own}
            made = list(leaves(called(step.part.call, values, len(boxes))))
            if step.shares is not None:
                made = [one * Sheet(step.shares.to(one)).cut(step.place, which) for one in made]
            patches |= {one.number: value for one, value in zip(leaves(step.part.call.out), made, strict=True)}
            for slot in step.dies:
                patches.pop(slot, None)
        return patches

    def _read(self, one: Reading, patch: Tensor, which: Which) -> Tensor:
        around = self.sheets[one.slot, one.pads, one.fill].cut(one.read, which)
        return paste(around, one.read, patch, one.have, which)

    def _go_on(self, patches: dict[int, Tensor], group: Group, which: Which) -> Tensor:
        outline, n = self.plan.outline, len(next(iter(patches.values())))
        maps = []
        for slot in group.joins(outline):
            place = group.places[slot]
            maps.append(paste(self.sheets[slot, *PLAIN].whole(n), place.all(), patches.pop(slot), place, which))
        tail = self.plan.tails[group.cut]
        (found,) = tail([*maps, *(self.constants[slot] for slot in tail.given[len(maps) :])], n)
        return found


def covered(x: Pixels, fill: Pixels, boxes: Tensor, place: Place, which: Which) -> Pixels:
    """Rectangles (n,c,*place.size) of the picture, in which the boxes (n,4) are taken from fill."""
    top, left, bottom, right = (one[:, None] for one in boxes.to(x.device).unbind(1))
    rows, columns = (torch.from_numpy(one.cells(which)).to(x.device) for one in (place.rows, place.columns))
    within = ((rows >= top) & (rows < bottom))[:, :, None] & ((columns >= left) & (columns < right))[:, None]
    inside = within[:, None]
    return torch.where(inside, Sheet(fill).cut(place, which), Sheet(x).cut(place, which))


@dataclass(eq=False)
class Incremental:
    """A network's scores by what windows reach. Plans are believed only once they have given what the network gives;
    those used last are kept.

    whole: pixels -> outputs, all of it. probe: pixels (2,c,h,w). apart: what speaks against an answer, or nothing.
    """

    outline: Outline
    whole: Run
    probe: Pixels
    apart: Callable[[Tensor, Tensor], str]
    _plans: dict[bytes, Plan | str] = field(default_factory=dict)  # by their windows, used last behind
    _slower: set[bytes] = field(default_factory=set)

    @classmethod
    def of(
        cls, calls: Sequence[Call], out: int, whole: Run, probe: Pixels, apart: Callable[[Tensor, Tensor], str]
    ) -> "Incremental":
        return cls(outlined(calls, out, probe[:1]), whole, probe, apart)

    def plan(self, boxes: Tensor) -> Plan | str:
        """How these windows (n,4) are scored, or why they can't be so."""
        key = _key(boxes)
        self._plans[key] = self._plans.pop(key) if key in self._plans else self._made(boxes)
        for oldest in list(self._plans)[:-KEPT]:
            del self._plans[oldest]
            self._slower.discard(oldest)
        return self._plans[key]

    def _made(self, boxes: Tensor) -> Plan | str:
        try:
            found = planned(self.outline, boxes)
            why = REACH if found is None else self._tried(found)
        except Exception as error:  # whatever calls do that are given a part of their maps: whole passes are made
            found, why = None, ROOM if out_of_memory(error) else f"a part of it can't be run: {error}"
        return why if found is None or why else found

    def slower(self, boxes: Tensor) -> bool:
        """Whether whole passes were as quick when both ways were tried."""
        return _key(boxes) in self._slower

    def _tried(self, plan: Plan) -> str:
        """What speaks against the plan's answers. Both ways are timed on windows of the largest group, whose windows
        reach furthest."""
        x, fill = self.probe[:1], GLARING * self.probe[1:]
        clean = Clean(plan, x)
        first, *others = sorted(plan.groups, key=lambda one: -len(one.windows))
        some = np.unique(np.linspace(0, len(first.windows) - 1, TRIED).round().astype(np.int64))
        chosen = [(first, some), *((one, np.array([0])) for one in others[::4])]
        found = torch.cat([clean.outputs(fill, group, which) for group, which in chosen])
        pictures = [
            torch.cat([replaced(x, fill, box) for box in plan.boxes[group.windows[which]]]) for group, which in chosen
        ]
        with torch.no_grad():
            wanted = torch.cat([self.whole(one) for one in pictures])
        whole = _seconds(lambda: self.whole(pictures[0]), x.device)
        if _seconds(lambda: clean.outputs(fill, first, some), x.device) >= whole:
            self._slower.add(_key(plan.boxes))
        return self.apart(found, wanted)


def replaced(x: Pixels, fill: Pixels, box: Tensor) -> Pixels:
    """Pictures (b,c,h,w) in which the box (4,) is taken from fill."""
    top, left, bottom, right = box.tolist()
    found = x.clone()
    found[..., top:bottom, left:right] = fill[..., top:bottom, left:right]
    return found


def _seconds(run: Callable[[], Tensor], device: torch.device) -> float:
    """Of the processor, which other programs don't lengthen; on a GPU, of the clock."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    start = clock()
    with torch.no_grad():
        run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - start


def _key(boxes: Tensor) -> bytes:
    found: bytes = boxes.cpu().numpy().tobytes()
    return found
