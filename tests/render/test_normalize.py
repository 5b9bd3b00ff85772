import numpy as np
import pytest

from seewhy.errors import BadOption
from seewhy.render.normalize import SIGNS, limit, normalize, peak

captum = pytest.importorskip("captum.attr._utils.visualization", reason="needs captum, the oracle")
CAPTUM = {"all": "all", "positive": "positive", "negative": "negative", "absolute": "absolute_value"}


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("outlier_perc", [0, 2, 30])
def test_it_equals_captum(sign: str, outlier_perc: float) -> None:
    values = np.random.default_rng(3).standard_t(2, (37, 53))
    expected = captum._normalize_attr(values, CAPTUM[sign], outlier_perc)
    np.testing.assert_allclose(normalize(values, sign, outlier_perc), expected, atol=1e-7)


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("value", [0.0, 0.5, -0.5, 1e-30])
def test_flat_maps_give_numbers_between_minus_one_and_one(sign: str, value: float) -> None:
    normed = normalize(np.full((4, 5), value, np.float32), sign)
    assert np.isfinite(normed).all()
    assert np.abs(normed).max() in (0, 1)


def test_what_was_not_seen_stays_unseen_and_does_not_count() -> None:
    values = np.random.default_rng(0).normal(size=(20, 20)).astype(np.float32)
    framed = np.full((30, 30), np.nan, np.float32)
    framed[5:25, 5:25] = values
    assert limit(framed, "all") == limit(values, "all")
    assert np.isnan(normalize(framed, "absolute")).sum() == 500


def test_a_map_that_was_seen_nowhere_has_no_limit() -> None:
    assert limit(np.full((3, 3), np.nan, np.float32), "all") == peak(np.full((3, 3), np.nan, np.float32), "all") == 0


def test_a_map_of_one_sign_has_nothing_of_the_other() -> None:
    assert limit(-np.ones((3, 3), np.float32), "positive") == 0
    assert limit(np.ones((3, 3), np.float32), "negative") == 0


def test_an_outlier_is_clipped_and_still_told() -> None:
    values = np.ones((10, 20), np.float32)
    values[3, 4] = 4.0
    assert limit(values, "positive") == 1
    assert peak(values, "positive") == 4


@pytest.mark.parametrize("wrong", [{"sign": "both"}, {"sign": "all", "outlier_perc": 100}])
def test_unknown_signs_and_percentages_are_refused(wrong: dict) -> None:
    with pytest.raises(BadOption):
        limit(np.ones((2, 2), np.float32), **wrong)
