"""Files of labels: read as they are, laid on the input as the photo is, refused where they hold none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seewhy import SeewhyError
from seewhy.geometry import Geometry
from seewhy.images import on_input, read_labels

LABELS = np.arange(12).reshape(3, 4) * 20


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("a.png", LABELS.astype(np.uint8)),
        ("a.tif", (LABELS * 300).astype(np.uint16)),
        ("a.tif", (LABELS - 90).astype(np.int32)),
        ("a.png", LABELS > 90),
        ("a.npy", LABELS - 10**12),
        ("a.npy", LABELS.astype(float)),
        ("a.NPY", LABELS > 90),
    ],
)
def test_labels_are_the_numbers_in_the_file(tmp_path: Path, name: str, labels: np.ndarray) -> None:
    if name.lower().endswith("npy"):
        with (tmp_path / name).open("wb") as stream:
            np.save(stream, labels)
    else:
        Image.fromarray(labels).save(tmp_path / name)
    found = read_labels(str(tmp_path / name))
    assert found.dtype == np.int64 and np.array_equal(found, labels.astype(np.int64))


def test_labels_of_a_palette_are_its_numbers(tmp_path: Path) -> None:
    image = Image.fromarray(LABELS.astype(np.uint8), "L").convert("P")
    image.putpalette([7] * 768)  # all of one colour
    image.save(tmp_path / "a.png")
    assert np.array_equal(read_labels(str(tmp_path / "a.png")), LABELS)


def test_what_holds_no_labels_is_refused(tmp_path: Path) -> None:
    colours = Image.fromarray(np.zeros((3, 4, 3), np.uint8))
    for name in ("rgb.png", "losses.jpg"):
        (colours if name == "rgb.png" else colours.convert("L")).save(tmp_path / name)
    np.save(tmp_path / "halves.npy", LABELS / 40)
    np.save(tmp_path / "nan.npy", np.full((3, 4), np.nan))
    np.save(tmp_path / "deep.npy", LABELS[None])
    np.save(tmp_path / "objects.npy", np.array([object()]), allow_pickle=True)
    (tmp_path / "text.npy").write_text("no array")
    for name, problem in (
        ("rgb.png", "in colours"),
        ("losses.jpg", "no image that can be read"),
        ("halves.npy", "no labels"),
        ("nan.npy", "no labels"),
        ("deep.npy", "no labels"),
        ("objects.npy", "broken"),
        ("text.npy", "broken"),
        ("nowhere.png", "no such file"),
    ):
        with pytest.raises(SeewhyError, match=problem) as raised:
            read_labels(str(tmp_path / name))
        assert raised.value.hint
    Image.fromarray(LABELS.astype(np.uint8)).save(tmp_path / "big.png")
    with pytest.raises(SeewhyError, match="limit"):
        read_labels(str(tmp_path / "big.png"), max_pixels=11)


def test_labels_are_of_the_photo_or_of_the_input() -> None:
    geometry = Geometry((6, 8), (3, 2), (0.5, 0.5), (0.0, -1.0))
    of_photo = np.arange(48).reshape(6, 8)
    assert on_input(of_photo, geometry).tolist() == [[11, 13], [27, 29], [43, 45]]
    of_input = np.arange(6).reshape(3, 2)
    assert on_input(of_input, geometry) is of_input
    with pytest.raises(SeewhyError, match="labels 8 x 6 for a photo 6 x 8 and an input 3 x 2"):
        on_input(of_photo.T, geometry)
    cropped = Geometry((4, 4), (4, 4), (2.0, 2.0), (-2.0, -2.0))  # as large as the photo, whose labels they are
    assert on_input(np.arange(16).reshape(4, 4), cropped).tolist() == [[5, 5, 6, 6]] * 2 + [[9, 9, 10, 10]] * 2
