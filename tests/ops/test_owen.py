"""Owen values against their definition, on games that are nothing but chance."""

from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from seewhy.ops.boxes import Box, painted
from seewhy.ops.owen import Search

SIZE = (4, 4)


@cache
def orders() -> np.ndarray:
    """Every order of the 16 pixels in which no half is interrupted by its sibling: (32768,16)."""

    def of(box: Box) -> list[tuple[int, ...]]:
        if box.area == 1:
            return [(4 * box.top + box.left,)]
        first, second = (of(half) for half in box.halves())
        return [order for a, b in product(first, second) for order in (a + b, b + a)]

    return np.array(of(Box(0, 4, 0, 4)))


def by_definition(game: np.ndarray) -> np.ndarray:
    """What a pixel adds to those before it, on the mean over these orders. game: (65536,) by the bits of who is in."""
    bits = 1 << orders()
    after = bits.cumsum(1)
    values = np.zeros(16)
    np.add.at(values, orders(), game[after] - game[after - bits])
    return values.reshape(SIZE) / len(orders())


def searched(game: Any, effect: Any = lambda gain: float(np.abs(gain).max()), most: int = 10**6) -> Search:
    def score(union: Any) -> np.ndarray:
        inside = {4 * r + c for box in union for r in range(box.top, box.bottom) for c in range(box.left, box.right)}
        return game[sum(1 << pixel for pixel in inside)]

    search = Search(SIZE, effect)
    search.begin(score(()), score([Box(0, 4, 0, 4)]))
    while most and (regions := search.next(min(3, most))):
        most -= len(regions)
        for region in regions:
            search.grow(region, *map(score, region.asks))
    return search


def values(search: Search, target: int = 0) -> np.ndarray:
    boxes, credits = search.credits()
    return painted(boxes, credits[:, target], SIZE)


def test_searched_to_the_end_they_are_the_mean_over_all_orders_that_keep_halves_together() -> None:
    assert len(orders()) == 2**15
    game = np.random.default_rng(0).normal(size=(2**16, 2))
    found = searched(game)
    for target in range(2):
        np.testing.assert_allclose(values(found, target), by_definition(game[:, target]), atol=1e-12)
    assert {box.area for box in found.credits()[0]} == {1}


@pytest.mark.parametrize("splits", [0, 1, 7, 40])
def test_wherever_it_ends_they_sum_to_the_score_and_boxes_have_their_own_values(splits: int) -> None:
    game = np.random.default_rng(1).normal(size=(2**16, 1))
    found = searched(game, most=splits)
    assert values(found).sum() == pytest.approx(float(game[-1, 0] - game[0, 0]), abs=1e-12)
    if splits == 7:  # each box that is not split in every context keeps credit; what left it went to its parts
        top = values(found)[:2].sum()
        assert top == pytest.approx(by_definition(game[:, 0])[:2].sum(), abs=1e-12)


def test_the_largest_effect_is_split_first_and_of_equal_ones_the_first_that_came() -> None:
    game = np.random.default_rng(2).normal(size=(2**16, 2))
    search = searched(game, lambda gain: abs(float(gain[1])), most=1)
    sizes = [region.weight * abs(region.within[1] - region.without[1]) for region in search.next(4)]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) > 1
    flat = searched(np.zeros((2**16, 1)), most=1)
    assert [region.box.top for region in flat.next(4)] == [0, 2, 0, 2]


def test_regions_that_were_put_back_come_again() -> None:
    search = searched(np.random.default_rng(3).normal(size=(2**16, 1)), most=2)
    before = values(search)
    regions = search.next(3)
    search.put_back(regions)
    np.testing.assert_allclose(values(search), before, atol=1e-14)
    assert search.next(3) == regions
