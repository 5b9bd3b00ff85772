import numpy as np

from handmade import plain
from seewhy.render.colors import table
from seewhy.render.overlay import heat, overlay


def test_no_evidence_leaves_a_dark_photo_dark() -> None:
    photo = plain(4, 5, 51, 51, 51)
    assert (overlay(photo, np.zeros((4, 5), np.float32), "inferno", "positive") == photo).all()


def test_the_share_of_colour_grows_with_the_value() -> None:
    photo = plain(1, 3, 0, 0, 255)
    normed = np.array([[0.0, 0.5, 1.0]], np.float32)
    mixed = overlay(photo, normed, "gray", "positive", alpha=0.5)
    assert mixed[0].tolist() == [[0, 0, 255], [32, 32, 223], [128, 128, 255]]


def test_without_fading_every_seen_pixel_has_the_same_share() -> None:
    photo = plain(1, 3, 200, 100, 0)
    normed = np.array([[0.0, 1.0, np.nan]], np.float32)
    mixed = overlay(photo, normed, "gray", "positive", alpha=0.5, fade=False)
    assert mixed[0].tolist() == [[100, 50, 0], [228, 178, 128], [200, 100, 0]]


def test_evidence_against_shows_as_much_as_evidence_for() -> None:
    photo = plain(1, 2, 100, 100, 100)
    mixed = overlay(photo, np.array([[-1.0, 1.0]], np.float32), "bwr", "all", alpha=1.0)
    assert mixed[0, 0, 2] > 250
    assert mixed[0, 1, 0] > 250


def test_the_map_alone_has_exact_colours_and_fades_what_was_not_seen() -> None:
    photo = plain(1, 2, 255, 0, 0)
    alone = heat(photo, np.array([[1.0, np.nan]], np.float32), "inferno", "positive")
    assert (alone[0, 0] == table("inferno")[255]).all()
    assert alone[0, 1].tolist() == [255, 191, 191]
