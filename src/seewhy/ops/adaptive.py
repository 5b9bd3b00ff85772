"""The integral of gradients along a line with steps where they are needed, and no more than a stated error asks for."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

INTERVALS = 8  # to begin with
SPLIT = 2  # intervals a round
AT_ONCE = 8  # images whose gradients are held

Evaluate = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # points (m,...), image of each -> scores (m,), gradients


class Node(NamedTuple):
    place: float
    score: float
    slope: float  # of the score along the line, by the gradient
    gradient: Tensor


class Integral(NamedTuple):
    values: Tensor  # (b,...): each element's part of the score's gain
    gain: Tensor  # (b,): the score's, from start to end
    steps: Tensor  # (b,): gradients that were taken


@dataclass
class Line:
    """One image's nodes, in order. Between two of them the trapezoid rule predicts the score's gain; the scores at the
    nodes tell by how much it errs. Where it errs most, a node is put half-way."""

    most: int
    tolerance: float
    nodes: list[Node] = field(default_factory=list)

    def wanted(self) -> list[float]:
        """Places of the next nodes; none where the line is done."""
        if not self.nodes:
            intervals = min(INTERVALS, self.most - 1)
            return [i / intervals for i in range(intervals + 1)]
        room = min(SPLIT, self.most - len(self.nodes))
        if room <= 0 or self._within():
            return []
        pairs, errors = list(pairwise(self.nodes)), self._errors()
        # by the error alone, wide intervals whose errors happen to cancel would be left as they are
        ranks = [abs(error) * (b.place - a.place) ** 0.5 for (a, b), error in zip(pairs, errors, strict=True)]
        worst = sorted(range(len(pairs)), key=lambda i: -ranks[i])[:room]
        return [(pairs[i][0].place + pairs[i][1].place) / 2 for i in worst]

    def add(self, nodes: list[Node]) -> None:
        self.nodes = sorted([*self.nodes, *nodes], key=lambda node: node.place)

    @property
    def gain(self) -> float:
        return self.nodes[-1].score - self.nodes[0].score

    def integral(self) -> Tensor:
        """The mean gradient over the line."""
        widths = [0.0, *(b.place - a.place for a, b in pairwise(self.nodes)), 0.0]
        total = torch.zeros_like(self.nodes[0].gradient)
        for node, (before, after) in zip(self.nodes, pairwise(widths), strict=True):
            total += (before + after) / 2 * node.gradient
        return total

    def _errors(self) -> list[float]:
        return [(b.place - a.place) * (a.slope + b.slope) / 2 - (b.score - a.score) for a, b in pairwise(self.nodes)]

    def _within(self) -> bool:
        """Whether the error of the sum is small, and not only because large errors cancel: it would be as small if
        their signs were drawn."""
        errors, allowed = self._errors(), self.tolerance * abs(self.gain)
        return abs(sum(errors)) <= allowed and sum(error**2 for error in errors) <= allowed**2


def adaptive_integral(start: Tensor, end: Tensor, evaluate: Evaluate, most: int, tolerance: float) -> Integral:
    """Each element's part of the score's gain on the line from start to end (b,...), of each image by itself.

    It ends when the sum's error is within `tolerance` of the gain, or with `most` gradients, from 2 on. A few images
    are under way at a time; one that is done makes room for the next.
    """
    values, gain = torch.zeros_like(end), end.new_zeros(len(end))
    steps = torch.zeros(len(end), dtype=torch.int64, device=end.device)
    waiting, lines = deque(range(len(end))), dict[int, Line]()
    while waiting or lines:
        while waiting and len(lines) < AT_ONCE:
            lines[waiting.popleft()] = Line(most, tolerance)
        _round(lines, start, end, evaluate)
        for i in [i for i, line in lines.items() if not line.wanted()]:
            line = lines.pop(i)
            values[i] = (end[i] - start[i]) * line.integral()
            gain[i], steps[i] = line.gain, len(line.nodes)
    return Integral(values, gain, steps)


def _round(lines: dict[int, Line], start: Tensor, end: Tensor, evaluate: Evaluate) -> None:
    """The next nodes of all lines, in one go."""
    wanted = {i: line.wanted() for i, line in lines.items()}
    rows = torch.tensor([i for i, places in wanted.items() for _ in places], device=end.device)
    at = end.new_tensor([place for places in wanted.values() for place in places])
    span = end[rows] - start[rows]
    scores, gradients = evaluate(start[rows] + at.view(-1, *[1] * (end.ndim - 1)) * span, rows)
    slopes = (span * gradients).flatten(1).double().sum(1)
    made = iter(map(Node, at.tolist(), scores.tolist(), slopes.tolist(), gradients))
    for i, places in wanted.items():
        lines[i].add([next(made) for _ in places])
