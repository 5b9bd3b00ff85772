"""Coalitions of players: how many of each size the Shapley kernel asks for, all of a size, some at random."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations, islice
from math import comb

import torch
from torch import Tensor

from seewhy.rng import Rng


@dataclass(frozen=True, eq=False)
class Kernel:
    """How n coalitions of `players` are chosen: none of nobody or of all.

    Those of up to `full` players, and of all but so many, are all taken, `certain` of them; the others are drawn.
    shares (sizes,): what coalitions of size 1, 2, ... and their complements together weigh, of 1.
    """

    players: int
    full: int
    certain: int
    shares: tuple[float, ...]

    @classmethod
    def of(cls, players: int, n: int) -> "Kernel":
        """Sizes are taken in full, from 1 on, while chance would draw as many of them; all, if n are enough."""
        raw = [_pairs(players, size) * _weight(players, size) for size in range(1, players // 2 + 1)]
        shares = [one / sum(raw) for one in raw]
        full, certain = 0, 0
        for size, share in enumerate(shares, 1):
            every = 2 * _pairs(players, size)
            left = sum(shares[size - 1 :])
            if (n - certain) * share / left < every * (1 - 1e-8) and n < 2**players - 2:
                break
            full, certain = size, certain + every
        return cls(players, full, certain, tuple(shares))

    @property
    def left(self) -> float:
        """What the coalitions weigh together of which some are drawn."""
        return sum(self.shares[self.full :])

    def weights(self, sizes: Tensor) -> Tensor:
        """What each coalition of these sizes weighs that is taken for certain; 0 where it was drawn."""
        table = torch.zeros(self.players + 1, dtype=torch.float64)
        for size in range(1, self.full + 1):
            table[[size, self.players - size]] = self.shares[size - 1] / (2 * _pairs(self.players, size))
        return table.to(sizes.device)[sizes]

    def listed(self, first: int, last: int) -> Tensor:
        """Some of those taken for certain, by their places: (n,players), each before its complement."""
        sizes = (_half(self.players, size) for size in range(1, self.full + 1))
        chosen = islice(chain.from_iterable(sizes), first // 2, -(-min(last, self.certain) // 2))
        rows = []
        for one in chosen:
            mask = torch.zeros(self.players, dtype=torch.bool)
            mask[list(one)] = True
            rows += [mask, ~mask]
        return torch.stack(rows)[first % 2 :][: last - first] if rows else torch.zeros(0, self.players).bool()

    def drawn(self, rng: Rng, n: int) -> Tensor:
        """Pairs of coalitions that complement each other (b,2n,players), their sizes by the kernel."""
        bounds = torch.tensor(self.shares[self.full :], dtype=torch.float64).cumsum(0)
        sizes = torch.bucketize(rng.uniform(n).double() * bounds[-1], bounds[:-1], right=True) + self.full + 1
        places = rng.uniform(n, self.players).argsort(-1).argsort(-1)
        masks = places < sizes[..., None]
        return torch.stack([masks, ~masks], 2).flatten(1, 2)


def _weight(players: int, size: int) -> float:
    """The Shapley kernel of one coalition, but for a factor that all have."""
    return 1 / (comb(players, size) * size * (players - size))


def _pairs(players: int, size: int) -> int:
    """Of coalitions of this size with their complements."""
    return comb(players, size) // (2 if 2 * size == players else 1)


def _half(players: int, size: int) -> Iterator[tuple[int, ...]]:
    """One of each such pair."""
    if 2 * size == players:
        return ((0, *others) for others in combinations(range(1, players), size - 1))
    return combinations(range(players), size)
