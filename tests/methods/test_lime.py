"""LIME against lime on the same masks, segments and outputs."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import superpixel_peers as peers
from comparing import direct, relative
from conftest import Precise
from seewhy import Model, SeewhyError, compare, explain
from seewhy.methods import lime
from seewhy.ops.segments import superpixels
from seewhy.rng import Rng
from seewhy.sampling import BLOCK

ID, N = "lime", 101
GRID = "grid:number=4"


def labels_of(x: Tensor, asked: Any = GRID) -> Any:
    return superpixels(asked, x, Rng.for_images(0, x)).numpy()


@pytest.fixture
def limes_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws are those of lime."""

    def draw(self: Any, rng: Rng, block: int) -> Tensor:
        masks = peers.lime_masks(N, self.parts.count)[block * BLOCK :][:BLOCK]
        return torch.from_numpy(masks)[None]

    monkeypatch.setattr(lime.Neighbours, "draw", draw)


@pytest.mark.parametrize("hidden", ["own", 0.0])
@pytest.mark.parametrize(
    ("selection", "most"),
    [
        ("auto", None),
        ("auto", 5),
        ("auto", 9),
        ("highest_weights", 4),
        ("forward_selection", 7),
        ("lasso_path", 6),
        ("none", 3),
    ],
)
@pytest.mark.usefixtures("limes_masks")
def test_it_is_what_lime_finds(precise: Precise, selection: str, most: int | None, hidden: Any) -> None:
    model, x, tolerance = precise
    found = direct(
        *(ID, model, x, 2),
        score="probability",
        n_samples=N,
        segments=GRID,
        selection=selection,
        n_features=most,
        baseline=hidden,
    )
    for i, labels in enumerate(labels_of(x)):
        asked = {"hide_color": None if hidden == "own" else 0, "num_features": most or 100000}
        wanted, made = peers.lime(model, x[i : i + 1], labels, N, 2, selection=selection, **asked)
        assert relative(found.extras["coefficients"][i], wanted) <= max(tolerance, 1e-9)
        assert np.count_nonzero(wanted) == (16 if most is None or selection == "none" else most)
        assert relative(found.values[i, 0], wanted[labels]) <= max(tolerance, 1e-9)
        near: Any = {"rel": 0, "abs": max(tolerance, 1e-9) * abs(wanted).max()}
        assert float(found.extras["intercept"][i]) == pytest.approx(made.intercept[2], **near)
        assert float(found.extras["local_prediction"][i]) == pytest.approx(float(made.local_pred[0]), **near)
        assert float(found.extras["r2"][i]) == pytest.approx(made.score, abs=1e-6)


@pytest.mark.usefixtures("limes_masks")
def test_distances_are_those_of_lime(small: Model, x: Tensor) -> None:
    found = explain(small, x[:1], ID, 1, n_samples=N, segments=GRID, distance="euclidean", kernel_width=2)
    wanted, _ = peers.lime(small, x[:1], labels_of(x)[0], N, 1, distance_metric="euclidean", kernel_width=2)
    assert relative(found.extras["coefficients"][0], wanted) <= 1e-5


def test_images_with_other_numbers_of_superpixels_are_what_they_are_alone(small: Model, x: Tensor) -> None:
    labels = labels_of(x)
    labels[1] = labels[1] // 2 * 7 - 20  # half as many, with gaps and below zero
    asked: Any = {"n_samples": 200, "seed": 3}
    both = explain(small, x, ID, [1, 2], segments=labels, **asked)
    assert both.extras["superpixels"].tolist() == [16, 8] and both.extras["coefficients"].shape == (2, 16)
    assert (both.extras["coefficients"][1, 8:] == 0).all() and both.extras["segments"].max((1, 2)).tolist() == [15, 7]
    for i, target in enumerate((1, 2)):
        alone = explain(small, x[i : i + 1], ID, target, segments=labels[i], **asked)
        assert relative(both.values[i], alone.values[0]) <= 1e-6
        assert both.extras["standard_error"][i] == pytest.approx(alone.extras["standard_error"][0], rel=1e-4)
        assert (both.values[i, 0] == both.extras["coefficients"][i][both.extras["segments"][i]].astype("f4")).all()


def test_one_of_a_batch_goes_on_alone_and_a_stopped_batch_together(small: Model, x: Tensor) -> None:
    labels = labels_of(x)[0]

    def cut(picture: Any) -> Any:
        return labels // 2 if picture[0, 0, 0] == float(x[0, 0, 0, 0]) else labels

    asked: Any = {"segments": cut}
    whole = explain(small, x, ID, 1, n_samples=700, **asked)
    calls = iter(range(40))
    part = explain(small, x, ID, 1, n_samples=700, stop=lambda: next(calls, None) is None, **asked)
    done = part.extras["samples"].tolist()
    assert min(done) >= 16 and max(done) <= 128 + min(done) < 700, "images take turns"
    found = explain(small, x, ID, 1, n_samples=700, resume=part, **asked)
    assert relative(found.values, whole.values) <= 1e-6 and found.extras["samples"].tolist() == [700, 700]
    alone = explain(small, x[:1], ID, 1, n_samples=700, resume=part[0], **asked)
    assert relative(alone.values, whole.values[:1]) <= 1e-6


def test_other_superpixels_are_not_gone_on_with(small: Model, x: Tensor) -> None:
    cuts = iter([labels_of(x[:1])[0], labels_of(x[:1], "grid:number=3")[0]])

    def cut(picture: Any) -> Any:
        return next(cuts)

    first = explain(small, x[:1], ID, 1, n_samples=20, segments=cut)
    with pytest.raises(SeewhyError, match="other superpixels"):
        explain(small, x[:1], ID, 1, n_samples=30, segments=cut, resume=first)


def test_the_error_told_is_the_scatter_of_maps_from_other_seeds(small: Model, x: Tensor) -> None:
    found = [explain(small, x[:1], ID, 1, n_samples=160, seed=seed, segments=GRID) for seed in range(40)]
    scatter = np.stack([one.extras["coefficients"] for one in found]).std(0, ddof=1)
    told = np.sqrt(np.stack([one.extras["standard_error"] ** 2 for one in found]).mean(0))
    ratio = np.sqrt((told**2).mean() / (scatter**2).mean())
    assert 0.8 < ratio < 1.25, ratio


def test_pairs_lower_the_error(small: Model, x: Tensor) -> None:
    def scatter(**options: Any) -> float:
        asked: Any = {"n_samples": 160, "segments": GRID, **options}
        maps = [explain(small, x[:1], ID, 1, seed=seed, **asked).values for seed in range(16)]
        return float(np.stack(maps).std(0, ddof=1).mean())

    assert scatter(antithetic=True) < 0.97 * scatter()


def test_a_poor_fit_is_said(small: Model, x: Tensor) -> None:
    def checks(outputs: Tensor) -> Tensor:
        """Scores that no sum of superpixels gives."""
        return (1e4 * outputs[:, 0]).sin()

    (note,) = [one for one in explain(small, x, ID, checks, n_samples=600, segments=GRID).notes if "R²" in one]
    assert note.endswith("rough ranking")
    found = explain(small, x, ID, lambda outputs: torch.ones(len(outputs)), n_samples=40, segments=GRID)
    assert not found.values.any() and found.extras["r2"].tolist() == [1, 1]


def test_a_tolerance_ends_each_image_by_itself(small: Model, x: Tensor) -> None:
    asked: Any = {"n_samples": 4000, "tolerance": 0.05, "segments": GRID}
    both = explain(small, x, ID, 1, **asked)
    assert (both.extras["samples"] < 4000).all()
    for i in (0, 1):
        alone = explain(small, x[i : i + 1], ID, 1, **asked)
        assert alone.extras["samples"][0] == both.extras["samples"][i]


def test_classes_share_forwards(small: Model, x: Tensor) -> None:
    several = compare(small, x, [ID], [0, 1, 2], options={ID: {"n_samples": 50, "segments": GRID}})
    assert {one.passes.forward for one in several} == {2 * 51}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"segments": "voronoi"}, "voronoi"),
        ({"selection": "best"}, "selection"),
        ({"n_features": 0}, "n_features"),
        ({"kernel_width": 0}, "kernel_width"),
        ({"distance": "hamming"}, "distance"),
        ({"alpha": 0.0, "n_samples": 16, "segments": "grid:cell=2"}, "apart"),
    ],
)
def test_what_makes_no_model_is_refused(small: Model, x: Tensor, options: Any, problem: str) -> None:
    with pytest.raises(SeewhyError, match=problem):
        explain(small, x, ID, 1, **{"n_samples": 20, **options})
