"""Superpixels: those of scikit-image, of a function, of labels; numbered without gaps; refused where there are none."""

from typing import Any

import numpy as np
import pytest
import skimage.segmentation as peer
import torch
from torch import Tensor

from seewhy import SeewhyError
from seewhy.ops.segments import superpixels
from seewhy.rng import Rng


@pytest.fixture(scope="module")
def photo(chelsea: np.ndarray) -> Tensor:
    return torch.from_numpy(chelsea[60:124, 120:200] / 255).permute(2, 0, 1)[None].float()


def cut(asked: Any, x: Tensor, seed: int = 0) -> Any:
    return superpixels(asked, x, Rng.for_images(seed, x)).numpy()


def same_parts(a: Any, b: Any) -> bool:
    """Whether two label images are one to one."""
    pairs = {*zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)}
    return len(pairs) == len(np.unique(a)) == len(np.unique(b))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("slic", lambda picture: peer.slic(picture, n_segments=100, compactness=10)),
        ("slic:n_segments=20,sigma=1", lambda picture: peer.slic(picture, n_segments=20, compactness=10, sigma=1)),
        (("slic:n_segments=20", "sigma=1"), lambda picture: peer.slic(picture, n_segments=20, compactness=10, sigma=1)),
        ("felzenszwalb", lambda picture: peer.felzenszwalb(picture, scale=100, sigma=0.5, min_size=50)),
        (
            "felzenszwalb: scale=30, min_size=20",
            lambda picture: peer.felzenszwalb(picture, scale=30, sigma=0.5, min_size=20),
        ),
        ("quickshift:ratio=0.5,max_dist=20", lambda picture: peer.quickshift(picture, 0.5, 4, 20)),
        ("quickshift", lambda picture: peer.quickshift(picture, 0.2, 4, 200)),
    ],
)
def test_they_are_those_of_scikit_image_from_0_on(photo: Tensor, asked: Any, wanted: Any) -> None:
    found = cut(asked, photo)[0]
    assert found.dtype == np.int64 and set(np.unique(found)) == set(range(found.max() + 1))
    assert same_parts(found, wanted(photo[0].permute(1, 2, 0).double().numpy()))


def test_no_superpixel_of_slic_is_left_out(photo: Tensor) -> None:
    """Its labels begin with 1, and who counts from 0 to their number misses the last."""
    labels = peer.slic(photo[0].permute(1, 2, 0).double().numpy(), n_segments=20)
    assert labels.min() == 1 and (np.unique(cut(labels, photo)) == np.arange(labels.max())).all()


def test_the_seed_and_the_photo_alone_decide(photo: Tensor) -> None:
    x = torch.cat([photo, photo.flip(3)])
    for asked in ("quickshift", "slic", "felzenszwalb", "grid"):
        both = cut(asked, x)
        assert np.array_equal(both, cut(asked, x)) and np.array_equal(both[1:], cut(asked, x[1:]))


@pytest.mark.parametrize(
    ("asked", "count"), [("grid", 49), ("grid:number=3", 9), ("grid:cell=16", 20), ("grid:cell=30", 9)]
)
def test_a_grid_has_cells_of_a_size_or_a_number_of_them(photo: Tensor, asked: str, count: int) -> None:
    found = cut(asked, photo)[0]
    assert found.max() + 1 == count and found[0, 0] == 0 and found[-1, -1] == count - 1
    assert (np.diff(found, axis=0) >= 0).all() and (np.diff(found, axis=1) >= 0).all()


def test_any_integers_are_labels(photo: Tensor) -> None:
    x = torch.cat([photo, photo])
    one = np.array([-5, 1000])[(np.arange(64)[:, None] + np.arange(80)) % 2]
    for given in (one, torch.from_numpy(one), one.astype(float), one == 1000, one[None], np.stack([one, one])):
        assert np.array_equal(cut(given, x), np.stack([one == 1000] * 2))
    two = np.stack([one, np.arange(64)[:, None] // 16 + 0 * np.arange(80)])
    assert cut(two, x).max((1, 2)).tolist() == [1, 3]


def test_a_function_sees_the_picture(photo: Tensor) -> None:
    seen = []

    def halves(picture: Any) -> Any:
        seen.append(picture)
        return picture.mean(2) > 0.5

    found = cut(halves, photo)
    assert seen[0].shape == (64, 80, 3) and seen[0].dtype == np.float64 and 0 <= seen[0].min() < seen[0].max() <= 1
    assert np.array_equal(found[0] == 1, seen[0].mean(2) > 0.5)
    grey = cut(halves, photo[:, :1])
    assert grey.shape == (1, 64, 80) and np.array_equal(seen[1][..., 0], seen[1][..., 2])


def test_the_picture_stays_as_it_was(photo: Tensor) -> None:
    before = photo.clone()

    def spoils(picture: Any) -> Any:
        picture[:32] = 0
        return np.arange(64)[:, None] // 8 + 0 * picture[..., 0].astype(int)

    cut(spoils, photo.double())
    cut(spoils, photo)
    assert torch.equal(before, photo)


def fails(picture: Any) -> Any:
    raise RuntimeError("no idea")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("voronoi", "voronoi"),
        ("slic:pieces=4", "pieces"),
        ("slic:n_segments", "n_segments"),
        ("slic:n_segments=many", "many"),
        ("slic:n_segments=2.5", "2.5"),
        ("slic:n_segments=1", "n_segments"),
        ("quickshift:ratio=2", "ratio"),
        (7, "segments=7"),
        (None, "segments=None"),
        ([], "segments"),
        (np.zeros((64, 80), int), "single superpixel"),
        (np.zeros((80, 64), int), "segments"),
        (np.zeros((3, 64, 80), int), "segments"),
        (np.arange(64 * 80).reshape(64, 80) / 2, "no integers"),
        (np.full((64, 80), np.nan), "no integers"),
        (lambda picture: np.zeros((3, 3), int), "segments"),
        (lambda picture: picture[..., 0] > 2, "single superpixel"),
        (fails, "fails failed: RuntimeError: no idea"),
    ],
)
def test_what_is_no_superpixels_is_refused(photo: Tensor, asked: Any, problem: str) -> None:
    with pytest.raises(SeewhyError, match=problem) as raised:
        cut(asked, photo)
    assert raised.value.hint
