"""Many photos one after the other, decoded by other threads while whoever asks works on those before."""

import io
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from PIL import Image

from seewhy.errors import SeewhyError
from seewhy.geometry import Geometry
from seewhy.images.batch import load
from seewhy.types import Pixels, Preprocess

WORKERS = 8  # at most, unless more are asked for


@dataclass(frozen=True, eq=False)
class Decoded:
    """A photo's input (1,c,h,w), without the photo, or why there is none. thumb: a small WebP, where asked for."""

    number: int
    name: str
    pixels: Pixels | None = None
    geometry: Geometry | None = None
    thumb: bytes = b""
    error: SeewhyError | None = None


def decoded(
    sources: Sequence[Any], preprocess: Preprocess, *, thumb: int = 0, ahead: int = 32, workers: int | None = None
) -> Iterator[Decoded]:
    """Each of the sources in order, at most `ahead` of them decoded before they are asked for.

    sources: whatever `load` takes. thumb: pixels of its longer side; 0 for none. workers: threads, default a core each.
    """
    count = workers or min(WORKERS, os.cpu_count() or 1)
    waiting: deque[Future[Decoded]] = deque()
    with ThreadPoolExecutor(count, "decode") as pool:
        try:
            for number, source in enumerate(sources):
                waiting.append(pool.submit(one_decoded, number, source, preprocess, thumb))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def one_decoded(number: int, source: Any, preprocess: Preprocess, thumb: int = 0) -> Decoded:
    """The number-th of the sources."""
    path = isinstance(source, str | os.PathLike)
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else f"image-{number}"
    try:
        pixels, photo = load(source, preprocess, name="" if path else name)
    except SeewhyError as error:
        return Decoded(number, name, error=error)
    small = thumbnail(Image.fromarray(photo.pixels), thumb) if thumb else b""
    return Decoded(number, name, pixels, photo.geometry, small)


def thumbnail(image: Image.Image, side: int) -> bytes:
    """At most so many pixels wide and high, as WebP."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=1.5)
    held = io.BytesIO()
    small.save(held, "WEBP", quality=78, method=1)
    return held.getvalue()


def stem(name: str) -> str:
    """A file's name without its folder."""
    return PurePath(name).name
