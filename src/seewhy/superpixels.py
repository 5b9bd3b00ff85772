"""What all methods share that show some superpixels of a picture and hide the others."""

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import BadInput
from seewhy.model import Model
from seewhy.ops.baselines import baselines
from seewhy.ops.segments import refuse_unknown, superpixels
from seewhy.registry import option
from seewhy.rng import Rng
from seewhy.sampling import BLOCK, Estimator, Run, Sampled, sampled_so_far
from seewhy.targets import Pinned
from seewhy.together import own_scores
from seewhy.types import Map, Pixels

TURN = 128  # samples of an image before the next has its turn
OURS = {"superpixels", "certain"}  # names in what is gone on from, besides the run's own
OWN = "own"  # the baseline that is each superpixel's mean colour
CUT = "quickshift, slic, felzenszwalb or grid, as in slic:n_segments=60; a function of the picture; labels (h,w), @FILE"
HIDDEN = "what hidden superpixels become: 'own' (each its mean colour), a number, 'mean', 'blur', 'noise', a picture"


@dataclass(frozen=True, eq=False)
class Parts:
    """One image (c,h,w), what hides it (c,h,w), and the superpixel of each pixel (h,w), from 0 to count-1."""

    image: Tensor
    hidden: Tensor
    labels: Tensor
    count: int

    def showing(self, masks: Tensor) -> Pixels:
        """The pictures (n,c,h,w) that masks (n,count) of True (shown) and False make."""
        shown = masks.index_select(1, self.labels.flatten()).unflatten(1, self.labels.shape)
        return torch.where(shown[:, None], self.image, self.hidden)

    def spread(self, values: Tensor) -> Tensor:
        """Each pixel's superpixel's value (1,h,w), from values (count,)."""
        return values[self.labels][None]


@dataclass(frozen=True, kw_only=True)
class Superpixels:
    """extras: segments (b,h,w), each pixel's superpixel from 0 on, and superpixels (b,), how many there are."""

    segments: Any = option("quickshift", CUT, file="labels")
    baseline: Any = option(0.0, HIDDEN)

    def __post_init__(self) -> None:
        refuse_unknown(self.segments)

    def parts(self, model: Model, x: Pixels, rng: Rng) -> list[Parts]:
        """An image each."""
        labels = superpixels(self.segments, x, rng)
        hidden = _hidden(self.baseline, x, labels, model.usual, rng)
        return [Parts(*each, int(each[2].max()) + 1) for each in zip(x, hidden, labels, strict=True)]


def told_parts(every: Sequence[Parts]) -> dict[str, Tensor]:
    """The extras of a method over superpixels."""
    counts = torch.tensor([one.count for one in every])
    return {"segments": torch.stack([one.labels for one in every]), "superpixels": counts}


def _hidden(asked: Any, x: Pixels, labels: Tensor, mean: Sequence[float], rng: Rng) -> Pixels:
    if not (isinstance(asked, str) and asked == OWN):
        return baselines([asked], x, mean, rng)[0]
    return torch.stack([_mean_colours(image, own) for image, own in zip(x, labels, strict=True)])


def _mean_colours(image: Tensor, labels: Tensor) -> Tensor:
    at = labels.flatten()
    sums = image.new_zeros(len(image), int(at.max()) + 1, dtype=torch.float64)
    sums.index_add_(1, at, image.flatten(1).double())
    return (sums / at.bincount())[:, at].view_as(image).to(image)


@dataclass(frozen=True)
class Plan:
    """How one image is sampled: see Run."""

    estimator: Estimator
    n_samples: int
    block: int = BLOCK
    certain: int = 0
    enough: int = 0


@dataclass(frozen=True, kw_only=True)
class SampledSuperpixels(Superpixels, Sampled):
    """Images have different numbers of superpixels, so each is sampled by itself; where there are several, by turns."""

    from_nothing: ClassVar[bool] = True  # whether the score with all hidden is looked at

    @abstractmethod
    def plan(self, parts: Parts, ends: Tensor) -> Plan:
        """ends: each score with all hidden and of the picture itself (k,2), in float64."""

    def sampled_maps(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        every = self.parts(model, x, rng)
        ends = self._ends(model, x, every, targets)
        runs: list[Run] = []
        for i, parts in enumerate(every):
            plan = self.plan(parts, ends[:, i])
            course = replace(model.course, tell=_of_all(model, runs), left=_left(model.course.left, i, parts))
            asked = plan.n_samples, self.tolerance, plan.block, plan.certain, plan.enough, i
            runs.append(Run(replace(model, course=course), x[i : i + 1], targets, rng.of(i), plan.estimator, *asked))
            _refuse_others(model.course.left, i, parts, plan)
        by_turns(runs)
        return [_joined(maps, every, runs) for maps in zip(*(run.maps() for run in runs), strict=True)]

    def _ends(self, model: Model, x: Pixels, every: Sequence[Parts], targets: Sequence[Pinned]) -> Tensor:
        """(k,b,2)"""
        whole = own_scores(model, x, targets)
        hidden = torch.stack([one.hidden for one in every])
        none = model.scores([hidden], targets)[..., 0] if self.from_nothing else torch.full_like(whole, torch.nan)
        return torch.stack([none, whole], -1).double()


def by_turns(runs: Sequence[Run]) -> None:
    """Each to its end; where there are several, a few samples of each at a time, so that all have some if stopped."""
    going = list(runs)
    while going:
        run = min(going, key=lambda one: int(one.done.min()))
        if not run.step(None if len(runs) == 1 else max(1, TURN // run.block) * run.block):
            going.remove(run)


def _of_all(model: Model, runs: Sequence[Run]) -> Callable[[int, int], None] | None:
    tell = model.course.tell
    if tell is None:
        return None
    return lambda done, total: tell(sum(int(one.done.sum()) for one in runs), sum(one.n_samples for one in runs))


def _left(left: Mapping[Hashable, Mapping[str, Tensor]], i: int, parts: Parts) -> dict[Hashable, Mapping[str, Tensor]]:
    """One image's own of what an earlier call left: without what fills it up to the most superpixels of its batch."""
    own = {key: {name: value[i : i + 1] for name, value in sums.items()} for key, sums in left.items()}
    return {
        key: {name: _cropped(value, parts.count) for name, value in sums.items() if name not in OURS}
        for key, sums in own.items()
    }


def _cropped(value: Tensor, count: int) -> Tensor:
    for axis in range(2, value.ndim):
        value = value.narrow(axis, 0, min(count, value.shape[axis]))
    return value


def _refuse_others(left: Mapping[Hashable, Mapping[str, Tensor]], i: int, parts: Parts, plan: Plan) -> None:
    for sums in left.values():
        if int(sums["superpixels"][i]) != _digest(parts.labels):
            raise BadInput("what is to go on has other superpixels", "give segments that are the same in each call")
        if (certain := int(sums["certain"][i])) != plan.certain:
            said = f"what is to go on began with {certain} samples that were not drawn, and not {plan.certain}"
            raise BadInput(said, "ask for an n_samples that is nearer to that of before, or leave resume out")


def _digest(labels: Tensor) -> int:
    return int.from_bytes(hashlib.blake2b(labels.cpu().numpy().tobytes(), digest_size=6).digest(), "big")


def _joined(maps: Sequence[Map], every: Sequence[Parts], runs: Sequence[Run]) -> Map:
    """One target's maps of several images, an image each, as one."""
    values = torch.cat([one.values for one in maps])
    extras = {name: padded([one.extras[name] for one in maps]) for name in maps[0].extras}
    state = {name: padded([one.state[name] for one in maps]) for name in maps[0].state}
    state["superpixels"] = torch.tensor([_digest(one.labels) for one in every])
    state["certain"] = torch.tensor([run.certain for run in runs])
    asked = torch.tensor([run.n_samples for run in runs])
    stopped = runs[0].model.course.stopped()
    return Map(
        values,
        extras={**extras, **told_parts(every)},
        notes=sampled_so_far(values, extras["standard_error"], extras["samples"], asked, stopped),
        state=state,
    )


def padded(rows: Sequence[Tensor]) -> Tensor:
    """Tensors (b,...) as one, filled up with zeros to the largest along each axis but the first."""
    largest = [max(sizes) for sizes in zip(*(one.shape[1:] for one in rows), strict=True)]
    filled = []
    for one in rows:
        missing = [size - own for size, own in zip(largest, one.shape[1:], strict=True)]
        filled.append(F.pad(one, [side for more in reversed(missing) for side in (0, more)]))
    return torch.cat(filled)
