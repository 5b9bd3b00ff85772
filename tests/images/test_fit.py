"""Bit for bit what torchvision and timm do, and every pixel where Geometry says it is."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea, coffee
from timm.data import create_transform
from timm.data.transforms import CenterCropOrPad, ResizeKeepRatio
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from seewhy.errors import BadInput
from seewhy.images.fit import fit as fit_photo
from seewhy.types import Preprocess

HALF = (0.5, 0.5, 0.5)
PHOTOS = pytest.mark.parametrize("photo", [chelsea(), coffee(), chelsea().swapaxes(0, 1)], ids=["cat", "cup", "tall"])


def fit(photo, max_pixels=64_000_000, mean=HALF, **preprocess):
    return fit_photo(Image.fromarray(photo), Preprocess(mean, mean, **preprocess), "photo", max_pixels)


def torchvisions(photo, resize, size, interpolation="bilinear"):
    steps = [transforms.Resize(resize, InterpolationMode(interpolation)), transforms.CenterCrop(size)]
    return transforms.Compose([*steps, transforms.ToTensor()])(Image.fromarray(photo))[None]


def timms(photo, size, **options):
    plain = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
    return create_transform((3, *size), **plain, **options)(Image.fromarray(photo))[None]


@PHOTOS
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize(("resize", "size"), [(256, (224, 224)), (232, (224, 224)), (235, (97, 160)), (64, (90, 101))])
def test_crop_equals_torchvision(photo, resize, size, interpolation):
    x, _ = fit(photo, resize=resize, size=size, interpolation=interpolation)
    assert torch.equal(x, torchvisions(photo, resize, size, interpolation))


@PHOTOS
@pytest.mark.parametrize("side", [32, 97, 224])
def test_without_resize_a_square_is_just_covered_as_torchvision_does(photo, side):
    x, _ = fit(photo, size=(side, side))
    assert torch.equal(x, torchvisions(photo, side, (side, side)))


@PHOTOS
def test_the_default_configuration_equals_timm(photo):
    x, _ = fit(photo, resize=256, size=(224, 224), interpolation="bicubic")
    assert torch.equal(x, timms(photo, (224, 224), interpolation="bicubic", crop_pct=0.875))


@PHOTOS
@pytest.mark.parametrize("size", [(97, 160), (160, 97)])
def test_a_size_that_is_not_square_equals_timm(photo, size):
    x, _ = fit(photo, size=size, interpolation="bicubic")
    assert torch.equal(x, timms(photo, size, interpolation="bicubic", crop_pct=1.0))
    cover = tuple(int(length / 0.875) for length in size)
    x, _ = fit(photo, resize=cover, size=size, interpolation="bicubic")
    assert torch.equal(x, timms(photo, size, interpolation="bicubic", crop_pct=0.875))


@PHOTOS
def test_squash_equals_torchvision_and_timm(photo):
    x, _ = fit(photo, size=(97, 160), mode="squash")
    assert torch.equal(x, torchvisions(photo, (97, 160), (97, 160)))
    x, _ = fit(photo, resize=256, size=(224, 224), mode="squash", interpolation="bicubic")
    assert torch.equal(x, timms(photo, (224, 224), interpolation="bicubic", crop_pct=0.875, crop_mode="squash"))


@PHOTOS
@pytest.mark.parametrize("size", [(224, 224), (97, 160), (160, 33)])
def test_pad_equals_timms_resize_of_the_longest_side(photo, size):
    x, _ = fit(photo, size=size, mode="pad")
    steps = [ResizeKeepRatio(size, longest=1.0), CenterCropOrPad(size, fill=0), transforms.ToTensor()]
    assert torch.equal(x, transforms.Compose(steps)(Image.fromarray(photo))[None])


def test_random_sizes_equal_torchvision():
    rng = np.random.default_rng(3)
    for _ in range(60):
        photo = rng.integers(256, size=(*rng.integers(1, 70, size=2), 3), dtype=np.uint8)
        resize, *size = (int(n) for n in rng.integers(1, 60, size=3))
        x, geometry = fit(photo, resize=resize, size=tuple(size))
        assert torch.equal(x, torchvisions(photo, resize, size))
        assert (geometry.original, geometry.input) == (photo.shape[:2], x.shape[2:])


def test_without_a_size_the_photo_comes_as_it_is():
    x, geometry = fit(chelsea(), resize=100)
    assert torch.equal(x, transforms.ToTensor()(chelsea())[None])
    assert (geometry.scale, geometry.offset) == ((1, 1), (0, 0))


def test_one_mean_asks_for_grey():
    x, _ = fit(chelsea(), mean=(0.5,), size=(28, 28))
    steps = [transforms.Grayscale(), transforms.Resize(28), transforms.CenterCrop(28), transforms.ToTensor()]
    assert torch.equal(x, transforms.Compose(steps)(Image.fromarray(chelsea()))[None])


def test_a_network_of_other_channels_takes_no_photos():
    with pytest.raises(BadInput, match="4 channels"):
        fit(chelsea(), mean=(0.5,) * 4)


@pytest.mark.parametrize("shape", [(1, 300, 3), (300, 1, 3)])
def test_a_thin_line_is_still_a_line_when_padded(shape):
    x, _ = fit(np.full(shape, 255, np.uint8), size=(32, 32), mode="pad")
    assert x[0, 0].sum() == 32


def test_a_photo_so_long_that_resizing_explodes_is_refused():
    with pytest.raises(BadInput, match="224x11200000"):
        fit(np.zeros((50_000, 1, 3), np.uint8), size=(224, 224))


@pytest.mark.parametrize("mode", ["crop", "squash", "pad"])
@pytest.mark.parametrize(("original", "size"), [((90, 161), (56, 56)), ((161, 90), (56, 84)), ((40, 33), (84, 56))])
@pytest.mark.parametrize("at", [(0.5, 0.5), (0.1, 0.2), (0.15, 0.9), (0.85, 0.1), (0.9, 0.8)])
def test_a_marker_lands_where_geometry_says_and_its_cell_is_placed_back_on_it(mode, original, size, at):
    photo = np.zeros((*original, 3), np.uint8)
    seen = fit(photo, size=size, mode=mode)[1].seen()
    row, column = (int(np.quantile(np.flatnonzero(seen.any(axis)), at[1 - axis])) for axis in (1, 0))
    photo[row, column] = 255
    x, geometry = fit(photo, size=size, mode=mode)

    lands = np.array([row + 0.5, column + 0.5]) * geometry.scale + geometry.offset
    light = x[0, 0].double().numpy()
    rows, columns = (np.arange(length) + 0.5 for length in size)
    centre = np.array([light.sum(1) @ rows, light.sum(0) @ columns]) / light.sum()
    assert np.abs(centre - lands).max() < 0.3

    cells = np.zeros((8, 7), np.float32)
    peak = np.unravel_index(light.argmax(), light.shape)
    cells[tuple(np.array(peak) * cells.shape // size)] = 1
    placed = geometry.place(cells)
    hottest = np.array(np.unravel_index(np.nanargmax(placed), placed.shape))
    cell = np.array(size) / cells.shape / geometry.scale
    assert placed[row, column] > 0.2  # a quarter at the corner of a cell
    assert (np.abs(hottest - [row, column]) <= cell).all()


@pytest.mark.parametrize("mode", ["crop", "squash", "pad"])
def test_what_geometry_calls_seen_is_what_reaches_the_input(mode):
    photo = np.full((20, 30, 3), 255, np.uint8)
    _, geometry = fit(photo, size=(16, 16), mode=mode)
    for row, column in [(0, 0), (10, 1), (10, 15), (19, 29), (2, 27)]:
        dark = photo.copy()
        dark[row, column] = 0
        changed = not torch.equal(fit(dark, size=(16, 16), mode=mode)[0], fit(photo, size=(16, 16), mode=mode)[0])
        assert changed == geometry.seen()[row, column]
