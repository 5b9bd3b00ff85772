from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from seewhy.geometry import Geometry
from seewhy.images.fit import fit
from seewhy.types import Preprocess


def test_a_map_over_the_whole_picture_is_resized_bilinearly() -> None:
    maps = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    placed = Geometry.identity(12, 20).place(maps)
    wanted = F.interpolate(torch.from_numpy(maps)[:, None], size=(12, 20), mode="bilinear")[:, 0].numpy()
    np.testing.assert_allclose(placed, wanted, atol=1e-6)


def test_a_map_at_the_pictures_own_size_stays_as_it_is() -> None:
    maps = np.random.default_rng(0).normal(size=(1, 5, 7)).astype(np.float32)
    assert np.array_equal(Geometry.identity(5, 7).place(maps), maps)


def test_what_a_centre_crop_left_out_is_nan() -> None:
    geometry = Geometry(original=(10, 20), input=(10, 10), scale=(1, 1), offset=(0, -5))
    placed = geometry.place(np.ones((1, 2, 2), np.float32))[0]
    assert np.isnan(placed[:, :5]).all() and np.isnan(placed[:, 15:]).all()
    assert (placed[:, 5:15] == 1).all()
    assert np.array_equal(geometry.seen(), ~np.isnan(placed))


def test_scale_and_offset_move_a_marker_where_it_belongs() -> None:
    geometry = Geometry(original=(30, 60), input=(20, 20), scale=(2 / 3, 2 / 3), offset=(0, -10))
    maps = np.zeros((1, 20, 20), np.float32)
    maps[0, 4, 15] = 1  # input (4.5, 15.5) is original (6.75, 38.25)
    row, column = np.unravel_index(np.nanargmax(geometry.place(maps)[0]), (30, 60))
    assert (row, column) == (6, 38)


@pytest.mark.parametrize("mode", ["crop", "squash", "pad"])
def test_labels_of_a_photo_are_taken_as_its_pixels_are(mode: Any) -> None:
    """Pillow's own nearest neighbour, cut out as photos are."""
    labels = np.arange(37 * 53, dtype=np.int32).reshape(37, 53)
    asked = Preprocess((0.5,), (0.5,), (20, 24), mode=mode)
    photo = Image.fromarray(np.zeros((37, 53), np.uint8)).convert("RGB")
    geometry = fit(photo, asked, "photo", 10**6)[1]
    resized = tuple(round(side * scale) for side, scale in zip((37, 53), geometry.scale, strict=True))
    wanted = np.asarray(Image.fromarray(labels + 1).resize(resized[::-1], Image.Resampling.NEAREST))
    top, left = (round(-one) for one in geometry.offset)
    cut = np.zeros((20, 24), np.int32)
    for row in range(20):
        for column in range(24):
            if 0 <= row + top < resized[0] and 0 <= column + left < resized[1]:
                cut[row, column] = wanted[row + top, column + left]
    assert (cut == 0).any() == (mode == "pad")
    assert np.array_equal(geometry.taken(labels), cut - 1)


def test_labels_take_the_cell_a_pixel_lies_in() -> None:
    labels = np.arange(12).reshape(3, 4)
    twice = Geometry((6, 8), (3, 4), (0.5, 0.5)).nearest(labels)
    assert np.array_equal(twice, labels.repeat(2, 0).repeat(2, 1))
    cropped = Geometry((3, 6), (3, 4), (1.0, 1.0), (0.0, -1.0)).nearest(labels[None])
    assert np.array_equal(cropped[0, :, 1:5], labels) and (cropped[0][:, [0, 5]] == -1).all()
    halved = Geometry((2, 2), (4, 4), (2.0, 2.0)).nearest(np.arange(16).reshape(4, 4))
    assert halved.tolist() == [[5, 7], [13, 15]]
