"""Kernel SHAP against the definition of Shapley values, and against shap on the same coalitions."""

from dataclasses import replace
from math import comb
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import superpixel_peers as peers
from benchmarks.superpixel_peers import coalitions
from by_coalitions import game, shapley, shapley_by_orders
from comparing import direct, relative
from conftest import Precise
from seewhy import Explanation, Model, SeewhyError, compare, explain
from seewhy.model.course import Course
from seewhy.ops.coalitions import Kernel
from seewhy.ops.segments import superpixels
from seewhy.rng import Rng

ID = "kernel_shap"
EIGHT, TWENTY = np.arange(16)[:, None] // 8 * 4 + np.arange(20) // 5, "grid:cell=4"


def test_the_two_ways_to_shapley_values_agree(small: Model, x: Tensor) -> None:
    play = game(small, x[:1], EIGHT // 2, 0.0, 1)
    assert relative(shapley(play, 4), shapley_by_orders(play, 4)) <= 1e-6


@pytest.mark.parametrize("baseline", [0.0, 0.25, "own"])
def test_with_every_coalition_it_is_exact(precise: Precise, baseline: Any) -> None:
    model, x, tolerance = precise
    found = direct(ID, model, x, 2, score="probability", segments=EIGHT, n_samples=300, baseline=baseline)
    assert found.extras["samples"].tolist() == [254, 254] and (found.extras["standard_error"] == 0).all()
    assert any("exact" in note for note in found.notes)
    for i in (0, 1):
        hidden = baseline
        if baseline == "own":
            cells = [torch.from_numpy(n == EIGHT) for n in range(8)]
            hidden = sum(one * x[i][:, one].mean(1)[:, None, None] for one in cells)
        wanted = shapley(game(model, x[i : i + 1], EIGHT, hidden, 2), 8)
        assert relative(found.extras["shapley_values"][i], wanted) <= 5 * tolerance
        assert relative(found.values[i, 0], wanted[EIGHT]) <= 5 * tolerance


@pytest.mark.parametrize("n", [120, 400])
def test_the_values_add_up(precise: Precise, n: int) -> None:
    model, x, _ = precise
    found = direct(ID, model, x, 2, score="probability", segments=TWENTY, n_samples=n)
    for i in (0, 1):
        none, whole = game(model, x[i : i + 1], EIGHT, 0.0, 2)(np.array([[False] * 8, [True] * 8]))
        assert float(found.extras["shapley_values"][i].sum()) == pytest.approx(whole - none, abs=1e-7)
        assert not any("exact" in note for note in found.notes)


@pytest.mark.filterwarnings("ignore")  # shap warns of matplotlib, and of what it does itself
@pytest.mark.parametrize(("labels", "n"), [(EIGHT, 254), (EIGHT, 60), (TWENTY, 200), (TWENTY, 600), (TWENTY, 900)])
def test_it_is_shap_on_the_same_coalitions(precise: Precise, labels: Any, n: int) -> None:
    model, x, tolerance = precise
    x = x[:1]
    parts = superpixels(labels, x, Rng.for_images(0, x))[0].numpy()
    given = None if n == 254 else coalitions(x, parts.max() + 1, n)
    wanted = peers.shap_values(model, x, parts, n, given)
    for target in (0, 3):
        found = direct(ID, model, x, target, score="probability", segments=labels, n_samples=n)
        assert relative(found.extras["shapley_values"][0], wanted[:, target]) <= 20 * tolerance


@pytest.mark.filterwarnings("ignore")  # as above
@pytest.mark.parametrize(("count", "n"), [(20, 200), (20, 600), (34, 1000), (8, 254), (9, 100), (5, 30), (12, 2500)])
def test_the_coalitions_are_those_of_shap(count: int, n: int) -> None:
    """As many of each size are taken in full, and all weigh what they weigh there."""
    from shap import KernelExplainer

    explainer = KernelExplainer(lambda rows: rows.sum(1), np.zeros((1, count)))
    explainer.shap_values(np.ones(count), nsamples=n, l1_reg=False, silent=True)
    kernel = Kernel.of(count, n)
    listed = kernel.listed(0, kernel.certain)
    assert len(listed) == kernel.certain == len({tuple(one) for one in listed.tolist()})
    theirs = {tuple(mask): weight for mask, weight in zip(explainer.maskMatrix, explainer.kernelWeights, strict=True)}
    for one, weight in zip(listed.tolist(), kernel.weights(listed.sum(1)).tolist(), strict=True):
        assert theirs[tuple(map(float, one))] == pytest.approx(weight, rel=1e-9)
    sizes = explainer.maskMatrix.sum(1)
    certain = np.minimum(sizes, count - sizes) <= kernel.full
    assert certain.sum() == kernel.certain
    assert explainer.kernelWeights[~certain].sum() == pytest.approx(kernel.left, abs=1e-9)


def test_sizes_are_drawn_by_the_kernel() -> None:
    kernel = Kernel.of(20, 200)
    masks = kernel.drawn(Rng.for_images(0, torch.zeros(1, 3, 4, 4)), 20_000)[0]
    assert torch.equal(masks[::2], ~masks[1::2])
    raw = np.array([1 / (size * (20 - size)) for size in range(1, 20)])
    raw[: kernel.full] = raw[::-1][: kernel.full] = 0
    for size, share in enumerate(raw / raw.sum(), 1):
        found = float((masks.sum(1) == size).double().mean())
        assert abs(found - share) <= 4 * np.sqrt(share * (1 - share) / 20_000)
    assert abs(masks[::2].double().mean(0) - masks[::2].double().mean()).max() < 0.02, "each player as often"


def test_places_in_the_list_are_the_same_in_any_part_of_it() -> None:
    kernel = Kernel.of(6, 62)
    every = kernel.listed(0, 62)
    assert len(every) == kernel.certain == sum(comb(6, size) for size in range(1, 6))
    for first in range(0, 62, 8):
        assert torch.equal(kernel.listed(first, first + 8), every[first : first + 8])
    assert len(kernel.listed(62, 70)) == 0


def test_the_error_told_is_the_scatter_of_maps_from_other_seeds(small: Model, x: Tensor) -> None:
    found = [explain(small, x[:1], ID, 1, n_samples=320, seed=seed, segments=TWENTY) for seed in range(40)]
    scatter = np.stack([one.extras["shapley_values"] for one in found]).std(0, ddof=1)
    told = np.sqrt(np.stack([one.extras["standard_error"] ** 2 for one in found]).mean(0))
    ratio = np.sqrt((told**2).mean() / (scatter**2).mean())
    assert Kernel.of(20, 320).full == 1 and 0.8 < ratio < 1.25, ratio


def test_what_is_stopped_and_gone_on_with_is_what_was_never_stopped(small: Model, x: Tensor) -> None:
    labels = np.stack([superpixels(TWENTY, x[:1], Rng.for_images(0, x[:1]))[0].numpy(), EIGHT])
    asked: Any = {"segments": labels, "n_samples": 500}
    whole = explain(small, x, ID, 1, **asked)
    assert whole.extras["samples"].tolist() == [500, 254]
    calls = iter(range(80))
    part = explain(small, x, ID, 1, stop=lambda: next(calls, None) is None, **asked)
    assert 100 < part.extras["samples"][0] < 500 and part.extras["samples"][1] == 254
    found = explain(small, x, ID, 1, resume=part, **asked)
    assert relative(found.values, whole.values) <= 1e-6
    assert found.extras["samples"].tolist() == [500, 254]


def stopped_after(model: Model, x: Tensor, samples: int, **asked: Any) -> Explanation:
    """Stopped as soon as so many of the first image's samples are done."""
    heard = [0]
    course = Course(tell=lambda done, total: heard.append(done))
    made: Explanation = explain(replace(model, course=course), x, ID, 2, stop=lambda: heard[-1] >= samples, **asked)
    return made


@pytest.mark.parametrize("samples", [16, 40, 96, 240])
def test_stopped_before_sizes_are_done_it_is_the_regression_on_what_was_scored(
    small: Model, x: Tensor, samples: int
) -> None:
    """By least squares on the coalitions scored, weighted by the Shapley kernel and held to the sum."""
    model, x = replace(small.at("float64"), memory=1), x.double()[:1]
    asked: Any = {"segments": EIGHT, "n_samples": 300}
    found = stopped_after(model, x, samples, **asked)
    done = int(found.extras["samples"][0])
    assert samples <= done < samples + 8 and done < 254
    play = game(model, x, EIGHT, 0.0, 2)
    masks = Kernel.of(8, 300).listed(0, done).double().numpy()
    none, whole = play(np.array([[False] * 8, [True] * 8]))
    sizes = masks.sum(1).astype(int)
    weights = np.array([7 / (comb(8, size) * size * (8 - size)) for size in sizes])
    design = np.concatenate([masks, [[1] * 8]])
    sought = np.concatenate([play(masks > 0) - none, [whole - none]])
    root = np.sqrt(np.concatenate([weights, [1e12]]))
    wanted = np.linalg.lstsq(design * root[:, None], sought * root, rcond=None)[0]
    assert relative(found.extras["shapley_values"][0], wanted) <= 1e-5
    assert np.isnan(found.extras["standard_error"]).all() and np.isfinite(found.values).all()
    assert f"the map has no standard error yet, after {done} samples" in found.notes
    assert any(one.startswith(f"{done} of 254 coalitions that belong together were scored") for one in found.notes)
    again = explain(model, x, ID, 2, resume=found, **asked)
    assert relative(again.values, explain(model, x, ID, 2, **asked).values) <= 1e-6
    assert (again.extras["standard_error"] == 0).all() and any("exact" in one for one in again.notes)


def test_of_what_was_only_begun_to_be_drawn_nothing_is_taken(small: Model, x: Tensor) -> None:
    """One block has no error: its draws are left to who goes on."""
    kernel = Kernel.of(20, 320)
    assert kernel.certain == 40
    model, asked = replace(small, memory=1), {"segments": TWENTY, "n_samples": 320}
    at_40, at_48, at_56 = (stopped_after(model, x[:1], n, **asked) for n in (40, 48, 56))
    assert [int(one.extras["samples"][0]) for one in (at_40, at_48, at_56)] == [40, 48, 56]
    assert np.array_equal(at_40.values, at_48.values) and not np.array_equal(at_48.values, at_56.values)
    assert np.isnan(at_48.extras["standard_error"]).all() and (at_56.extras["standard_error"] > 0).any()
    assert not any("belong together" in one for one in at_48.notes)
    found = explain(model, x[:1], ID, 2, resume=at_48, **asked)
    assert relative(found.values, explain(model, x[:1], ID, 2, **asked).values) <= 1e-6


def test_stopped_before_each_superpixel_was_alone_it_says_how_many_are_missing(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="stopped after 24 samples, 16 too few for a map"):
        stopped_after(replace(small, memory=1), x[:1], 24, segments=TWENTY, n_samples=320)


def test_more_samples_that_would_score_other_sizes_in_full_do_not_go_on(small: Model, x: Tensor) -> None:
    first = explain(small, x, ID, 1, n_samples=200, segments=TWENTY)
    with pytest.raises(SeewhyError, match="n_samples"):
        explain(small, x, ID, 1, n_samples=2000, segments=TWENTY, resume=first)
    more = explain(small, x, ID, 1, n_samples=230, segments=TWENTY, resume=first)
    assert relative(more.values, explain(small, x, ID, 1, n_samples=230, segments=TWENTY).values) <= 1e-6


def test_classes_share_forwards(small: Model, x: Tensor) -> None:
    several = compare(small, x, [ID], [0, 1, 2], options={ID: {"n_samples": 100, "segments": TWENTY}})
    assert {one.passes.forward for one in several} == {2 * 102}


def test_too_few_samples_are_refused(small: Model, x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="20 superpixels"):
        explain(small, x, ID, 1, n_samples=70, segments=TWENTY)
