"""Straight lines to an image, from random starts or one, and what a score gains along them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from seewhy.ops.moments import Moments
from seewhy.rng import Rng

Gradients = Callable[[Iterable[Tensor]], Iterator[Tensor]]  # for each variant (b,...), the score's gradient there


class Line(NamedTuple):
    """From start to end, (b,...) each, and a place on it, 0 to 1: a number, or one an image (b,1,1,1)."""

    start: Tensor
    end: Tensor
    place: Tensor | float


def gains(lines: Iterable[Line], gradients: Gradients) -> Iterator[Tensor]:
    """For each line, its span times the gradient at its place, (b,...).

    The sum of this, averaged over places in [0,1], is the score's gain from start to end. Spans wait for their
    gradients no longer than a chunk.
    """
    spans: deque[Tensor] = deque()

    def points() -> Iterator[Tensor]:
        for start, end, place in lines:
            spans.append(end - start)
            yield start + place * spans[-1]

    for gradient in gradients(points()):
        yield spans.popleft() * gradient


def random_lines(
    end: Tensor, starts: Tensor, rng: Rng, n: int, *, stdev: float = 0.0, stratified: bool = False
) -> Iterator[Line]:
    """n lines to `end` (b,...), each from one of the starts (m,b,...), each with a place on it.

    stdev: of normal noise on each end, in the units of `end`. stratified: the starts take turns in a random order,
    and each n-th of [0,1] holds one place; else starts and places are drawn independently. The mean is the same.
    """
    images = torch.arange(len(end), device=end.device)
    turns = rng.uniform(len(starts)).argsort(1) if stratified else None
    strata = rng.uniform(n).argsort(1) if stratified else None
    for i in range(n):
        place = rng.uniform(1)[:, 0]
        if turns is not None and strata is not None:
            chosen, place = turns[:, i % len(starts)], (strata[:, i] + place) / n
        else:
            chosen = rng.integers(len(starts), 1)[:, 0]
        start = starts[chosen.to(end.device), images]
        noisy = end + stdev * rng.normal(*end.shape[1:]).to(end) if stdev else end
        yield Line(start, noisy, place.to(end).view(-1, *[1] * (end.ndim - 1)))


def mean_gain(lines: Iterable[Line], gradients: Gradients) -> tuple[Moments, Moments]:
    """Moments of the gains (b,...) and of their sums (b,)."""
    values, totals = Moments(), Moments()
    for gain in gains(lines, gradients):
        values.add(gain)
        totals.add(gain.flatten(1).sum(1))
    return values, totals
