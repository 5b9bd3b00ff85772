"""The one way from random variants of a picture to a map with its error; a method says what it draws and estimates.

Samples come in blocks, each with draws of its own, and blocks take turns in a few groups, of which only sums are kept:
whatever is estimated from the sums of all is estimated once more without each group, and how far these scatter is the
standard error (the delete-a-group jackknife, Kott 2001). The sums and a count are all it takes to go on later.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from seewhy.errors import BadInput
from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together
from seewhy.types import Map, Pixels

BLOCK = 8  # samples that are drawn together; even, so that pairs stay together
PART = 32  # samples of a block whose pictures are made at once
GROUPS = 16
FIRST, GROWTH = 128, 1.25  # samples before the error is first looked at, and times as many before the next time
LEAST = 8  # blocks before the error is first looked at
CERTAIN = "certain "  # how sums are named that chance has no part in: they are in every estimate

Sums = Mapping[str, Tensor]


class Estimator(Protocol):
    """What one method draws for b images, and makes of the scores. images (a,): which of the b are meant."""

    def draw(self, rng: Rng, block: int) -> Tensor:
        """The draws of one block, an image each (b,BLOCK,...). rng: at that block."""
        ...

    def variants(self, draws: Tensor, images: Tensor) -> Pixels:
        """The pictures to score (a,m,c,h,w) for draws (a,n,...): one of each draw, or as many of each."""
        ...

    def sums(self, draws: Tensor, scores: Tensor, images: Tensor) -> Sums:
        """What is added up of n samples: (k,a,...), or (1,a,...) where it is the same for all k targets.

        scores: (k,a,m) of the pictures, in float64.
        """
        ...

    def estimate(self, sums: Sums, image: int) -> Tensor:
        """One target's map (c,r,q) of one image from its sums (...)."""
        ...

    def details(self, sums: Sums, image: int) -> Sums:
        """What else is told of it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Sampled(Together):
    """extras: standard_error (b,c,r,q) of the map, NaN where there is none yet; samples (b,) that were taken."""

    goes_on = True

    n_samples: int = option(1000, "variants scored, at most", low=2 * BLOCK, high=100_000_000)
    tolerance: float = option(
        0.0, "ends once the map's standard error (root mean square) is this share of its largest value", low=0
    )

    def estimator(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> Estimator:
        """What draws the variants of these images and turns their scores into maps."""
        raise NotImplementedError  # not abstract: SampledSuperpixels plan each image by itself

    def told(self, model: Model, maps: Sequence[Map]) -> list[Map]:
        """The maps, with what a method has to say of them."""
        return list(maps)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        groups = [targets] if not model.course.left else [[one] for one in targets]  # which left off at their own
        made: list[Map] = []
        for group, own in zip(groups, rng.alike(len(groups)), strict=True):
            made += self.sampled_maps(model, x, group, own)
        return self.told(model, made)

    def sampled_maps(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        run = Run(model, x, targets, rng, self.estimator(model, x, targets, rng), self.n_samples, self.tolerance)
        while run.step():
            pass
        return run.maps()


@dataclass(eq=False)
class Run:
    """Samples of a few images for k targets, until there are enough.

    block: samples that are drawn together. certain: the first so many of all, which chance has no part in. enough: so
    many give a map where it is stopped, even before the certain ones are done. place: of the first image among those of
    the call.
    """

    model: Model
    x: Pixels
    targets: Sequence[Pinned]
    rng: Rng
    estimator: Estimator
    n_samples: int
    tolerance: float
    block: int = BLOCK
    certain: int = 0
    enough: int = 0
    place: int = 0
    totals: dict[str, Tensor] = field(default_factory=dict)  # (k or 1,GROUPS,b,...), float64
    done: Tensor = field(init=False)  # samples of an image (b,)
    ended: dict[tuple[int, int], tuple[int, Sums]] = field(default_factory=dict)  # by target and image, near enough

    def __post_init__(self) -> None:
        self.done = torch.zeros(len(self.x), dtype=torch.long)
        left = self.model.course.left.get(self.targets[0].key) if len(self.targets) == 1 else None
        if left is not None:
            self._take_up(left)

    def _take_up(self, left: Sums) -> None:
        self.done = left["done"].clone()
        kept = {name: value for name, value in left.items() if name not in ("names", "done")}
        self.totals = {name: value.to(self.x.device).movedim(0, 1)[None].clone() for name, value in kept.items()}

    def step(self, most: int | None = None) -> bool:
        """Up to `most` samples more of the images that have fewest; False where none needs more, or was stopped."""
        images = self._behind()
        if not images.numel() or self.model.course.stopped():
            return False
        done = int(self.done[images[0]])
        goal = self._goal(done)
        until = goal if most is None else min(goal, done + most)
        self._advance(images, until)
        if self.tolerance and until == goal:
            self._end_those_near(images)
        return True

    def _behind(self) -> Tensor:
        """The images with fewest samples, of those that need more."""
        open_ = [i for i in range(len(self.x)) if any((k, i) not in self.ended for k in range(len(self.targets)))]
        open_ = [i for i in open_ if self.done[i] < self.n_samples]
        least = min((int(self.done[i]) for i in open_), default=0)
        return torch.tensor([i for i in open_ if self.done[i] == least], dtype=torch.long)

    def _goal(self, done: int) -> int:
        """Samples after which the error is looked at next; the same whatever was there before."""
        if not self.tolerance:
            return self.n_samples
        drawn = max(FIRST, LEAST * self.block)
        while self.certain + drawn <= done:
            drawn = -(-int(drawn * GROWTH) // self.block) * self.block
        return min(self.certain + drawn, self.n_samples)

    def _advance(self, images: Tensor, goal: int) -> None:
        waiting: deque[tuple[int, Tensor]] = deque()
        rows = images.to(self.x.device)

        def variants() -> Iterator[Items]:
            at = int(self.done[images[0]])
            while at < goal and not self.model.course.stopped():
                block, first = divmod(at, self.block)
                draws = self.estimator.draw(self.rng.at(block), block)[images, first : first + goal - at]
                at += draws.shape[1]
                for part in draws.to(self.x.device).split(PART, 1):
                    waiting.append((block, part))
                    pictures = self.estimator.variants(part, rows)
                    yield Items(pictures.flatten(0, 1), self.place + rows.repeat_interleave(pictures.shape[1]))

        left = int((self.n_samples - self.done[images]).sum())
        for scores in self.model.each_score(variants(), self.targets, left):
            block, draws = waiting.popleft()
            found = scores.double().unflatten(1, (len(rows), -1))
            self._add((block - self.certain // self.block) % GROUPS, rows, self.estimator.sums(draws, found, rows))
            self.done[images] += draws.shape[1]
            if self.model.course.tell is not None:
                self.model.course.tell(int(self.done.sum()), self.n_samples * len(self.x))
            if self.model.course.look is not None and int(self.done.min()) >= self.least:
                self.model.course.look(self.maps)

    def _add(self, group: int, images: Tensor, sums: Sums) -> None:
        for name, value in sums.items():
            if name not in self.totals:
                shape = len(value), GROUPS, len(self.x), *value.shape[2:]
                self.totals[name] = torch.zeros(shape, dtype=torch.float64, device=value.device)
            self.totals[name][:, group, images] += value

    def _end_those_near(self, images: Tensor) -> None:
        for i in images.tolist():
            for k in range(len(self.targets)):
                if (k, i) not in self.ended:
                    samples, sums = self._own(k, i)
                    values, error = self._found(samples, sums, i)
                    if error.square().mean().sqrt() <= self.tolerance * values.abs().max():
                        self.ended[k, i] = samples, {name: one.clone() for name, one in sums.items()}

    def _own(self, k: int, i: int) -> tuple[int, Sums]:
        """One target's samples and sums (GROUPS,...) of one image: those it ended with, else those of now."""
        if (k, i) in self.ended:
            return self.ended[k, i]
        return int(self.done[i]), {name: one[min(k, len(one) - 1), :, i] for name, one in self.totals.items()}

    def _found(self, samples: int, sums: Sums, i: int) -> tuple[Tensor, Tensor]:
        """The map (c,r,q) and its standard error."""
        whole = self._whole(samples, sums)
        values = self.estimator.estimate(whole, i)
        groups = min(GROUPS, -(-samples // self.block) - self.certain // self.block)
        if samples == self.certain == self.n_samples:
            return values, torch.zeros_like(values)
        if groups < 2 or self._short(samples):
            return values, torch.full_like(values, torch.nan)
        drawn = {name: one for name, one in sums.items() if not name.startswith(CERTAIN)}
        without = torch.stack(
            [
                self.estimator.estimate(whole | {name: whole[name] - one[g] for name, one in drawn.items()}, i)
                for g in range(groups)
            ]
        )
        return values, ((groups - 1) * without.var(0, correction=0)).sqrt()

    def _short(self, samples: int) -> bool:
        """Whether it was stopped before enough was drawn to be looked at."""
        return samples < min(self.certain + 2 * self.block, self.n_samples)

    def _whole(self, samples: int, sums: Sums) -> dict[str, Tensor]:
        """The sums of all groups; where little was drawn, of what is certain alone."""
        left_out = self.certain and self._short(samples)
        whole = {name: one.sum(0) for name, one in sums.items()}
        return {n: torch.zeros_like(one) if left_out and not n.startswith(CERTAIN) else one for n, one in whole.items()}

    @property
    def least(self) -> int:
        """Samples of an image that there is a map of."""
        return min(self.enough or self.certain + 2 * self.block, self.n_samples)

    def maps(self) -> list[Map]:
        done = int(self.done.min())
        if done < self.least:
            few = self.least - done
            raise BadInput(f"stopped after {done} samples, {few} too few for a map", "let it sample longer")
        return [self._map(k) for k in range(len(self.targets))]

    def _map(self, k: int) -> Map:
        own = [self._own(k, i) for i in range(len(self.x))]
        found = [self._found(samples, sums, i) for i, (samples, sums) in enumerate(own)]
        values, errors = (torch.stack(each) for each in zip(*found, strict=True))
        counts = torch.tensor([samples for samples, _ in own])
        whole = [self._whole(samples, sums) for samples, sums in own]
        details = [self.estimator.details(one, i) for i, one in enumerate(whole)]
        extras = {name: torch.stack([one[name] for one in details]) for name in details[0]}
        kept = {name: torch.stack([sums[name] for _, sums in own]) for name in own[0][1]}
        return Map(
            values.to(self.x),
            extras={**extras, "standard_error": errors.to(self.x), "samples": counts},
            notes=sampled_so_far(
                values, errors, counts, torch.full_like(counts, self.n_samples), self.model.course.stopped()
            ),
            state={"names": self.rng.names, "done": counts, **kept},
        )


def sampled_so_far(values: Tensor, errors: Tensor, counts: Tensor, asked: Tensor, stopped: bool) -> list[str]:
    """What is said of maps (b,c,r,q) and their errors; of samples taken (b,) and asked for (b,)."""
    largest = values.flatten(1).abs().amax(1).clamp_min(torch.finfo(values.dtype).tiny)
    share = float((errors.flatten(1).square().mean(1).sqrt() / largest).max())
    said = [f"standard error of the map: {share:.1%} of its largest value, after {int(counts.max())} samples"]
    if share != share:
        said = [f"the map has no standard error yet, after {int(counts.max())} samples"]
    if stopped and (counts < asked).any():
        least = int((counts / asked).argmin())
        said.append(f"stopped after {int(counts[least])} of {int(asked[least])} samples")
    return said
