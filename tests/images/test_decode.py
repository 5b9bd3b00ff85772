"""Every kind of picture is read rightly, or refused with one line and one hint."""

import contextlib
import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage.data import chelsea

from seewhy.errors import BadInput
from seewhy.images.decode import decode

RED, WHITE = (255, 0, 0), (255, 255, 255)


def read(source, **limits) -> np.ndarray:
    return np.asarray(decode(source, "photo", **limits)[0]).astype(int)


def corners(height=40, width=60) -> Image.Image:
    """Four flat quarters of four colours: any turn or mirroring shows."""
    colours = np.array([[[200, 30, 30], [30, 200, 30]], [[30, 30, 200], [220, 220, 40]]], np.uint8)
    return Image.fromarray(colours.repeat(height // 2, 0).repeat(width // 2, 1))


def saved(image: Image.Image, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


def refusal(source, **limits) -> BadInput:
    with pytest.raises(BadInput) as caught:
        decode(source, source if isinstance(source, str) else "photo", **limits)
    assert caught.value.hint
    assert "\n" not in caught.value.problem + caught.value.hint
    return caught.value


def test_path_bytes_pil_and_array_give_the_same_picture(tmp_path):
    file = tmp_path / "cat.png"
    Image.fromarray(chelsea()).save(file)
    for source in (file, str(file), file.read_bytes(), Image.open(io.BytesIO(file.read_bytes())), chelsea()):
        np.testing.assert_array_equal(read(source), chelsea())


def test_the_digest_is_of_the_files_bytes_or_of_the_pixels(tmp_path):
    file = tmp_path / "cat.png"
    Image.fromarray(chelsea()).save(file)
    of_file = hashlib.sha256(file.read_bytes()).hexdigest()
    assert decode(file, "photo")[1] == decode(file.read_bytes(), "photo")[1] == of_file
    assert decode(chelsea(), "photo")[1] == hashlib.sha256(chelsea().tobytes()).hexdigest()


@pytest.mark.parametrize("file", ["turned.png", "turned.jpg", "turned.tif", "turned.webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_rotated_by_exif_is_turned_upright(tmp_path, orientation, file):
    turns = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"}
    turns |= {6: "ROTATE_90", 7: "TRANSVERSE", 8: "ROTATE_270"}  # what undoes the viewer's turn
    upright = corners(32, 64)
    stored = upright.transpose(Image.Transpose[turns[orientation]]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / file, exif=exif, **({} if file.endswith("tif") else {"quality": 100}))
    assert read(tmp_path / file).shape == (32, 64, 3)
    np.testing.assert_allclose(read(tmp_path / file)[8::16, 16::32], np.asarray(upright)[8::16, 16::32], atol=8)


@pytest.mark.parametrize("file", ["grey.png", "grey.tif", "grey.pgm"])
def test_sixteen_bits_are_scaled_to_eight_not_clipped(tmp_path, file):
    values = np.array([[0, 128, 129, 257], [300, 32768, 65278, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / file)
    expected = np.array([[0, 0, 1, 1], [1, 128, 254, 255]])  # round(v / 257)
    np.testing.assert_array_equal(read(tmp_path / file), np.stack([expected] * 3, -1))


def test_wide_integers_in_the_range_of_sixteen_bits_are_scaled_too():
    image = Image.fromarray(np.array([[0, 257, 65535]], np.int32))
    assert image.mode == "I"
    assert read(image)[0, :, 0].tolist() == [0, 1, 255]


@pytest.mark.parametrize("values", [[-1, 300], [0, 65536], [0, 255]])
def test_integers_whose_range_can_not_be_known_are_refused(values):
    assert f"from {values[0]} to {values[1]}" in refusal(Image.fromarray(np.array([values], np.int32))).problem


def test_sixteen_bit_colour_is_read(tmp_path):
    rows = b"".join(b"\0" + struct.pack(">6H", 65535, 0, 32768, 0, 65535, 257) for _ in range(2))
    chunks = [(b"IHDR", struct.pack(">2I5B", 2, 2, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)
    np.testing.assert_allclose(read(png)[0], [[255, 0, 128], [0, 255, 1]], atol=1)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_one_bit_and_grey_pictures_become_rgb(tmp_path):
    marks = np.array([[0, 255, 0], [255, 255, 0]], np.uint8)
    Image.fromarray(marks).convert("1").save(tmp_path / "bit.png")
    Image.fromarray(marks).save(tmp_path / "grey.png")
    for file in ("bit.png", "grey.png"):
        np.testing.assert_array_equal(read(tmp_path / file), np.stack([marks] * 3, -1))


def test_a_palette_is_looked_up(tmp_path):
    corners().quantize(4).save(tmp_path / "palette.gif")
    with Image.open(tmp_path / "palette.gif") as stored:
        assert stored.mode == "P"
    np.testing.assert_allclose(read(tmp_path / "palette.gif"), np.asarray(corners()), atol=2)


def _half_clear() -> Image.Image:
    """Left: opaque red. Right: transparent, with green hidden under it."""
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:, :2] = (255, 0, 0, 255)
    pixels[:, 2:] = (0, 255, 0, 0)
    return Image.fromarray(pixels)


def test_transparency_is_laid_on_white(tmp_path):
    _half_clear().save(tmp_path / "clear.png")
    for source in (tmp_path / "clear.png", _half_clear(), np.asarray(_half_clear())):
        assert read(source)[0].tolist() == [list(RED)] * 2 + [list(WHITE)] * 2
    half = read(np.array([[[255, 0, 0, 128]]], np.uint8))[0, 0]
    np.testing.assert_allclose(half, [255, 127, 127], atol=1)


def test_transparent_grey_palettes_and_colour_keys_are_laid_on_white(tmp_path):
    grey = Image.fromarray(np.array([[[90, 255], [90, 0]]], np.uint8), "LA")
    assert read(grey)[0].tolist() == [[90] * 3, list(WHITE)]
    key = Image.fromarray(np.array([[RED, (0, 255, 0)]], np.uint8))
    assert read(saved(key, format="PNG", transparency=(0, 255, 0)))[0].tolist() == [list(RED), list(WHITE)]
    palette = key.quantize(2)
    green = palette.getpixel((1, 0))
    assert read(saved(palette, format="PNG", transparency=green))[0].tolist() == [list(RED), list(WHITE)]


def test_cmyk_is_read_in_its_own_colours_also_from_an_adobe_jpeg(tmp_path):
    cmyk = corners().convert("CMYK")
    cmyk.save(tmp_path / "print.tif")
    cmyk.save(tmp_path / "print.jpg", quality=95)
    assert b"Adobe" in (tmp_path / "print.jpg").read_bytes()
    np.testing.assert_array_equal(read(tmp_path / "print.tif"), np.asarray(corners()))
    quarters = read(tmp_path / "print.jpg")[10::20, 15::30]
    np.testing.assert_allclose(quarters, np.asarray(corners())[10::20, 15::30], atol=6)


@pytest.mark.parametrize("file", ["moving.gif", "moving.png", "moving.webp", "moving.tif"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path, file):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("red", "blue", "lime")]
    lossless = {"lossless": True} if file.endswith("webp") else {}
    frames[0].save(tmp_path / file, save_all=True, append_images=frames[1:], **lossless)
    with Image.open(tmp_path / file) as stored:
        assert stored.n_frames == 3
    assert np.unique(read(tmp_path / file).reshape(-1, 3), axis=0).tolist() == [list(RED)]


def test_the_users_picture_is_left_as_it_was():
    image = _half_clear()
    before = image.copy()
    decode(image, "photo")
    assert image == before


def test_arrays_may_be_grey_single_channel_or_strided():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for array in (grey, grey[..., None]):
        np.testing.assert_array_equal(read(array), np.stack([grey] * 3, -1))
    mirrored = chelsea()[::-1, ::-2]
    np.testing.assert_array_equal(read(mirrored), mirrored)


def test_a_missing_file_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.jpg").problem
    assert "downloaded" in refusal("https://example.org/cat.jpg").hint


def test_a_folder_is_refused(tmp_path):
    assert "folder" in refusal(tmp_path).problem


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte.jpg", ""])
def test_names_no_file_can_have_are_refused(name):
    refusal(name)


def test_an_unreadable_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locked.png").write_bytes(saved(corners(), format="PNG"))

    def deny(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", deny)
    assert "Permission denied" in refusal(tmp_path / "locked.png").problem


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.png").touch()
    assert "empty" in refusal(tmp_path / "empty.png").problem
    assert "empty" in refusal(b"").problem


def test_a_file_that_is_no_image_is_refused(tmp_path):
    (tmp_path / "notes.jpg").write_text("these are notes")
    assert "no image" in refusal(tmp_path / "notes.jpg").problem


def test_formats_that_run_programs_are_not_opened(tmp_path):
    corners().save(tmp_path / "page.eps")
    assert "no image" in refusal(tmp_path / "page.eps").problem


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_a_truncated_file_is_refused(tmp_path, kind):
    whole = saved(Image.fromarray(chelsea()), format=kind)
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    refusal(tmp_path / "cut")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP", "JPEG2000"])
def test_a_damaged_file_is_read_or_refused_but_never_crashes(kind):
    rng = np.random.default_rng(0)
    whole = np.frombuffer(saved(corners(), format=kind), np.uint8)
    for _ in range(60):
        damaged = whole.copy()
        damaged[rng.integers(len(whole), size=4)] = rng.integers(256, size=4)
        with contextlib.suppress(BadInput):
            rgb, _ = decode(damaged.tobytes(), "photo", max_pixels=100_000)
            assert rgb.mode == "RGB"


def _png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [8001, 10_000, 30_000])
def test_a_decompression_bomb_is_refused_from_its_header(tmp_path, side, monkeypatch):
    def unpacked(*_):
        raise AssertionError("the pixels were unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpacked)
    (tmp_path / "bomb.png").write_bytes(_png_that_claims(side, side))
    assert "pixels" in refusal(tmp_path / "bomb.png").problem


def test_the_limit_of_pixels_can_be_set():
    assert read(corners(), max_pixels=2400).shape == (40, 60, 3)
    assert "2,399" in refusal(corners(), max_pixels=2399).problem


def test_floating_point_pictures_are_refused(tmp_path):
    Image.fromarray(np.ones((3, 4), np.float32)).save(tmp_path / "float.tif")
    assert "floating-point" in refusal(tmp_path / "float.tif").problem


def test_float_arrays_and_other_types_are_refused():
    assert "float64" in refusal(np.zeros((4, 4, 3))).problem
    assert "int64" in refusal(np.zeros((4, 4, 3), np.int64)).problem
    assert "dict" in refusal({}).problem
    assert "NoneType" in refusal(None).problem


@pytest.mark.parametrize("shape", [(5,), (4, 5, 2), (3, 4, 5), (4, 5, 5), (1, 2, 4, 5, 3)])
def test_wrong_shapes_are_refused(shape):
    assert str(shape) in refusal(np.zeros(shape, np.uint8)).problem


def test_pictures_without_pixels_are_refused():
    for empty in (np.zeros((0, 4, 3), np.uint8), np.zeros((4, 0), np.uint8), Image.new("RGB", (0, 5))):
        assert "no pixels" in refusal(empty).problem


def test_a_corrupt_exif_block_is_passed_over_without_a_warning():
    exif = Image.Exif()
    exif[0x010E] = "a long description of nothing in particular"
    whole = bytearray(saved(corners(), format="JPEG", exif=exif))
    at = whole.index(b"Exif\0\0") + 20
    whole[at : at + 2] = b"\xff\x7f"  # the length of the description
    with pytest.warns(UserWarning, match="larger than file"):
        ImageOps.exif_transpose(Image.open(io.BytesIO(whole)))
    assert read(whole).shape == (40, 60, 3)


def test_the_transposition_is_pils_own():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = Image.open(io.BytesIO(saved(corners(), format="JPEG", exif=exif)))
    np.testing.assert_array_equal(read(turned), np.asarray(ImageOps.exif_transpose(turned)))
