"""Sampled permutations against walks one by one, captum on the same orders, and exact Shapley values."""

from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import ShapleyValueSampling
from torch import Tensor

from by_coalitions import game, shapley
from comparing import direct, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, SeewhyError, compare, explain
from seewhy.rng import Rng

ID = "shapley_sampling"
EIGHT = np.arange(16)[:, None] // 8 * 4 + np.arange(20) // 5  # two rows of four
PAIR = 14  # pictures of an order and its reverse


def orders(x: Tensor, count: int, pairs: int) -> list[Tensor]:
    """Those of a single image: each before its reverse."""
    rng, found = Rng.for_images(0, x), []
    for block in range(pairs):
        order = rng.at(block).uniform(1, count)[0, 0].argsort()
        found += [order, order.flip(0)]
    return found


def test_it_is_captum_on_the_same_orders(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct(ID, model, x, 2, segments=EIGHT, n_samples=5 * PAIR + 3, baseline=0.25)
    assert found.extras["samples"].tolist() == [5 * PAIR] * 2
    for i in (0, 1):
        peer, image = ShapleyValueSampling(for_peer(model)), x[i : i + 1]
        peer.permutation_generator = lambda features, n, image=image: [one.tolist() for one in orders(image, 8, 5)]
        mask = torch.from_numpy(EIGHT).expand(1, 3, -1, -1).contiguous()
        with torch.no_grad():
            wanted = peer.attribute(image, target=2, baselines=0.25, feature_mask=mask, n_samples=10)
        assert relative(found.values[i], wanted[0, :1]) <= max(5 * tolerance, 1e-6)  # captum adds up in float32


def test_each_order_adds_up_and_the_mean_is_of_their_steps(precise: Precise) -> None:
    model, x, tolerance = precise
    found = direct(ID, model, x, 1, score="probability", segments=EIGHT, n_samples=6 * PAIR)
    for i in (0, 1):
        play, steps = game(model, x[i : i + 1], EIGHT, 0.0, 1), []
        for order in orders(x[i : i + 1], 8, 6):
            masks = np.stack([np.isin(np.arange(8), order[:n]) for n in range(9)])
            steps.append(np.diff(play(masks))[order.argsort()])
        assert relative(found.extras["shapley_values"][i], np.mean(steps, 0)) <= 5 * tolerance
        gain = play(np.array([[True] * 8])) - play(np.array([[False] * 8]))
        assert float(found.extras["shapley_values"][i].sum()) == pytest.approx(float(gain[0]), abs=1e-6)


def test_it_comes_to_the_shapley_values(small: Model, x: Tensor) -> None:
    found = explain(small, x[:1], ID, 1, segments=EIGHT, n_samples=400 * PAIR)
    wanted = shapley(game(small, x[:1], EIGHT, 0.0, 1), 8)
    error = found.extras["standard_error"][0, 0, ::8, ::5].ravel()
    assert relative(found.extras["shapley_values"][0], wanted) < 0.05
    assert (abs(found.extras["shapley_values"][0] - wanted) <= 4 * error).all()


def test_the_error_told_is_the_scatter_of_maps_from_other_seeds(small: Model, x: Tensor) -> None:
    found = [explain(small, x[:1], ID, 1, n_samples=16 * PAIR, seed=seed, segments=EIGHT) for seed in range(40)]
    scatter = np.stack([one.extras["shapley_values"] for one in found]).std(0, ddof=1)
    told = np.sqrt(np.stack([one.extras["standard_error"] ** 2 for one in found]).mean(0))
    ratio = np.sqrt((told**2).mean() / (scatter**2).mean())
    assert 0.8 < ratio < 1.25, ratio


def test_images_of_other_orders_go_on_and_are_what_they_are_alone(small: Model, x: Tensor) -> None:
    asked: Any = {"segments": np.stack([EIGHT, EIGHT // 2]), "n_samples": 300}
    whole = explain(small, x, ID, 1, **asked)
    assert whole.extras["samples"].tolist() == [294, 300]  # 21 pairs of 14 and 50 of 6
    calls = iter(range(20))
    part = explain(small, x, ID, 1, stop=lambda: next(calls, None) is None, **asked)
    assert (part.extras["samples"] < [294, 300]).all() and any("stopped" in one for one in part.notes)
    found = explain(small, x, ID, 1, resume=part, **asked)
    assert relative(found.values, whole.values) <= 1e-6
    alone = explain(small, x[1:], ID, 1, segments=EIGHT // 2, n_samples=300)
    assert relative(alone.values[0], whole.values[1]) <= 1e-6


def test_a_tolerance_ends_it(small: Model, x: Tensor) -> None:
    found = explain(small, x, ID, 1, segments=EIGHT, n_samples=40_000, tolerance=0.05)
    share = np.sqrt((found.extras["standard_error"] ** 2).mean((1, 2, 3))) / abs(found.values).max((1, 2, 3))
    assert (found.extras["samples"] < 40_000).all() and (share <= 0.05).all()
    assert (found.extras["samples"] % PAIR == 0).all()


def test_classes_share_forwards_and_too_few_pictures_are_refused(small: Model, x: Tensor) -> None:
    several = compare(small, x, [ID], [0, 1, 2], options={ID: {"n_samples": 28, "segments": EIGHT}})
    assert {one.passes.forward for one in several} == {2 * 30}
    with pytest.raises(SeewhyError, match="8 superpixels"):
        explain(small, x, ID, 1, n_samples=27, segments=EIGHT)
