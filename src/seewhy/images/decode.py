"""A file, bytes, a PIL image or an array -> the picture as its owner sees it: upright, 8-bit, RGB."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from seewhy.errors import BadInput, SeewhyError

MAX_PIXELS = 64_000_000
# Photos only: PIL's other readers run programs (EPS) or hide the size of what they unpack (ICO).
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")


def decode(source: Any, what: str, max_pixels: int = MAX_PIXELS) -> tuple[Image.Image, str]:
    """The upright RGB picture and the SHA-256 of its file, or of its pixels where there is no file.

    source: path, bytes, PIL image, or uint8 array HxW, HxWx1, HxWx3 or HxWx4. what: its name in error messages.
    EXIF rotation is applied, 16 bits are scaled to 8, transparency is laid on white, of an animation the first frame
    is taken. Sizes are checked before anything is unpacked; PIL's own `Image.MAX_IMAGE_PIXELS` holds as well.
    Raises BadInput.
    """
    if isinstance(source, str | os.PathLike):
        return _from_file(Path(source), what, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_stream(io.BytesIO(source), what, max_pixels)
    if not isinstance(source, Image.Image | np.ndarray):
        raise BadInput(
            f"{what}: a {type(source).__name__} is no image",
            "pass a path, bytes, a PIL image, a uint8 array HxWx3, a float tensor (b,c,h,w), or a list of these",
        )
    with decoding(what):
        image = _from_array(source, what) if isinstance(source, np.ndarray) else source
        rgb = _upright_rgb(image, what, max_pixels)
    return rgb, hashlib.sha256(rgb.tobytes()).hexdigest()


def _from_file(path: Path, what: str, max_pixels: int) -> tuple[Image.Image, str]:
    try:
        if path.is_dir():
            raise BadInput(f"{what} is a folder, not a photo", "pass the photos in it")
        if not path.is_file():
            fetch = "save the picture to a file first: nothing is downloaded here"
            raise BadInput(f"no such file: {what}", fetch if "://" in what else "check the spelling and the folder")
        with path.open("rb") as stream:
            return _from_stream(stream, what, max_pixels)
    except (OSError, ValueError) as error:
        raise BadInput(f"{what} can't be opened ({_reason(error)})", "check its name and permissions") from error


def _from_stream(stream: io.BytesIO | io.BufferedReader, what: str, max_pixels: int) -> tuple[Image.Image, str]:
    if not stream.seek(0, os.SEEK_END):
        raise BadInput(f"{what} is empty", "save the photo again")
    stream.seek(0)
    with decoding(what):
        rgb = _upright_rgb(Image.open(stream, formats=_readable()), what, max_pixels)
    stream.seek(0)
    return rgb, hashlib.file_digest(stream, "sha256").hexdigest()


def _from_array(array: NDArray[Any], what: str) -> Image.Image:
    if array.dtype != np.uint8:
        raise BadInput(
            f"{what} is an array of {array.dtype}, whose range is unknown",
            "pass uint8 in 0..255 (HxWx3), or a float tensor (b,c,h,w) in [0,1]",
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in (3, 4)):
        raise BadInput(f"{what} is an array of shape {array.shape}", "pass HxWx3 (or HxW grey), channels last")
    return Image.fromarray(array)


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Every way a decoder fails becomes a BadInput; its warnings stay inside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a file that is odd and read nevertheless: nothing a caller can change
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except SeewhyError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise BadInput(f"{what} unpacks to too many pixels", "scale it down first") from error
        except UnidentifiedImageError as error:
            raise BadInput(f"{what} is no image that can be read", "save it as JPEG or PNG") from error
        except Exception as error:  # a broken file makes decoders raise nearly anything
            raise BadInput(f"{what} is broken ({_reason(error)})", "save or download it again") from error


def _upright_rgb(image: Image.Image, what: str, max_pixels: int) -> Image.Image:
    width, height = image.size
    if width * height == 0:
        raise BadInput(f"{what} has no pixels: it is {width}x{height}", "pass at least one pixel")
    if width * height > max_pixels:
        raise BadInput(f"{what} is {width}x{height}, over the limit of {max_pixels:,} pixels", "scale it down first")
    return _eight_bit_rgb(ImageOps.exif_transpose(image), what)


def _eight_bit_rgb(image: Image.Image, what: str) -> Image.Image:
    if image.mode == "F":
        raise BadInput(f"{what} holds floating-point numbers, whose range is unknown", "save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = Image.fromarray(_from_sixteen_bits(image, what))
    elif image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _from_sixteen_bits(image: Image.Image, what: str) -> NDArray[np.uint8]:
    values = np.asarray(image)
    low, high = int(values.min()), int(values.max())
    # PIL's "I" is 32 bits wide: small numbers there may as well be 8 bits as 16, so neither is guessed.
    if image.mode == "I" and not (low >= 0 and 255 < high <= 65535):
        raise BadInput(f"{what} holds whole numbers from {low} to {high}: no 16 bits", "save it with 8 or 16 bits")
    return np.rint(values / 257).astype(np.uint8)


def _readable() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _reason(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(reason.split()) or type(error).__name__
