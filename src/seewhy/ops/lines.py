"""Straight lines to an image, from random starts or one, and what a score gains along them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from seewhy.ops.moments import Moments
from seewhy.rng import Rng

Gradients = Callable[[Iterable[Tensor]], Iterator[Tensor]]  # for each variant (b,...), the gradient there: (k,b,...)


class Line(NamedTuple):
    """From start to end, (b,...) each, and a place on it, 0 to 1: a number, or one an image (b,1,1,1)."""

    start: Tensor
    end: Tensor
    place: Tensor | float


def gains(lines: Iterable[Line], gradients: Gradients) -> Iterator[Tensor]:
    """For each line, its span times the gradient at its place, (k,b,...).

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

    stdev: of normal noise on each end, in the units of `end`. stratified: starts take turns, and the places are
    spread evenly over [0,1], those of each start too; else both are drawn independently. The expectation is the same.
    """
    images = torch.arange(len(end), device=end.device)
    draws = _in_turns(rng, n, len(starts)) if stratified else _independent(rng, n, len(starts))
    for chosen, place in draws:
        start = starts[chosen.to(end.device), images]
        noisy = end + stdev * rng.normal(*end.shape[1:]).to(end) if stdev else end
        yield Line(start, noisy, place.to(end).view(-1, *[1] * (end.ndim - 1)))


def _independent(rng: Rng, n: int, m: int) -> Iterator[tuple[Tensor, Tensor]]:
    """n draws of one of m and of a place in [0,1): (b,) each."""
    for _ in range(n):
        yield rng.integers(m, 1)[:, 0], rng.uniform(1)[:, 0]


def _in_turns(rng: Rng, n: int, m: int) -> Iterator[tuple[Tensor, Tensor]]:
    """The same, evenly: in each round all m have their turn, in a part of [0,1] that is this round's alone.

    The order of turns, of parts and of places in a part is random, so that an unfinished last round favours nothing.
    """
    rounds = -(-n // m)
    turns, parts = rng.uniform(m).argsort(1), rng.uniform(rounds).argsort(1)
    for i in range(n):
        if i % m == 0:
            cells = rng.uniform(m).argsort(1)
        cell = parts[:, i // m] * m + cells[:, i % m]
        yield turns[:, i % m], (cell + rng.uniform(1)[:, 0]) / (rounds * m)


def mean_gain(lines: Iterable[Line], gradients: Gradients) -> tuple[Moments, Moments]:
    """Moments of the gains (...,b,c,h,w) and of their sums (...,b)."""
    values, totals = Moments(), Moments()
    for gain in gains(lines, gradients):
        values.add(gain)
        totals.add(gain.sum((-3, -2, -1)))
    return values, totals
