"""Shapley values by their definition, over all coalitions."""

from collections.abc import Callable
from itertools import permutations
from math import comb
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peers import for_peer
from seewhy import Model

Array = NDArray[Any]
Game = Callable[[Array], Array]


def every_coalition(count: int) -> Array:
    """(2**count,count) of True and False; a row's number has a bit a player."""
    return (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1


def game(
    model: Model, x: Tensor, labels: Array, hidden: Any, target: int, score: str = "probability"
) -> Callable[[Array], Array]:
    """From masks (n,count), True where a superpixel is shown, to scores (n,)."""
    net = for_peer(model)

    def play(masks: Array) -> Array:
        shown = torch.from_numpy(masks[:, labels])[:, None]
        with torch.no_grad():
            outputs = net(torch.where(shown, x, torch.as_tensor(hidden).to(x)))
        return (outputs.softmax(1) if score == "probability" else outputs)[:, target].double().numpy()

    return play


def shapley(play: Game, count: int) -> Array:
    """The Shapley values (count,), from all coalitions."""
    masks = every_coalition(count)
    scores, sizes, found = play(masks), masks.sum(1), np.zeros(count)
    for player in range(count):
        without = np.flatnonzero(~masks[:, player])
        weights = np.array([1 / (count * comb(count - 1, size)) for size in sizes[without]])
        found[player] = weights @ (scores[without + (1 << player)] - scores[without])
    return found


def shapley_by_orders(play: Game, count: int) -> Array:
    """The same, from all orders in which players may come: of few of them."""
    scores, orders = play(every_coalition(count)), list(permutations(range(count)))
    found = np.zeros(count)
    for order in orders:
        at = 0
        for player in order:
            found[player] += scores[at + (1 << player)] - scores[at]
            at += 1 << player
    return found / len(orders)
