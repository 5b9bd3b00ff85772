"""The planted network of textures: what it knows, what it does not, and that shape, colour and place tell no class."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression

from benchmarks.shapes.outlines import OUTLINES
from benchmarks.textures import network, sets, train
from benchmarks.textures.fills import CLASSES
from benchmarks.textures.network import load, pixels
from benchmarks.textures.scenes import PERIODS, SIDE, draw
from seewhy import Model


@pytest.fixture(scope="module")
def net() -> Model:
    return load()


def test_it_knows_scenes_it_has_not_seen_as_its_log_says(net: Model) -> None:
    said = json.loads((network.WEIGHTS / "cnn.json").read_text("utf-8"))
    assert said["minutes"] < 10 and said["held out"]["accuracy"] > 0.98
    scenes = draw(400, (10**6, 7))
    right = train.said(net, pixels(scenes.pixels)).numpy() == scenes.classes
    assert right.mean() > said["held out"]["accuracy"] - 0.02
    for shape in range(len(OUTLINES)):
        assert right[scenes.shapes == shape].mean() > 0.95, list(OUTLINES)[shape]


def test_the_weights_are_under_1_mb() -> None:
    assert sum(path.stat().st_size for path in network.WEIGHTS.iterdir()) < 1_000_000


def test_colours_shape_and_place_say_nothing_of_the_class() -> None:
    """No linear model tells the classes by the mean colours of shape and ground, the mask's place or the shape."""
    scenes = draw(1500, 11)
    x = scenes.pixels.reshape(len(scenes), -1, 3) / 255
    on = scenes.masks.reshape(len(scenes), -1, 1)
    colours = np.concatenate([(x * part).sum(1) / part.sum(1) for part in (on, ~on)], 1)
    area = scenes.masks.mean((1, 2))[:, None]
    middles = np.array([np.argwhere(one).mean(0) / SIDE for one in scenes.masks])
    known = np.concatenate([colours, area, middles, np.eye(len(OUTLINES))[scenes.shapes]], 1)
    half = len(scenes) // 2
    fitted = LogisticRegression(max_iter=2000).fit(known[:half], scenes.classes[:half])
    assert fitted.score(known[half:], scenes.classes[half:]) < 1 / len(CLASSES) + 0.06


def test_the_same_seed_draws_the_same_scenes_and_a_texture_alone_changes_nothing_else() -> None:
    a, b, striped = draw(20, 3), draw(20, 3), draw(20, 3, "striped")
    assert np.array_equal(a.pixels, b.pixels) and not np.array_equal(a.pixels, draw(20, 4).pixels)
    assert np.array_equal(a.masks, striped.masks) and set(striped.classes) == {0}
    beside = ~a.masks
    assert np.abs(a.pixels.astype(int) - striped.pixels)[beside].mean() < 2  # soft edges alone
    assert a.masks.mean((1, 2)).min() > 0.08 and a.masks.mean((1, 2)).max() < 0.4


def test_stripes_have_one_direction_at_the_scenes_periods() -> None:
    for one in sets.concept("stripes", 12, 0):
        power = np.abs(np.fft.fft2(one.mean(2) - one.mean())) ** 2
        y, x = np.unravel_index(power.argmax(), power.shape)
        pace = np.hypot(*np.fft.fftfreq(SIDE)[[y, x]])
        assert 1 / (PERIODS[1] + 1) < pace < 1 / (PERIODS[0] - 1)


def test_a_colours_pictures_differ_from_random_ones_in_colour_alone() -> None:
    red, random = (sets.concept(name, 200, 5) / 255 for name in ("red", "random"))
    assert (red.mean((1, 2)).argmax(1) == 0).mean() > 0.85
    contrast = [one.std((1, 2)).mean() for one in (red, random)]
    assert contrast[0] == pytest.approx(contrast[1], rel=0.03)


def test_sets_are_written_as_folders(tmp_path: Path) -> None:
    sets.write(tmp_path, n=3, randoms=2)
    assert sorted(one.name for one in (tmp_path / "concepts").iterdir()) == sorted(sets.CONCEPTS)
    assert [one.name for one in sorted((tmp_path / "random").iterdir())] == ["00", "01"]
    first = np.asarray(Image.open(tmp_path / "classes" / "dotted" / "000.png"))
    assert np.array_equal(first, draw(3, (0, 3, 1), "dotted").pixels[0])


def test_training_learns(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        module = network.TextureNet()
    before = [one.detach().clone() for one in module.parameters()]
    assert train.train(module, train.Plan(steps=2, batch=4)) == []
    assert any(not torch.equal(one, was) for one, was in zip(module.parameters(), before, strict=True))
