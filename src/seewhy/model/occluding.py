"""Scores of pictures with a part of them replaced: by what the part can reach where that pays, else by whole passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from seewhy.errors import Unsupported
from seewhy.model.incremental import REACH, ROOM, Clean, replaced
from seewhy.model.plan import Group, Plan
from seewhy.model.stream import Items, stream
from seewhy.targets import Pinned
from seewhy.types import Pixels

if TYPE_CHECKING:
    from seewhy.model.network import Network

How = Literal["auto", "always", "never"]
Whole = Literal["", "asked", "unwritten", "reach", "memory", "slower", "wrong"]  # why passes were whole, if they were


_WHY: dict[str, Whole] = {REACH: "reach", ROOM: "memory"}


@dataclass(frozen=True, eq=False)
class Occluded:
    """scores (k,f,b,n): of each target, of each picture that windows are taken from, of each image and window.

    skipped: the share of the whole passes' multiplications that were not made. whole: why these were made, if so: as
    asked; the forward can't be written down; a window reaches almost all; memory for the maps to be kept; whole passes
    were quicker or the parts gave something else when both were tried.
    """

    scores: Tensor
    skipped: float = 0.0
    whole: Whole = ""


def occluded(
    model: "Network", x: Pixels, boxes: Tensor, fills: Sequence[Pixels], targets: Sequence[Pinned], how: How
) -> Occluded:
    """See Network.occluded."""
    plan = _plan(model, x, boxes, how)
    if isinstance(plan, Plan):
        rows = [_of_image(model, plan, x, fills, targets, image) for image in range(len(x))]
        return Occluded(torch.stack(rows, 2), plan.skipped)
    variants = (replaced(x, fill, box) for fill in fills for box in boxes)
    scores = model.scores(variants, targets).unflatten(-1, (len(fills), len(boxes)))
    return Occluded(scores.transpose(1, 2), whole=plan)


def _plan(model: "Network", x: Pixels, boxes: Tensor, how: How) -> Plan | Whole:
    """How windows are scored by what they reach, or why they are not."""
    if how == "never":
        return "asked"
    programs = model.programs(x) if model.compared is None else None
    run = programs.incremental() if programs else None
    plan = "the network's forward can't be written down" if run is None else run.plan(boxes)
    if run is None or isinstance(plan, str):
        if how == "always":
            raise Unsupported(f"windows can't be scored by what they reach: {plan}", "leave incremental= out")
        return "unwritten" if run is None else _WHY.get(str(plan), "wrong")
    held = plan.numbers * x.element_size()
    if how == "auto" and model.memory is not None and held > model.memory / 2:
        return "memory"
    return "slower" if how == "auto" and run.slower(boxes) else plan


def _of_image(
    model: "Network", plan: Plan, x: Pixels, fills: Sequence[Pixels], targets: Sequence[Pinned], image: int
) -> Tensor:
    """(k,f,n)"""
    clean = Clean(plan, x[image : image + 1])
    model.meter.count(forward=1)
    limit = model._rows(x, kept=plan.numbers * x.element_size(), narrow=True)
    found = torch.empty(len(targets), len(fills), len(plan.boxes), dtype=x.dtype, device=x.device)

    def of_group(group: Group, fill: Pixels) -> Iterator[Tensor]:
        def run(some: Tensor, rows: Tensor) -> Tensor:
            outputs = model._counted(clean.outputs(fill, group, some.cpu().numpy()))
            return torch.stack([one(outputs, rows) for one in targets], 1)

        windows = torch.arange(len(group.windows), device=x.device)
        return stream([Items(windows, torch.full_like(windows, image))], run, limit)

    for at, fill in enumerate(fills):
        for group in plan.groups:
            (scores,) = of_group(group, fill[image : image + 1])
            found[:, at, torch.from_numpy(group.windows)] = scores.T.to(found.dtype)
    return found
