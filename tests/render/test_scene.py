import numpy as np
import pytest

from handmade import CAT, CROP, handmade, plain
from seewhy.errors import BadInput
from seewhy.geometry import Geometry
from seewhy.render.scene import frame, scene, smaller


def test_a_photo_that_fits_is_drawn_as_it_is() -> None:
    explanation = handmade()
    drawn = scene(explanation)
    assert drawn.photo is CAT
    np.testing.assert_array_equal(drawn.heat, explanation.heatmap()[0])


def test_a_large_photo_is_drawn_smaller_with_its_map_still_in_place() -> None:
    explanation = handmade()
    drawn = scene(explanation, longest=120)
    assert drawn.photo.shape == (80, 120, 3)
    full = explanation.heatmap()[0]
    top = np.array(np.unravel_index(np.nanargmax(drawn.heat), drawn.heat.shape)) * 300 / 80
    assert np.abs(top - np.unravel_index(np.nanargmax(full), full.shape)).max() < 5
    assert np.isnan(drawn.heat).mean() == pytest.approx(np.isnan(full).mean(), abs=0.03)


def test_the_frame_is_what_the_geometry_saw() -> None:
    left, top, right, bottom = frame(CROP)
    seen = CROP.seen()
    rows, columns = seen.any(1).nonzero()[0], seen.any(0).nonzero()[0]
    assert (rows[0], rows[-1] + 1) == (round(top), round(bottom))
    assert (columns[0], columns[-1] + 1) == (round(left), round(right))


def test_a_photo_seen_whole_has_no_frame() -> None:
    assert frame(Geometry.identity(30, 40)) is None
    assert frame(Geometry((30, 40), (64, 64), (1.0, 1.0), (17.0, 12.0))) is None


def test_a_line_of_pixels_can_shrink() -> None:
    thin = handmade(pixels=plain(1, 4000, 9, 9, 9)).photos[0]
    assert smaller(thin, 100).pixels.shape == (1, 100, 3)


def test_a_batch_is_refused_with_the_way_out() -> None:
    two = handmade(
        values=np.ones((2, 1, 3, 3)), photos=handmade().photos * 2, classes=(1, 2), labels=("a", "b"),
        predictions=handmade().predictions * 2, scores=np.ones(2, np.float32),
    )  # fmt: skip
    with pytest.raises(BadInput, match="for one in explanation"):
        scene(two)
    assert scene(two[1]).heat.shape == (300, 451)
