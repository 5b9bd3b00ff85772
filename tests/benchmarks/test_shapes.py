"""The scenes whose evidence is known, their texts, the loop that trains on them, and a map's share on an object."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.shapes import captions, evidence, networks, training
from benchmarks.shapes.scenes import CLASSES, COLOURS, NONE, SIDE, Scenes, draw


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return draw(200, 7)


def test_a_seed_is_a_scene() -> None:
    one, again, other = draw(3, 1), draw(3, 1), draw(3, 2)
    assert np.array_equal(one.pixels, again.pixels) and np.array_equal(one.masks, again.masks)
    assert not np.array_equal(one.pixels, other.pixels)


def test_objects_are_apart_whole_and_under_15_percent_of_the_picture(scenes: Scenes) -> None:
    there = scenes.classes != NONE
    area = scenes.masks.mean((2, 3))
    assert set(scenes.counts) == {1, 2, 3, 4} and (area[~there] == 0).all()
    assert (area[there] > 0.02).all() and (area[there] < 0.15).all()
    assert scenes.masks.sum(1).max() == 1, "no pixel is of two objects"
    border = np.ones((SIDE, SIDE), bool)
    border[1:-1, 1:-1] = False
    assert not scenes.masks[..., border].any(), "none is cut off"
    assert all(len(set(row[row != NONE])) == (row != NONE).sum() for row in scenes.classes), "no class twice"


def test_an_object_has_its_colour_where_its_mask_is_and_nowhere_else(scenes: Scenes) -> None:
    wanted = np.array(list(COLOURS.values())) * 0.95 * 255
    for scene, slot in np.argwhere(scenes.classes != NONE):
        one, mask = scenes.classes[scene, slot], scenes.masks[scene, slot]
        off = np.linalg.norm(scenes.pixels[scene][mask].mean(0) - wanted, axis=1)
        assert off.argmin() == one // 6, f"{CLASSES[one]} looks like {list(COLOURS)[off.argmin()]}"
    bare = draw(50, 3, (0, 0))
    assert bare.counts.max() == 0
    assert (bare.pixels.std((1, 2)).max(1) < 60).all() and (abs(bare.pixels.mean((1, 2, 3)) - 127) < 70).all()


def test_a_text_is_true_where_all_it_names_is_shown(scenes: Scenes) -> None:
    assert captions.text([5, 30], "there is {}") == "there is a red ring and an orange circle"
    assert captions.text([0, 1, 2]) == "a red circle, a red square and a red triangle"
    named = captions.several(scenes, np.random.default_rng(0))
    true = captions.true(named, scenes)
    own = np.arange(len(scenes))
    assert true[own, 2 * own].all() and not true[own, 2 * own + 1].any()
    by_hand = [[set(text) <= set(row) for text in named[:40]] for row in scenes.classes.tolist()]
    assert np.array_equal(true[:, :40], by_hand)


def test_a_training_that_was_cut_off_ends_where_it_would_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(training, "KEPT", 2)
    monkeypatch.setattr(training, "EVERY", 2)
    plan = training.Plan("tiny", steps=4, batch=4, warmup=2, easy=2)

    def trained(plan: training.Plan) -> dict[str, torch.Tensor]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            module = nn.ModuleDict({"blocks": nn.Linear(3, 8), "head": nn.Linear(8, len(CLASSES))})

        def loss(scenes: Scenes, rng: np.random.Generator) -> torch.Tensor:
            hidden = module["blocks"](networks.normalised(scenes).mean((2, 3)))
            return module["head"](hidden + rng.normal()).float().square().mean()

        training.train(module, loss, plan)
        return module.state_dict()

    whole = trained(plan)
    (tmp_path / "tiny.pt").unlink()
    longer = training.Plan.scenes
    monkeypatch.setattr(training.Plan, "scenes", lambda self, step: None if step == 3 else longer(self, step))
    with pytest.raises(AttributeError):
        trained(plan)
    monkeypatch.undo()
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path)
    assert torch.load(tmp_path / "tiny.pt", weights_only=True)["step"] == 2
    resumed = trained(plan)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    other = trained(replace(plan, seed=1))
    assert not all(torch.equal(value, other[name]) for name, value in whole.items()), "of another plan nothing is kept"


def boxes(n: int = 2) -> np.ndarray:
    masks = np.zeros((n, 2, SIDE, SIDE), bool)
    masks[:, 0, 16:32, 16:32] = True
    masks[:, 1, 64:88, 48:72] = True
    return masks


def test_shares_of_maps_made_by_hand() -> None:
    masks = boxes()
    heat = np.zeros(masks.shape)
    heat[0, 0, 20, 20], heat[0, 0, 70, 50], heat[0, 0, 0, 0] = 6, 3, 1  # most on the first, some on the second
    heat[0, 1, 70, 50], heat[0, 1, 90, 50] = 1, 1  # half on the second, half just beside it
    heat[1, 0] = 1  # even; the last is blank
    found = evidence.shares(heat, masks)
    np.testing.assert_allclose(found.own, [[0.6, 0.5], [256 / SIDE**2, 0]])
    np.testing.assert_allclose(found.other, [[0, 0.3], [0, 576 / SIDE**2]])
    np.testing.assert_allclose(found.grown[0], [0.6, 1])
    assert found.switched == 0.75 and found.mean == pytest.approx(found.own.mean())
