"""RISE against masks made one by one, and by its identities."""

import weakref
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.stats import spearmanr
from torch import Tensor

from comparing import direct, relative
from conftest import Precise
from peers import for_peer
from seewhy import Model, SeewhyError, explain, get_method
from seewhy.ops.grids import sides, through_cells
from seewhy.rng import Rng
from seewhy.sampling import BLOCK

ID = "rise"


@pytest.mark.parametrize(("size", "window"), [((16, 20), (3, 3)), ((32, 40), (5, 6)), ((9, 30), (9, 4))])
def test_a_mask_is_the_resized_grid_cropped_where_it_is_shifted(size: Any, window: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    cells = [-(-side // own) for side, own in zip(size, window, strict=True)]
    grid = torch.rand(1, 5, *cells, generator=generator, dtype=torch.float64)
    shifts = torch.stack([torch.randint(own, (1, 5), generator=generator) for own in window], -1)
    found = through_cells(grid, size, window, shifts)
    resized = [(n + 1) * own for n, own in zip(cells, window, strict=True)]
    for i, (down, right) in enumerate(shifts[0].tolist()):
        whole = F.interpolate(grid[:, i : i + 1], resized, mode="bilinear", align_corners=False)
        wanted = whole[0, 0, down : down + size[0], right : right + size[1]]
        torch.testing.assert_close(found[0, i], wanted, rtol=0, atol=1e-12)


def slowly(model: Model, x: Tensor, hidden: Tensor, n: int, keep: float, pairs: bool, target: int) -> list[np.ndarray]:
    """The paper's sums, a mask at a time, from the same draws: of score times mask, of masks, of scores."""
    net, found, window = for_peer(model), [], (3, 3)
    for i in range(len(x)):
        seen, visible, scores = torch.zeros(x.shape[2:]).double(), torch.zeros(x.shape[2:]).double(), []
        for at in range(n):
            block, place = divmod(at, BLOCK)
            rng, count = Rng.for_images(0, x).at(block), BLOCK // 2 if pairs else BLOCK
            shown = (rng.uniform(count, 6, 7) < keep).to(x.dtype)
            shifts = torch.stack([rng.integers(side, count) for side in window], -1)
            masks = through_cells(shown, x.shape[2:], window, shifts)[i]
            mask = masks[place // 2] if pairs else masks[place]
            mask = 1 - mask if pairs and place % 2 else mask
            with torch.no_grad():
                score = net(x[i : i + 1] * mask + hidden[i : i + 1] * (1 - mask)).softmax(1)[0, target].double()
            seen, visible = seen + score * mask, visible + mask
            scores.append(float(score))
        found.append(np.stack([seen.numpy(), visible.numpy(), np.full(x.shape[2:], np.mean(scores))]))
    return found


@pytest.mark.parametrize(("keep", "pairs"), [(0.5, True), (0.5, False), (0.3, False)])
@pytest.mark.parametrize("normalise", ["visible", "expected"])
def test_it_is_the_papers_sum_over_masks(precise: Precise, keep: float, pairs: bool, normalise: str) -> None:
    model, x, tolerance = precise
    n = 44
    hidden = torch.full_like(x, 0.25)
    options = {"n_samples": n, "keep": keep, "antithetic": pairs, "normalise": normalise, "baseline": 0.25}
    found = explain(model, x, ID, 2, **options)
    for i, (seen, visible, mean) in enumerate(slowly(model, x, hidden, n, keep, pairs, 2)):
        wanted = seen / (visible if normalise == "visible" else n * keep) - mean
        assert relative(found.values[i, 0], wanted) <= max(tolerance, 1e-6)  # values are kept in float32
        assert found.extras["mean_score"][i] == pytest.approx(mean[0, 0], rel=1e-6)


@pytest.mark.parametrize(("keep", "stride"), [(0.5, 1), (0.3, 2)])
def test_less_what_chance_brought_together_is_the_regressions_word(
    small: Model, x: Tensor, keep: float, stride: int
) -> None:
    """By hand: ordinary ridge regression of the scores on the masks' parts, and the covariance of 20,000 masks."""
    from seewhy.methods import rise

    model, x, n = small.at("float64"), x.double()[:1], 60
    estimator: Any = get_method(ID, keep=keep, stride=stride).estimator(model, x, [], Rng.for_images(0, x))
    rng = Rng.for_images(0, x)
    masks = torch.cat([estimator.draw(rng.at(block), block)[0] for block in range(8)])[:n]
    with torch.no_grad():
        scores = for_peer(model)(x * masks[:, None]).softmax(1)[:, 2]
    parts = F.adaptive_avg_pool2d(masks[:, None], (10, 10)).flatten(1)
    centred, moved = parts - parts.mean(0), scores - scores.mean()
    ridge = np.sqrt(rise.RIDGE * keep * (1 - keep)) * torch.eye(100, dtype=torch.float64)
    weights = torch.linalg.lstsq(torch.cat([centred, ridge]), torch.cat([moved, torch.zeros(100)]).double()[:, None])[0]
    many = torch.cat([estimator.draw(Rng.for_images(7, x).at(block), block)[0] for block in range(2500)])
    usual = F.adaptive_avg_pool2d(many[:, None], (10, 10)).flatten(1).T.cov()
    assert (usual - estimator.covariance).abs().max() < 0.05 * usual.abs().max()
    chance = (centred.T @ centred / n - estimator.covariance) @ weights
    wanted = (scores @ masks.flatten(1)).view(16, 20) / masks.sum(0) - scores.mean()
    wanted = wanted - F.interpolate(chance.view(1, 1, 10, 10), (16, 20), mode="bilinear")[0, 0] / keep
    found = explain(model, x, ID, 2, n_samples=n, keep=keep, stride=stride)
    assert relative(found.values[0, 0], wanted) <= 1e-6


def test_what_is_adjusted_has_the_same_expectation(small: Model, x: Tensor) -> None:
    x = x[:1]
    maps = {
        kind: np.stack(
            [explain(small, x, ID, 1, n_samples=200, seed=seed, normalise=kind).values[0, 0] for seed in range(40)]
        )
        for kind in ("adjusted", "visible")
    }
    apart = maps["adjusted"].mean(0) - maps["visible"].mean(0)
    error = np.sqrt(sum(one.var(0, ddof=1) for one in maps.values()) / 40)
    assert np.sqrt(((apart / error) ** 2).mean()) < 1.5
    assert maps["adjusted"].std(0).mean() < 0.8 * maps["visible"].std(0).mean()


def test_pairs_and_what_was_really_visible_lower_the_error(small: Model, x: Tensor) -> None:
    """Against the authors' estimator, for the same number of masks, from one seed to the next."""

    def scatter(**options: Any) -> float:
        maps = [explain(small, x, ID, 1, n_samples=120, seed=seed, **options).values for seed in range(12)]
        return float(np.stack(maps).std(0, ddof=1).mean())

    official = scatter(antithetic=False, normalise="expected")
    assert scatter(normalise="visible") < 0.6 * official and scatter() < 0.5 * official
    assert scatter(antithetic=False, normalise="visible") < 0.9 * official


@pytest.mark.parametrize("normalise", ["adjusted", "visible", "expected"])
def test_several_baselines_are_averaged_and_how_far_apart_they_are_is_told(
    small: Model, x: Tensor, dark: Tensor, normalise: str
) -> None:
    """Each mask is scored with each of them, so that each one's map is the one it gives alone."""
    asked: Any = {"n_samples": 60, "normalise": normalise}
    given = [0.0, "blur", dark]
    alone = [explain(small, x, ID, 1, baseline=one, **asked) for one in given]
    found = explain(small, x, ID, 1, baseline=given, **asked)
    maps = np.stack([one.values for one in alone])
    scale = abs(maps).max()
    np.testing.assert_allclose(found.extras["baseline_maps"], maps[:, :, 0].swapaxes(0, 1), rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(found.values, maps.mean(0), rtol=0, atol=1e-5 * scale)
    assert relative(found.extras["baseline_spread"], maps.max(0) - maps.min(0)) < 1e-4
    assert relative(found.extras["mean_score"], np.mean([one.extras["mean_score"] for one in alone], 0)) < 1e-6
    assert found.passes.forward == 2 + 3 * 2 * 60 and found.extras["samples"].tolist() == [60, 60]
    apart = (maps.max(0) - maps.min(0)).max((1, 2, 3)) / abs(found.values).max((1, 2, 3))
    pooled = [F.adaptive_avg_pool2d(torch.from_numpy(one.values), 10).flatten(1) for one in alone]
    ranks = [spearmanr(a, b)[0] for one in zip(*pooled, strict=True) for a, b in combinations(one, 2)]
    said = f"the mean over 3 baselines, whose maps are up to {apart.max():.0%} of its largest value apart; the least "
    assert f"{said}rank correlation of two: {min(ranks):.2f}" in found.notes
    assert "baseline_spread" not in alone[0].extras and len(alone[0].notes) == len(found.notes) - 1


def test_one_baseline_in_a_list_is_that_one(small: Model, x: Tensor) -> None:
    found, alone = (explain(small, x, ID, 1, baseline=one, n_samples=20) for one in ([0.25], 0.25))
    assert np.array_equal(found.values, alone.values) and found.extras.keys() == alone.extras.keys()


def test_the_error_of_several_baselines_is_that_of_their_mean(small: Model, x: Tensor) -> None:
    """They share the masks, so that the error does not fall as that of three times the masks would."""
    asked: Any = {"n_samples": 160, "baseline": [0.0, 0.5, 1.0]}
    found = [explain(small, x, ID, 1, seed=seed, **asked) for seed in range(24)]
    scatter = np.stack([one.values for one in found]).std(0, ddof=1)
    told = np.sqrt(np.stack([one.extras["standard_error"] ** 2 for one in found]).mean(0))
    assert 0.8 < np.sqrt((told**2).mean() / (scatter**2).mean()) < 1.25


def test_no_more_memory_for_more_masks(small: Model, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for its scores is a chunk, whatever the number of masks."""
    from seewhy.methods import rise

    alive, most, made = [0], [0], rise.Masks.draw

    def draw(self: Any, rng: Rng, block: int) -> Tensor:
        found = made(self, rng, block)
        alive[0] += 1
        most[0] = max(most[0], alive[0])
        weakref.finalize(found, lambda: alive.__setitem__(0, alive[0] - 1))
        return found

    monkeypatch.setattr(rise.Masks, "draw", draw)
    peaks = []
    for n in (200, 2000):
        alive[0], most[0] = 0, 0
        explain(small, x[:1], ID, 1, n_samples=n)
        peaks.append(most[0])
    assert peaks[0] == peaks[1] <= 6


def test_what_makes_no_masks_is_refused(small: Model, x: Tensor) -> None:
    for options, problem in (
        ({"window": 40}, "window"),
        ({"window": (2, 3, 4)}, "window"),
        ({"stride": 0}, "stride"),
        ({"keep": 0.3, "antithetic": True}, "antithetic"),
        ({"n_samples": 3}, "n_samples"),
    ):
        with pytest.raises(SeewhyError, match=problem):
            explain(small, x, ID, 1, **options)
    assert sides((4, 5), "x", (20, 20)) == (4, 5) and sides(6, "x", (20, 20)) == (6, 6)


def test_a_score_that_never_moves_is_told(small: Model, x: Tensor) -> None:
    found = explain(small, x, ID, lambda outputs: torch.full((len(outputs),), 0.5), n_samples=20)
    assert found.blank == (True, True) and any("no positive evidence" in one for one in found.notes)


def test_its_values_are_finite_in_float32_for_one_cell(small: Model, x: Tensor) -> None:
    """With cells as large as the picture, a pixel may be hidden by every mask of a block."""
    found = direct(ID, small, x, n_samples=16, window=(16, 20), keep=0.05)
    assert torch.isfinite(found.values).all()
