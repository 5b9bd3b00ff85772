import matplotlib
import numpy as np
import pytest
from skimage.color import rgb2lab

from seewhy.errors import BadOption
from seewhy.render.colors import ZERO, default, paint, table


@pytest.mark.parametrize("name", ["inferno", "viridis", "cividis", "gray", "jet", "turbo", "bwr", "OrRd"])
def test_a_table_by_name_holds_matplotlibs_colours(name: str) -> None:
    expected = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    assert np.abs(table(name).astype(int) - expected).max() <= 1


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    with pytest.raises(BadOption, match="did you mean 'inferno'"):
        table("Infernal")


@pytest.mark.parametrize("name", ["bluewhitered", "bwr"])
def test_nothing_is_white_and_the_signs_are_red_and_blue(name: str) -> None:
    against, nothing, much = paint(np.array([-1.0, 0.0, 1.0]), name, "all").astype(int)
    assert nothing.min() >= 253
    assert against[2] > against[0] + 50
    assert much[0] > much[2] + 50


@pytest.mark.parametrize(("sign", "rows"), [("positive", np.arange(256)), ("all", np.arange(ZERO, 256))])
def test_equal_steps_of_the_default_tables_are_equal_steps_of_lightness(sign: str, rows: np.ndarray) -> None:
    lightness = rgb2lab(table(default(sign))[rows] / 255.0)[:, 0]
    steps = np.diff(lightness[:: len(rows) // 16])
    assert np.all(np.sign(steps) == np.sign(steps[0]))
    assert np.abs(steps).max() < 2 * np.abs(steps).mean()


def test_jet_is_not_even() -> None:
    lightness = rgb2lab(table("jet") / 255.0)[:, 0]
    assert (np.diff(lightness[::16]) > 0).any()
    assert (np.diff(lightness[::16]) < 0).any()


def test_nan_takes_the_colour_of_nothing() -> None:
    assert (paint(np.array([np.nan]), "bwr", "all") == table("bwr")[ZERO]).all()
