"""Segments and their ranking, against the greedy loop of the XRAI paper with everything counted anew."""

import numpy as np
import pytest
import torch
from skimage.morphology import dilation, disk
from skimage.segmentation import felzenszwalb

from seewhy.ops.regions import ranked, segments


def slowly(masks: np.ndarray, heat: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Algorithm 1 of arXiv:1906.02825: nothing carried over from one region to the next but what is taken."""
    values, order, left, place = np.full(heat.shape, np.nan), np.zeros(heat.shape, int), list(masks), 0
    while True:
        left = [mask for mask in left if (mask & (order == 0)).sum() >= least]
        if not left:
            break
        place += 1
        gains = [heat[mask & (order == 0)].mean() for mask in left]
        best = left.pop(int(np.argmax(gains)))
        new = best & (order == 0)
        values[new], order[new] = max(gains), place
    rest = order == 0
    values[rest], order[rest] = (heat[rest].mean() if rest.any() else 0), place + 1
    return values, order


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
    wanted, places = slowly(masks, heat, least)
    np.testing.assert_allclose(values, wanted, rtol=1e-12)
    assert (order == places).all()
    assert abs(values.sum() - heat.sum()) < 1e-9, "regions hold what their pixels held"


def test_fast_ranking_goes_by_whole_segments(masks: np.ndarray, heat: np.ndarray) -> None:
    values, order = ranked(masks, heat, 5, fast=True)
    whole = sorted({heat[mask].mean() for mask in masks if mask.sum() >= 5}, reverse=True)
    taken = [values[order == place][0] for place in range(1, order.max() + 1)][:-1]
    assert taken == sorted(taken, reverse=True)
    np.testing.assert_allclose(taken[0], whole[0])
    assert all(np.isclose(whole, value).any() for value in taken)


def test_where_no_segment_is_large_enough_all_is_one_region(heat: np.ndarray) -> None:
    values, order = ranked(np.zeros((3, 20, 31), dtype=bool), heat, 1)
    np.testing.assert_allclose(values, heat.mean())
    assert (order == 1).all()


def test_segments_are_skimage_s_of_all_scales_grown_by_a_disk(coffee: np.ndarray) -> None:
    small = coffee[100:160, 200:280] / 255
    found = segments(torch.from_numpy(small).permute(2, 0, 1), (20, 80), 0.8, 30, 2)
    wanted = []
    for scale in (20, 80):
        labels = felzenszwalb(small, scale=scale, sigma=0.8, min_size=30)
        wanted += [dilation(labels == label, disk(2)) for label in range(labels.max() + 1)]
    assert len(wanted) > 4 and (found == np.stack(wanted)).all()
