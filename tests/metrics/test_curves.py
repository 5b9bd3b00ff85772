"""Deletion and insertion beside a slow reference written from the paper, and on evidence that was planted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import seewhy
from conftest import MEAN, STD, SmallNet
from seewhy import Explanation, Model
from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.geometry import Geometry
from seewhy.metrics.ranking import moved, ranked
from seewhy.ops.blur import gaussian
from seewhy.results.curves import area


def fine(model: Model, x: Any, seed: int = 0, **changes: Any) -> Explanation:
    """A map of a number a pixel, no two alike."""
    plain = seewhy.explain(model, x, "saliency")
    h, w = plain.photos[0].geometry.input
    values = np.random.default_rng(seed).permutation(len(plain) * h * w).astype(np.float32) - h * w
    return replace(plain, values=values.reshape(len(plain), 1, h, w), sign="all", **changes)


def probability(model: Model, picture: NDArray[np.float32], index: int) -> float:
    mean, std = (torch.tensor(one)[:, None, None] for one in (model.mean, model.std))
    with torch.no_grad():
        found = model.module.eval()(((torch.from_numpy(picture) - mean) / std)[None])
    return float(found.softmax(1)[0, index])


def by_the_paper(
    model: Model, image: NDArray[np.float32], heat: NDArray[np.float32], index: int, steps: int, other: Any, kind: str
) -> tuple[list[float], float]:
    """Remove, or insert, the most important pixels step by step; the area under the probabilities."""
    h, w = heat.shape
    order = sorted(((row, column) for row in range(h) for column in range(w)), key=lambda at: -heat[at])
    start, goal = (image, other) if kind == "deletion" else (other, image)
    found, shares = [], []
    for step in range(steps + 1):
        picture, count = start.copy(), round(step / steps * h * w)
        for row, column in order[:count]:
            picture[:, row, column] = goal[:, row, column]
        found.append(probability(model, picture, index))
        shares.append(count / (h * w))
    total = sum((b - a) * (p + q) / 2 for a, b, p, q in zip(shares, shares[1:], found, found[1:], strict=False))
    return found, total


@pytest.mark.parametrize("kind", ["deletion", "insertion"])
@pytest.mark.parametrize("fill", ["grey", "black", "blur", 0.5])
def test_curves_are_the_papers(small: Model, x: torch.Tensor, kind: str, fill: Any) -> None:
    e = fine(small, x)
    curve = getattr(seewhy.metrics, kind)(small, e, fill, steps=7, random=0)
    hidden = {
        "grey": x.mean((2, 3), keepdim=True).expand_as(x),
        "black": torch.zeros_like(x),
        "blur": gaussian(x, 1.6),
    }.get(fill, torch.full_like(x, 0.5))
    for i in range(2):
        index = e.classes[i]
        assert index is not None
        given = x[i].numpy(), e.heatmap()[i], index, 7, hidden[i].numpy(), kind
        values, total = by_the_paper(small, *given)
        np.testing.assert_allclose(curve.values[i], values, atol=1e-6)
        assert curve.area[i] == pytest.approx(total, abs=1e-6)
    assert curve.shares[0] == 0 and curve.shares[-1] == 1 and curve.kind == kind and curve.score == "probability"
    assert np.isnan(curve.random_area).all()


def test_forwards_are_those_that_are_promised(small: Model, x: torch.Tensor) -> None:
    e = fine(small, x[:1])
    assert seewhy.metrics.deletion(small, e, steps=20, random=0).passes.forward == 21
    assert seewhy.metrics.insertion(small, e, steps=20, random=3).passes.forward == 21 + 3 * 19


@pytest.mark.parametrize("method", ["gradcam", "integrated_gradients", "saliency", "occlusion"])
def test_maps_of_planted_evidence_are_told_from_chance(bright: Model, planted: torch.Tensor, method: str) -> None:
    e = seewhy.explain(bright, planted, method, 1)
    deleted = seewhy.metrics.deletion(bright, e, "grey", seed=1)
    inserted = seewhy.metrics.insertion(bright, e, "black", seed=1)
    assert (deleted.area < 0.8 * deleted.random_area).all(), (deleted.area, deleted.random_area)
    assert (inserted.area > 1.2 * inserted.random_area).all(), (inserted.area, inserted.random_area)
    against = replace(e, values=-np.abs(e.values), sign="all")
    assert (seewhy.metrics.deletion(bright, against, "grey", random=0).area > deleted.area).all()


def test_an_image_has_the_same_curves_alone_and_among_others(small: Model, x: torch.Tensor) -> None:
    e = seewhy.explain(small, x, "gradcam")
    both, alone = (seewhy.metrics.deletion(small, one, steps=5, random=2) for one in (e, e[1]))
    np.testing.assert_allclose(both.values[1], alone.values[0], atol=1e-6)
    np.testing.assert_allclose(both.random[:, 1], alone.random[:, 0], atol=1e-6)


def test_pixels_of_one_value_go_in_a_drawn_order_and_nan_last() -> None:
    flat = np.ones((3, 4), np.float32)
    flat[1, 1], flat[2, 3], flat[0, 0] = 2, -1, np.nan
    geometry = Geometry.identity(3, 4)
    ranks = [ranked(flat, geometry, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(ranks[0], ranks[1]) and not np.array_equal(ranks[0], ranks[2])
    for one in ranks:
        assert sorted(one.ravel()) == list(range(12))
        assert (one[1, 1], one[2, 3], one[0, 0]) == (0, 10, 11)


def test_large_flat_cells_are_ties_to_the_last_bit() -> None:
    """Cells of one value drawn on many pixels: all of these are one tie, so that each place is as likely first."""
    geometry = Geometry.identity(224, 224)
    flat = np.full((7, 7), np.float32(0.1))
    first = [ranked(flat, geometry, np.random.default_rng(seed)) < 5000 for seed in range(20)]
    rows = np.mean(first, axis=(0, 2))
    assert 0.07 < rows[:112].mean() < 0.13 and 0.07 < rows[112:].mean() < 0.13


def test_what_lies_beside_the_photo_is_never_hidden() -> None:
    """A photo that is filled up above and below: shares are of its own pixels."""
    model = Model(SmallNet(), mean=MEAN, std=STD, size=(24, 24), mode="pad", classes=list("abcd"))
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 24, 3), np.uint8))
    e = seewhy.explain(model, photo, "gradcam")
    ranks = ranked(e.reduced()[0], e.photos[0].geometry, np.random.default_rng(0))
    assert (ranks[:6] == 576).all() and (ranks[18:] == 576).all()
    assert sorted(ranks[6:18].ravel()) == list(range(288))
    curve = seewhy.metrics.deletion(model, e, 0.5, steps=4, random=0)
    assert np.array_equal(curve.shares, [0, 0.25, 0.5, 0.75, 1])
    all_gone = np.zeros((3, 24, 24), np.float32)
    all_gone[:, 6:18] = 0.5
    assert curve.values[0, -1] == pytest.approx(probability(model, all_gone, e.classes[0] or 0), abs=1e-6)


def test_a_moved_map_holds_the_same_values() -> None:
    map_ = np.arange(35, dtype=np.float32).reshape(5, 7)
    found = [moved(map_, np.random.default_rng(seed)) for seed in range(8)]
    assert all(np.array_equal(np.sort(one, None), map_.ravel()) for one in found)
    assert len({one.tobytes() for one in found}) > 5


def test_areas_are_of_trapezoids_over_uneven_shares() -> None:
    shares, values = np.array([0, 0.1, 0.5, 1]), np.array([[1.0, 0.5, 0.5, 0], [1, 1, 1, 1]])
    assert area(shares, values) == pytest.approx([0.1 * 0.75 + 0.4 * 0.5 + 0.5 * 0.25, 1])


def test_a_function_is_followed_by_its_answers(x: torch.Tensor) -> None:
    def answers(images: NDArray[np.float32]) -> NDArray[np.float32]:
        red = images[..., 0].mean((1, 2))
        return np.stack([3 * red, 1 - red], 1)

    model = seewhy.black_box(answers, size=(16, 20), input="float")
    e = seewhy.explain(model, x, "occlusion", 0)
    curve = seewhy.metrics.deletion(model, e, "black", steps=4, random=0)
    assert curve.score == "answer"
    np.testing.assert_allclose(curve.values[:, -1], 0, atol=1e-6)


def test_what_is_refused(small: Model, bright: Model, x: torch.Tensor) -> None:
    e = seewhy.explain(small, x, "gradcam")
    other = Model(SmallNet(seed=1), mean=MEAN, std=STD, size=(16, 20))
    with pytest.raises(BadInput, match="not what was explained"):
        seewhy.metrics.deletion(other, e)
    with pytest.raises(BadOption, match="not one class"):
        seewhy.metrics.deletion(small, seewhy.explain(small, x, "gradcam", seewhy.Contrast("a", "b")))
    for options in ({"steps": 0}, {"steps": 1000}, {"fill": "nothing"}, {"random": -1}):
        with pytest.raises(BadOption):
            seewhy.metrics.deletion(small, e, **options)
    photo = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    found = seewhy.explain(small, photo, "gradcam")
    with pytest.raises(BadInput, match="another part or size"):
        seewhy.metrics.deletion(replace(small, size=(20, 20)), found)


def test_inpainting_is_there_or_says_what_is_missing(small: Model, x: torch.Tensor) -> None:
    e = seewhy.explain(small, x[:1], "gradcam")
    try:
        import cv2  # noqa: F401  # whether it is there
    except ImportError:
        with pytest.raises(Unsupported, match="inpaint"):
            seewhy.metrics.deletion(small, e, "inpaint")
        return
    curve = seewhy.metrics.deletion(small, e, "inpaint", steps=3, random=0)
    assert curve.values.shape == (1, 4) and np.isfinite(curve.values).all()
