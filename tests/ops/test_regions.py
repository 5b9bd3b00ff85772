"""Segments and their ranking, against the greedy loop of the XRAI paper with everything counted anew."""

import numpy as np
import pytest
import torch

import by_hand
from by_hand import greedy_regions
from seewhy.ops.regions import ranked, segments


@pytest.fixture
def heat() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, 31))


@pytest.fixture
def masks() -> np.ndarray:
    """Overlapping discs, each pixel in none to many of them."""
    places = np.random.default_rng(1).uniform((0, 0, 1), (20, 31, 7), (60, 3))
    rows, columns = np.mgrid[:20, :31]
    return np.stack([(rows - r) ** 2 + (columns - q) ** 2 <= radius**2 for r, q, radius in places])


@pytest.mark.parametrize("least", [1, 5, 40])
def test_ranking_equals_the_greedy_loop_done_slowly(masks: np.ndarray, heat: np.ndarray, least: int) -> None:
    values, order = ranked(masks, heat, least)
    wanted, places = greedy_regions(masks, heat, least)
    np.testing.assert_allclose(values, wanted, rtol=1e-12)
    assert (order == places).all()
    assert abs(values.sum() - heat.sum()) < 1e-9, "regions hold what their pixels held"


def test_fast_ranking_goes_by_whole_segments_and_values_by_what_each_adds(masks: np.ndarray, heat: np.ndarray) -> None:
    values, order = ranked(masks, heat, 5, fast=True)
    wanted, place = np.zeros(heat.shape, int), 0
    for mask in sorted(masks, key=lambda mask: -heat[mask].mean()):
        new = mask & (wanted == 0)
        if new.sum() >= 5:
            place += 1
            wanted[new] = place
            np.testing.assert_allclose(values[new], heat[new].mean())
    wanted[wanted == 0] = place + 1
    assert (order == wanted).all() and place > 5
    assert abs(values.sum() - heat.sum()) < 1e-9, "regions hold what their pixels held"


def test_where_no_segment_is_large_enough_all_is_one_region(heat: np.ndarray) -> None:
    values, order = ranked(np.zeros((3, 20, 31), dtype=bool), heat, 1)
    np.testing.assert_allclose(values, heat.mean())
    assert (order == 1).all()


def test_segments_are_skimage_s_of_all_scales_grown_by_a_disk(coffee: np.ndarray) -> None:
    small = coffee[100:160, 200:280] / 255
    found = segments(torch.from_numpy(small).permute(2, 0, 1), (20, 80), 0.8, 30, 2)
    wanted = by_hand.segments(small.transpose(2, 0, 1), (20, 80), 0.8, 30, 2)
    assert len(wanted) > 4 and (found == np.stack(wanted)).all()


def test_segments_of_a_dim_picture_are_those_of_a_bright_one(coffee: np.ndarray) -> None:
    bright = torch.from_numpy(coffee[100:160, 200:280] / 255).permute(2, 0, 1)
    found, dim = (segments(one, (20, 80), 0.8, 30, 2) for one in (bright, 0.2 + bright / 10))
    assert (found == dim).all() and len(found) > 4


def test_a_picture_of_one_colour_is_one_segment() -> None:
    assert segments(torch.full((3, 20, 30), 0.4), (20,), 0.8, 5, 1).all()
