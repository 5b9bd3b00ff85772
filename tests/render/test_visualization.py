"""Grids of optimised pictures and figures of inversion: what stands where."""

import numpy as np
import pytest

from seewhy.errors import BadInput, BadOption
from seewhy.geometry import Geometry
from seewhy.render.visualization import pixels, png, slug
from seewhy.results.inversion import Inversion, Inverted
from seewhy.results.visualization import Visualization, Visualized
from seewhy.types import ModelCard, Photo


def one(name: str, n: int = 1, t: int = 1, channels: int = 3) -> Visualized:
    rng = np.random.default_rng(0)
    images = rng.random((t, n, 6, 8, channels), np.float32)
    return Visualized(name, images, rng.random((5, n), np.float32), rng.random((n, 6, 8), np.float32))


def result(*found: Visualized, steps: tuple[int, ...] = (5,), weights: str = "", **options: object) -> Visualization:
    return Visualization(found, steps, ModelCard("Net", weights=weights), options, 0, 1.0)


def titles(made: object) -> list[str]:
    return [ax.get_title(loc="left") for ax in made.axes]


def test_a_tile_an_objective_in_rows() -> None:
    made = result(*(one(f"layer:{at}") for at in range(5))).figure(columns=3)
    assert titles(made) == [f"layer:{at}" for at in range(5)]
    left = [round(ax.get_subplotspec().colspan.start) for ax in made.axes]
    assert left == [0, 1, 2, 0, 1]
    np.testing.assert_array_equal(made.axes[2].images[0].get_array(), pixels(one("layer:2").image))


def test_a_row_an_objective_where_there_are_several_pictures_of_it() -> None:
    made = result(one("a", t=2, n=2), one("$b$", t=2, n=2), steps=(2, 5)).figure()
    assert titles(made)[:4] == ["a #1, step 2", "a #1, step 5", "a #2, step 2", "a #2, step 5"]
    assert titles(made)[4] == "$b$ #1, step 2" and not made.axes[4]._left_title.get_parse_math()
    assert [ax.get_subplotspec().rowspan.start for ax in made.axes] == [0] * 4 + [1] * 4


def test_a_network_of_random_weights_is_stamped() -> None:
    assert "RANDOM WEIGHTS" in result(one("a"), weights="random").figure().get_suptitle()
    assert "随机权重" in result(one("a"), weights="random").figure(lang="zh").get_suptitle()
    assert "RANDOM" not in result(one("a")).figure().get_suptitle()


def test_a_photo_stands_first() -> None:
    made = Visualization((one("a"),), (5,), ModelCard("Net"), {}, 0, 1.0, photo=np.zeros((6, 8, 3), np.uint8))
    assert titles(made.figure()) == ["Photo", "a"]


def test_grey_pictures_and_those_seen_through() -> None:
    grey = np.array([[[0.0], [1.0]]], np.float32)
    assert pixels(grey).tolist() == [[[0, 0, 0], [255, 255, 255]]]
    assert pixels(grey, np.array([[0.0, 0.5]], np.float32)).tolist() == [[[255] * 3, [255] * 3]]
    assert png(grey, np.zeros((1, 2), np.float32)) != png(grey)


def test_names_become_files() -> None:
    assert slug("class:great white shark - 1e-3*tv") == "class-great-white-shark-1e-3-tv"
    assert slug("../../x:1") == "x-1" and slug("::") == "objective"


def test_what_can_not_be_written_or_drawn_is_refused(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="is a file"):
        result(one("a")).save(tmp_path / "file")
    with pytest.raises(BadOption, match="columns"):
        result(one("a")).figure(columns=0)


def test_inversion_shows_the_photo_the_layers_and_their_curves() -> None:
    rng = np.random.default_rng(1)
    curves = [np.geomspace(1, 0.01, 7).astype(np.float32), np.zeros(7, np.float32), np.full(7, 0.1, np.float32)]
    found = tuple(Inverted(name, rng.random((6, 8, 3), np.float32), *curves) for name in ("conv1", "conv2"))
    photo = Photo(np.zeros((9, 9, 3), np.uint8), Geometry.identity(9, 9))
    made = Inversion(found, photo, np.full((6, 8, 3), 7, np.uint8), ModelCard("Net"), {}, 0, 1.0).figure()
    assert titles(made)[:2] == ["Photo", "conv1"]
    by_label = {ax.get_label(): ax for ax in made.axes}
    assert (by_label["photo"].images[0].get_array() == 7).all()
    lines = by_label["curve-2"].lines
    assert len(lines) == 2, "a regulariser that is not there has no curve"
    np.testing.assert_allclose(lines[0].get_ydata(), curves[0])
    assert by_label["curve-2"].get_yscale() == "log" and "100 times" in by_label["curve-2"].get_xlabel()
    assert found[0].fall == pytest.approx(100)
