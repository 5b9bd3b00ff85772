from typing import Any

import numpy as np
import pytest

from handmade import CROP, RANDOM, drawn, handmade, plain, said
from seewhy.errors import BadInput, BadOption
from seewhy.geometry import Geometry
from seewhy.render.styles.lime import AGAINST, FOR, LINE, REST, TINT, chosen, lime, pixels

GREY = plain(40, 60, 100, 100, 100)
QUARTERS = np.arange(20)[:, None] // 10 * 2 + np.arange(30) // 15  # (20,30)
VALUES = np.array([0.5, -0.8, 0.0, 0.2])


def quarters(values: Any = VALUES, geometry: Geometry | None = None, **more: Any) -> Any:
    geometry = geometry or Geometry((40, 60), (20, 30), (0.5, 0.5))
    asked: Any = {"method": "lime", "sign": "all", "extras": {"segments": QUARTERS[None]}, **more}
    return handmade(values[QUARTERS], GREY, geometry, **asked)


@pytest.mark.parametrize(
    ("show", "features", "signs"),
    [
        ("positive", 5, [1, 0, 0, 1]),
        ("positive", 1, [1, 0, 0, 0]),
        ("negative", 5, [0, -1, 0, 0]),
        ("all", 2, [1, -1, 0, 0]),
        ("all", 9, [1, -1, 0, 1]),
    ],
)
def test_the_superpixels_of_the_largest_values_are_shown_where_they_lie(show: Any, features: int, signs: Any) -> None:
    found = chosen(quarters(), show, features)
    corners = found.signs[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.tolist() == signs and found.total == 4 and found.count == np.count_nonzero(signs)
    assert (found.signs[:20, :30] == signs[0]).all(), "to the pixel"
    if found.count == 1:
        inside = found.signs != 0
        assert found.outlines.any() and not found.outlines[inside].all()
        assert not found.outlines[:17, :27].any() or show == "negative"


def test_boundaries_follow_a_crop_and_a_resize() -> None:
    labels = np.zeros((224, 224), int)
    labels[50:100, 150:] = 1
    one = handmade(labels.astype(float), geometry=CROP, method="lime", extras={"segments": labels[None]}, sign="all")
    found = chosen(one, "positive", 5)
    seen = one.photos[0].geometry.seen()
    heat = np.nan_to_num(one.heatmap()[0])
    assert (found.signs[~seen] == 0).all() and not found.outlines[~seen].all()
    assert (found.signs[heat > 0.75] == 1).all() and (found.signs[heat < 0.25] == 0).all()
    rows, columns = np.nonzero(found.signs)
    scale, (top, left) = CROP.scale[0], CROP.offset
    assert abs(rows.min() - (50 - top) / scale) <= 1 and abs(columns.min() - (150 - left) / scale) <= 1


def test_green_is_for_and_red_against_and_the_rest_is_the_photo() -> None:
    found = chosen(quarters(), "all", 2)
    picture = pixels(GREY, found, "all")
    for (row, column), color in (((5, 5), FOR), ((5, 50), AGAINST)):
        assert picture[row, column].tolist() == [round(100 * (1 - TINT) + TINT * one) for one in color]
    assert (picture[found.outlines] == LINE).all() and (picture[30, 5] == 100).all()
    assert (pixels(GREY, found, "positive")[5, 5] == 100).all(), "one sign is outlined alone"
    hidden = pixels(GREY, found, "all", hide_rest=True)
    assert (hidden[30, 5] == REST).all() and (hidden[5, 5] == picture[5, 5]).all()


def test_the_figure_says_how_many_and_which_colour_is_which() -> None:
    made = lime(quarters(), show="all", features=2)
    assert "2 of 4 superpixels" in said(made) and "for the class" in said(made) and "against the class" in said(made)
    right = drawn(made, "superpixels").astype(int)
    assert right[20, 20, 1] > right[20, 20, 0] + 30 and right[20, -20, 0] > right[20, -20, 1] + 30
    assert (drawn(made, "photo")[20, 20] == 100).all()
    assert "against" not in said(lime(quarters(), features=2)) and "2 of 4" in said(lime(quarters(), features=2))
    assert "共 4 个超像素" in said(lime(quarters(), lang="zh")) and "支持该类别" in said(
        lime(quarters(), show="all", lang="zh")
    )


def test_nothing_to_show_is_said_and_random_weights_are_stamped() -> None:
    assert "no positive evidence" in said(lime(quarters(-abs(VALUES))))
    assert "RANDOM WEIGHTS" in said(lime(quarters(model=RANDOM)))


def test_what_has_no_superpixels_is_refused() -> None:
    with pytest.raises(BadInput, match="no superpixels"):
        lime(handmade())
    for asked in ({"show": "both"}, {"features": 0}):
        with pytest.raises(BadOption):
            lime(quarters(), **asked)
