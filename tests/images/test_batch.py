"""What users pass becomes batches with the pictures they were cut from."""

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea, coffee

from seewhy.errors import BadInput
from seewhy.images import load, load_all
from seewhy.types import Preprocess

SMALL = Preprocess((0.5,) * 3, (0.5,) * 3, (24, 32))


@pytest.fixture
def x():
    return torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))


def test_a_file_is_called_by_its_name_and_keeps_its_pixels(tmp_path):
    file = tmp_path / "my cat.png"
    Image.fromarray(chelsea()).save(file)
    x, photo = load(file, SMALL)
    assert (x.shape, x.dtype) == ((1, 3, 24, 32), torch.float32)
    assert photo.name == "my cat"
    np.testing.assert_array_equal(photo.pixels, chelsea())
    assert photo.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert photo.geometry.original == (300, 451)
    assert load(file, SMALL, name="tom")[1].name == "tom"


def test_the_photo_does_not_change_with_the_users_array():
    array = chelsea()
    _, photo = load(array, SMALL)
    array[:] = 0
    np.testing.assert_array_equal(photo.pixels, chelsea())


def test_one_image_is_one_batch_of_one():
    (batch,) = load_all(chelsea(), SMALL)
    assert (len(batch.pixels), batch.photos[0].name) == (1, "image")


def test_a_list_of_one_size_is_one_batch_in_order():
    (batch,) = load_all([chelsea(), Image.fromarray(chelsea()[::-1])], SMALL)
    assert torch.equal(batch.pixels[:1], load(chelsea(), SMALL)[0])
    assert torch.equal(batch.pixels[1:], load(chelsea()[::-1], SMALL)[0])
    assert [photo.name for photo in batch.photos] == ["image-0", "image-1"]


def test_a_list_of_different_sizes_is_a_batch_an_image_in_order():
    batches = load_all((chelsea(), coffee(), chelsea()), SMALL)
    assert [batch.photos[0].pixels.shape[:2] for batch in batches] == [(300, 451), (400, 600), (300, 451)]
    assert all(batch.pixels.shape == (1, 3, 24, 32) for batch in batches)


def test_a_uint8_batch_is_one_batch():
    array = np.stack([chelsea(), chelsea()[:, ::-1]])
    (batch,) = load_all(array, SMALL)
    assert batch.pixels.shape == (2, 3, 24, 32)
    assert torch.equal(batch.pixels[1:], load(array[1], SMALL)[0])


def test_a_float_tensor_is_taken_as_it_is(x):
    (batch,) = load_all(x, SMALL)
    assert torch.equal(batch.pixels, x)
    assert [photo.name for photo in batch.photos] == ["image-0", "image-1"]
    assert batch.photos[1].geometry.scale == (1, 1)
    np.testing.assert_allclose(batch.photos[1].pixels / 255, x[1].permute(1, 2, 0), atol=0.5 / 255 + 1e-6)
    assert batch.photos[0].sha256 == hashlib.sha256(x[0].numpy().tobytes()).hexdigest()


def test_a_tensor_of_one_image_needs_no_batch_axis(x):
    pixels, photo = load(x[0], SMALL)
    assert torch.equal(pixels, x[:1])
    assert photo.name == "image"
    assert torch.equal(load_all([x[0], x[1]], SMALL)[0].pixels, x)


def test_doubles_stay_doubles_and_halves_become_floats(x):
    assert torch.equal(load_all(x.double(), SMALL)[0].pixels, x.double())
    assert load_all(x.double(), SMALL)[0].pixels.dtype == torch.float64
    for half in (torch.float16, torch.bfloat16):
        assert load_all(x.to(half), SMALL)[0].pixels.dtype == torch.float32


def test_the_tensor_leaves_the_users_graph_and_inference_mode(x):
    tracked = x.requires_grad_()
    assert not load_all(tracked * 0.5, SMALL)[0].pixels.requires_grad
    with torch.inference_mode():
        made = torch.rand(1, 3, 4, 4)
    taken = load_all(made, SMALL)[0].pixels.requires_grad_()
    (taken**2).sum().backward()
    assert taken.grad is not None


def test_grey_and_many_channelled_tensors_are_drawn_in_grey():
    for channels in (1, 4):
        x = torch.rand(1, channels, 5, 6)
        _, photo = load(x, Preprocess((0.5,) * channels, (0.5,) * channels))
        assert photo.pixels.shape == (5, 6, 3)
        expected = np.rint(x[0].mean(0).numpy() * 255)
        assert np.abs(photo.pixels - expected[..., None]).max() <= 1


@pytest.mark.parametrize(
    ("change", "problem", "hint"),
    [
        (lambda x: x * 4 - 2, "outside", "normalised"),
        (lambda x: x + 0.5, "outside", "normalised"),
        (lambda x: x * 255, "outside", "divide by 255"),
        (lambda x: torch.where(x > 0.5, torch.nan, x), "NaN", "finite"),
        (lambda x: torch.where(x > 0.5, torch.inf, x), "NaN or infinite", "finite"),
        (lambda x: (x * 255).byte(), "uint8", "255"),
        (lambda x: x.permute(0, 2, 3, 1), r"\(2, 5, 7, 3\)", r"\(b,3,h,w\)"),
        (lambda x: x[:, :1], r"\(2, 1, 5, 7\)", r"\(b,3,h,w\)"),
        (lambda x: x[0, 0], r"\(5, 7\)", r"\(b,3,h,w\)"),
        (lambda x: x[:0], "no pixels", "one image"),
    ],
)
def test_tensors_that_are_no_pixels_are_refused(x, change, problem, hint):
    with pytest.raises(BadInput, match=problem) as caught:
        load_all(change(x), SMALL)
    with pytest.raises(BadInput, match=hint):
        raise caught.value


def test_the_ends_of_the_range_are_pixels():
    assert load_all(torch.tensor([0.0, 1.0]).expand(1, 3, 1, 2), SMALL)[0].pixels.max() == 1


def test_a_batch_where_one_image_is_asked_for_is_refused(x):
    with pytest.raises(BadInput, match="batch of 2"):
        load(x, SMALL)
    with pytest.raises(BadInput, match="shape"):
        load(np.zeros((2, 4, 5, 3), np.uint8), SMALL)


def test_nothing_to_load_is_refused():
    for nothing in ([], (), np.zeros((0, 4, 4, 3), np.uint8)):
        with pytest.raises(BadInput, match="no image"):
            load_all(nothing, SMALL)


def test_float_arrays_are_refused_with_the_way_out():
    with pytest.raises(BadInput, match="float tensor"):
        load_all(np.zeros((2, 4, 4, 3), np.float32), SMALL)


def test_the_bad_one_of_a_list_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"none\.jpg"):
        load_all([chelsea(), tmp_path / "none.jpg"], SMALL)
    with pytest.raises(BadInput, match="image-1"):
        load_all([chelsea(), np.zeros(3, np.uint8)], SMALL)


def test_an_empty_name_is_named_in_the_refusal():
    with pytest.raises(BadInput, match=r"^''"):
        load("", SMALL)


def test_the_limit_of_pixels_holds_for_each_image():
    with pytest.raises(BadInput, match="limit"):
        load_all([chelsea()], SMALL, max_pixels=1000)


def test_a_batch_that_was_loaded_is_taken_as_it_is():
    (batch,) = load_all(chelsea(), SMALL)
    (again,) = load_all(batch, SMALL)
    assert torch.equal(again.pixels, batch.pixels) and again.photos == batch.photos
    again.pixels.requires_grad_()
    assert not batch.pixels.requires_grad
