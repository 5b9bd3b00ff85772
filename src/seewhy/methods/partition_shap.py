"""SHAP's partition explainer: Owen values."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from seewhy.background import background
from seewhy.errors import BadInput
from seewhy.model import Model
from seewhy.model.stream import Items
from seewhy.ops.boxes import Box, masks, painted
from seewhy.ops.completeness import completeness_gap
from seewhy.ops.fills import Fill, fill
from seewhy.ops.owen import Region, Scores, Search, Union
from seewhy.registry import method, option
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.together import Together
from seewhy.types import Map, Need, Pixels

PIECE = 16  # pictures that are made together
FEW = 50  # targets whose maps are kept; of more, what they are made of in a millisecond
FAINT = 0.1  # of the largest change of any output: less says little of which regions are split
State = Mapping[str, Tensor]


@method(
    "partition_shap",
    Need.SCORES,
    title="Partition SHAP",
    family="perturbation",
    paper="doi:10.1007/978-3-642-45494-3_7",
    cost="max_evals forwards",
    score="probability",
)
class PartitionSHAP(Together):
    """What each region adds to the score, shared out fairly among halves of halves: Owen values of a halving tree.

    Owen 1977; as the partition explainer of Lundberg's shap. The values sum to the score of the picture less that of
    the picture with all hidden. Where a region was not split any more, its credit is spread evenly over its pixels.
    extras (b,): completeness_gap of that sum; evals, the masks scored; smallest_region, pixels of the smallest that has
    a credit of its own; median_region, half of the credit lies in regions of at most so many pixels.
    """

    goes_on = True

    max_evals: int = option(
        500, "masks scored at most, the one that hides all and the one that hides nothing too", low=4
    )
    fill: Any = option(
        "smooth",
        "what hidden pixels become: 'smooth', 'inpaint_telea', 'inpaint_ns' or 'blur' of the picture itself, a number, "
        "'mean', 'own_mean', 'noise', a picture, or each of a 'background'",
    )
    kernel: Any = option(None, "box of fill='blur', in pixels: a number or height,width; default half of the picture")
    background: Any = option(
        None, "pictures of fill='background', one forward each for a mask: a folder, a list, a tensor (m,c,h,w)"
    )
    order: str = option(
        "outputs",
        "the region split next changes any output of the model most, or any of the targets asked for",
        choices=("outputs", "targets"),
    )
    batch_size: int = option(50, "masks scored between two looks at which regions are next", low=2, high=10_000)

    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        pictures: Pixels | None = None
        notes: Sequence[str] = []
        if (isinstance(self.fill, str) and self.fill == "background") or self.background is not None:
            pictures, notes = background(self.background, model, x)
        made = fill(self.fill, x, model.usual, rng, kernel=self.kernel, background=pictures)
        left = [model.course.left[one.key] for one in targets if one.key in model.course.left]
        together = all(torch.equal(one[name], left[0][name]) for one in left for name in ("evals", "outputs"))
        found: list[Map] = []
        for group in [targets] if together else [[one] for one in targets]:
            run = Run(self, model, x, group, made, rng.names)
            run.go()
            found += run.results(notes)
        return found


@dataclass(eq=False)
class Tree:
    """One image's search, and the scores (targets, then what the order goes by) that it asked for, in turn."""

    search: Search
    known: deque[Scores] = field(default_factory=deque)  # the first of them, from an earlier call
    log: list[Scores] = field(default_factory=list)

    def take(self, at_once: int, most: int) -> list[Region]:
        """The regions to split next, after those whose scores are known."""
        while True:
            regions = self.search.next(min(at_once, most - len(self.log)) // 2)
            ready = len(self.known) // 2
            for region in regions[:ready]:
                self.grow(region, [self.known.popleft(), self.known.popleft()])
            if len(regions) > ready or not regions:
                return regions[ready:]

    def grow(self, region: Region, scores: Sequence[Scores]) -> None:
        self.log += scores
        self.search.grow(region, *scores)


@dataclass(eq=False)
class Run:
    """The trees of some images for k targets, whose regions are split until max_evals masks of each are scored."""

    asked: PartitionSHAP
    model: Model
    x: Pixels
    targets: Sequence[Pinned]
    fill: Fill
    names: Tensor
    trees: list[Tree] = field(init=False)
    stopped: bool = False

    def __post_init__(self) -> None:
        k, size = len(self.targets), (self.x.shape[2], self.x.shape[3])
        self.trees = [Tree(Search(size, lambda gain: float(np.abs(gain[k:]).max()))) for _ in self.x]
        left = [self.model.course.left[one.key] for one in self.targets if one.key in self.model.course.left]
        if left:
            self._take_up(left)

    def _take_up(self, left: Sequence[State]) -> None:
        if not torch.equal(left[0]["names"], self.names):
            raise BadInput("what is to go on was scored for other pictures or with another seed", "leave resume= out")
        own, others = torch.stack([one["scores"] for one in left], 2), left[0]["outputs"]
        if self.asked.order == "targets" and own.shape != others.shape:
            raise BadInput(
                "what is to go on was ordered by other targets too", "ask for the same, or leave resume= out"
            )
        for tree, rows, n in zip(self.trees, torch.cat([own, others], 2), left[0]["evals"].tolist(), strict=True):
            tree.known.extend(rows[:n].numpy())

    def go(self) -> None:
        self._begin()
        while todo := self._next():
            scores = self._scored([(i, union) for i, region in todo for union in region.asks])
            for i, region in todo:
                pair = list(islice(scores, 2))
                if len(pair) == 2:
                    self.trees[i].grow(region, pair)
                else:  # stopped
                    self.trees[i].search.put_back([region])
            self._tell()
        self._tell()  # of pictures that have no more to split

    def _begin(self) -> None:
        everything = self._read(self.model.outputs(self.x), torch.arange(len(self.x), device=self.x.device))
        nothing = self._scored([(i, ()) for i, tree in enumerate(self.trees) if not tree.known])
        for tree, own in zip(self.trees, _numbers(everything), strict=True):
            ends = [tree.known.popleft() for _ in range(2)] if tree.known else [*islice(nothing, 1), own]
            if len(ends) < 2:
                raise BadInput("stopped before the picture with all hidden was scored", "let it score longer")
            tree.log += ends
            tree.search.begin(*ends)

    def _next(self) -> list[tuple[int, Region]]:
        self.stopped |= self.model.course.stopped()
        if self.stopped:
            return []
        each = [tree.take(self.asked.batch_size, self.asked.max_evals) for tree in self.trees]
        return [(i, region) for i, regions in enumerate(each) for region in regions]

    def _scored(self, asked: Sequence[tuple[int, Union]]) -> Iterator[Scores]:
        """The scores of an image with a union visible, in turn; fewer where the call is stopped."""
        samples = self.fill.samples
        piece = max(1, PIECE // samples)

        def variants() -> Iterator[Items]:
            for at in range(0, len(asked), piece):
                self.stopped |= self.model.course.stopped()
                if self.stopped:
                    return
                images, unions = zip(*asked[at : at + piece], strict=True)
                rows = torch.tensor(images, device=self.x.device)
                visible = masks(unions, self.x.shape[2:], self.x)
                yield Items(self.fill(visible[:, None], rows).flatten(0, 2), rows.repeat_interleave(samples))

        left = sum(self.asked.max_evals - len(tree.log) for tree in self.trees) * samples
        for scores in self.model.each_score(variants(), Pinned(self._read, None, "", ("partition",)), left):
            yield from _numbers(scores.unflatten(0, (-1, samples)).double().mean(1).to(scores.dtype))

    def _read(self, outputs: Tensor, rows: Tensor) -> Tensor:
        """What is kept of the model's outputs: the targets' scores (n,k), then what the order goes by (n,...)."""
        own = torch.stack([one(outputs, rows) for one in self.targets], 1)
        others = own if self.asked.order == "targets" else self.targets[0].transform(outputs)
        return torch.cat([own, others.flatten(2).mean(2) if others.ndim > 2 else others], 1)

    def _tell(self) -> None:
        if self.model.course.tell is not None:
            done = [len(tree.log) for tree in self.trees]
            ends = [self.asked.max_evals if one.search.waiting else n for n, one in zip(done, self.trees, strict=True)]
            self.model.course.tell(sum(done), sum(ends))

    def _led_by_others(self, target: int) -> list[str]:
        """What must be said where a target's own score has little to say in which regions are split."""
        if self.asked.order == "targets":
            return []
        own, most = self._moved[:, target], self._moved[:, len(self.targets) :].max(1)
        faint = (own > 0) & (own < FAINT * most)
        if not faint.any():
            return []
        times = float((most[faint] / own[faint]).max())
        return [f"regions were split where other outputs change, up to {times:.0f} times as much: try order='targets'"]

    @cached_property
    def _credits(self) -> list[tuple[list[Box], NDArray[np.float64]]]:
        return [tree.search.credits() for tree in self.trees]

    @cached_property
    def _moved(self) -> NDArray[np.floating]:
        """How far each score went from that of the picture with all hidden (b,...)."""
        return np.stack([np.abs(np.stack(tree.log) - tree.log[0]).max(0) for tree in self.trees])

    @cached_property
    def _kept(self) -> Tensor:
        """All scores (b,n,...), behind the last of an image zeros."""
        return pad_sequence([torch.from_numpy(np.stack(tree.log)) for tree in self.trees], batch_first=True)

    def results(self, notes: Sequence[str]) -> list[Map]:
        gaps = torch.empty(len(self.targets), len(self.x), dtype=torch.float64)
        for k in range(len(self.targets)):
            gains = [float(tree.log[1][k]) - float(tree.log[0][k]) for tree in self.trees]
            gaps[k] = completeness_gap(self._values(k)().double().cpu(), torch.tensor(gains, dtype=torch.float64))
        return [self._result(k, gap, notes) for k, gap in enumerate(gaps)]

    def _values(self, target: int) -> Callable[[], Tensor]:
        """What makes a map."""
        credits = [(boxes, worth[:, target]) for boxes, worth in self._credits]
        return partial(_painted, credits, self.x.shape[2:], self.x[:0])

    def _result(self, target: int, gap: Tensor, notes: Sequence[str]) -> Map:
        k, credits = len(self.targets), [(boxes, worth[:, target]) for boxes, worth in self._credits]
        evals = torch.tensor([len(tree.log) for tree in self.trees])
        smallest, median = (torch.tensor(one) for one in zip(*(_regions(*own) for own in credits), strict=True))
        extras = {"completeness_gap": gap, "evals": evals, "smallest_region": smallest, "median_region": median}
        at_most, least = int(median.max()), int(smallest.min())
        said = [f"half of the credit lies in regions of at most {at_most} pixels, the smallest has {least}"]
        said += self._led_by_others(target)
        if self.stopped:
            said.append(f"stopped after {int(evals.min())} of {self.asked.max_evals} samples")
        state = {
            "names": self.names,
            "evals": evals,
            "scores": self._kept[:, :, target],
            "outputs": self._kept[:, :, k:],
        }
        make: Any = self._values(target)
        return Map(make if k > FEW else make(), extras, [*notes, *said], state=state)


def _numbers(scores: Tensor) -> Scores:
    return scores.detach().cpu().numpy()


def _painted(credits: Sequence[tuple[Sequence[Box], NDArray[np.float64]]], size: Sequence[int], like: Tensor) -> Tensor:
    """The map (b,1,h,w) that each image's boxes and what they are worth make."""
    return torch.stack([torch.from_numpy(painted(*own, size)) for own in credits])[:, None].to(like)


def _regions(boxes: Sequence[Box], credits: NDArray[np.float64]) -> tuple[int, int]:
    """Pixels of the smallest box, and of those that half of the credit lies in, the smallest first."""
    worth = np.abs(credits).cumsum()
    return boxes[0].area, boxes[int(np.searchsorted(worth, worth[-1] / 2))].area
