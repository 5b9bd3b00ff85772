"""One optimisation: pictures of some objectives that are looked at together, a step at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from seewhy.errors import ModelFailed
from seewhy.model.cores import available
from seewhy.model.rules import Rule
from seewhy.results.visualization import Visualized
from seewhy.synthesis.adam import Adam
from seewhy.synthesis.looking import Eye, Reads
from seewhy.synthesis.objectives import Objective
from seewhy.synthesis.planning import Plan
from seewhy.synthesis.redirected import REDIRECTED

TOGETHER = 64  # pictures of a part at most
PATIENCE = 16  # steps in which a gradient of zero may still become another


def cores_for(eye: Eye, objectives: Sequence[Objective]) -> int:
    """Cores that have pictures of their own: all there are, but one where a look can't be taken by several threads."""
    at_once = all(eye.at_once(reads) for reads in {one.reads for one in objectives})
    return available(eye.model.device) if at_once else 1


def climbs(eye: Eye, plan: Plan, objectives: Sequence[Objective], cores: int) -> list["Climb"]:
    """Objectives that read the same layers of the network go together, shared out over cores."""
    alone = plan.parametrization.couples
    alike: dict[object, list[int]] = {}
    for at, one in enumerate(objectives):
        alike.setdefault(at if alone else (one.reads.layers, one.reads.outputs), []).append(at)
    fits = max(1, eye.model.rows_a_core(eye.probe(), cores) // plan.batch)
    parts: list[Climb] = []
    for some in alike.values():
        reads = Reads.together(objectives[at].reads for at in some)
        each = min(-(-len(some) // cores), max(1, TOGETHER // plan.batch))
        parts += [
            Climb(eye, plan, {at: objectives[at] for at in some[first : first + each]}, reads, fits)
            for first in range(0, len(some), each)
        ]
    return parts


def evenly(count: int, most: int) -> int:
    """At most so many at a time, that no time has much fewer: each time costs its calls."""
    return -(-count // -(-count // most))


class Climb:
    """objectives: by their number. reads: what they and those of other parts need of the network. fits: of how many
    pictures go through the network at a time; all else of a step is done for all of them at once."""

    def __init__(self, eye: Eye, plan: Plan, objectives: dict[int, Objective], reads: Reads, fits: int) -> None:
        self.eye, self.plan, self.objectives, self.reads, self.fits = eye, plan, objectives, reads, fits
        model, own = eye.model, plan.parametrization
        drawn = own.start((len(model.mean), *plan.size), plan.draws(0))
        self._parameters = [self._each(one).to(model.device, model.pixel_dtype).requires_grad_() for one in drawn]
        self._adam = Adam(self._parameters, plan.lr)
        self._draws = plan.draws(1)
        self._values: list[Tensor] = []
        self._kept: list[Tensor] = []
        self._asked: Tensor | None = None  # how much of each place, so far
        self._moved = torch.zeros(plan.batch * len(objectives), dtype=torch.bool, device=model.device)

    def _each(self, drawn: Tensor) -> Tensor:
        """The same start for each objective."""
        return drawn.repeat(len(self.objectives), *[1] * (drawn.ndim - 1))

    def step(self, done: int) -> dict[int, float]:
        """Take the done-th step; the value of each objective before it."""
        rules = REDIRECTED if done <= self.plan.redirect else None
        with torch.enable_grad():
            pictures = self.plan.parametrization.image(self._parameters, self.plan.size)
            x = self._given(pictures)
            values, given, own = self._looked(x.detach(), pictures.detach(), rules)
            wanted = [*self._parameters, pictures]
            *grads, asked = torch.autograd.grad([x, pictures], wanted, [given, own], allow_unused=True)
        self.eye.model.meter.count(backward=len(x))
        self._checked(values, given, done)
        self._adam.step(grads)
        if asked is not None:
            strength = asked.abs().sum(1)
            self._asked = strength if self._asked is None else self._asked.add_(strength)
        self._values.append(values)
        means = values.unflatten(0, (-1, self.plan.batch)).mean(1).tolist()
        return dict(zip(self.objectives, means, strict=True))

    def _given(self, pictures: Tensor) -> Tensor:
        """The pictures moved and turned, as the network's input. Each objective's are moved alike."""
        maps = self.plan.transforms.drawn(self.plan.size, self._draws)
        return self.plan.transforms(pictures, maps, self.eye.size)

    def _looked(self, x: Tensor, pictures: Tensor, rules: Mapping[str, Rule] | None) -> Sequence[Tensor]:
        """The values (n,), and the slopes of minus their sum at what the network is given and at the pictures."""
        n, objectives = self.plan.batch, list(self.objectives.values())
        found = []
        each = evenly(len(objectives), self.fits)
        for first in range(0, len(objectives), each):
            some = objectives[first : first + each]
            rows = slice(first * n, (first + len(some)) * n)
            given, own = (one[rows].requires_grad_() for one in (x, pictures))
            seen = self.eye.look(given, self.reads, rules)
            look = replace(seen, pictures=own)
            values = torch.cat([one.values(look.rows(slice(at * n, (at + 1) * n))) for at, one in enumerate(some)])
            slopes = torch.autograd.grad(-values.sum(), (given, own), allow_unused=True, materialize_grads=True)
            found.append((values.detach(), *slopes))
        return [torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*found, strict=True)]

    def _checked(self, values: Tensor, given: Tensor, done: int) -> None:
        """Raises ModelFailed where a value or a gradient is not finite, or the gradient has been zero in all steps."""
        read = self.reads.layers or self.reads.outputs
        slopes = torch.linalg.vector_norm(given.flatten(1), 1, 1) if read else torch.ones_like(values)
        fine = torch.isfinite(values) & torch.isfinite(slopes)
        if not fine.all():
            raise ModelFailed(
                f"{self._first(~fine)!r} or its gradient is NaN or infinite in step {done}",
                "check the layer's weights and the model's precision, or take a smaller lr",
            )
        self._moved |= slopes > 0
        if done == min(PATIENCE, self.plan.steps) and not self._moved.all():
            raise ModelFailed(
                f"the gradient of {self._first(~self._moved)!r} is zero in each of {done} steps",
                "the unit may be dead, or shut for this picture: try another channel, seed or layer, one before its "
                "ReLU, or more steps of redirect",
            )

    def _first(self, rows: Tensor) -> str:
        """The first objective that one of these rows belongs to."""
        at = int(rows.nonzero()[0]) // self.plan.batch
        return list(self.objectives.values())[at].name

    def keep(self) -> None:
        with torch.no_grad():
            pictures = self.plan.parametrization.image(self._parameters, self.plan.size)
        if not torch.isfinite(pictures).all():
            raise ModelFailed("the optimised pictures are not finite", "take a smaller lr")
        self._kept.append(pictures)

    def found(self) -> Iterator[tuple[int, Visualized]]:
        """Each objective's pictures, by its number."""
        images = torch.stack(self._kept).permute(0, 1, 3, 4, 2).float().cpu().numpy()
        values = torch.stack(self._values).float().cpu().numpy()
        asked = torch.zeros(images.shape[1:4]) if self._asked is None else self._asked
        seen = (asked / asked.amax((1, 2), keepdim=True).clamp_min(1e-30)).float().cpu().numpy()
        for place, (at, one) in enumerate(self.objectives.items()):
            own = slice(place * self.plan.batch, (place + 1) * self.plan.batch)
            shown = np.ascontiguousarray(images[:, own])
            yield at, Visualized(one.name, shown, np.ascontiguousarray(values[:, own]), seen[own])
