"""Means and sums of rows, some of them a bag: a sparse matrix of ones times a dense one."""

from collections.abc import Sequence
from itertools import accumulate, chain

import torch
from torch import Tensor, nn


class Bags(nn.Module):
    """(r,s) to (m,s), differentiable: of each of m bags the mean or the sum of its rows. No bag is empty."""

    rows: Tensor  # those of all bags, one after the other
    starts: Tensor  # (m,) where each bag's begin

    def __init__(self, bags: Sequence[Sequence[int]], mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.register_buffer("rows", torch.tensor(list(chain.from_iterable(bags))), persistent=False)
        starts = accumulate((len(bag) for bag in bags[:-1]), initial=0)
        self.register_buffer("starts", torch.tensor(list(starts)), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        return nn.functional.embedding_bag(self.rows, values, self.starts, mode=self.mode)
