"""Sets of pictures for concepts: textures and colours all over a picture, random ones, and scenes of a class.

`python -m benchmarks.textures.sets FOLDER` writes them as folders that `seewhy concepts` takes.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.textures.fills import CLASSES, fills
from benchmarks.textures.scenes import PERIODS, SIDE, clouds, colours, draw, noisy

TEXTURES = {"stripes": "striped", "dots": "dotted", "checks": "checked"}
CHANNELS = {"red": 0, "green": 1, "blue": 2}
CONCEPTS = (*TEXTURES, *CHANNELS)
CLOUDY = 0.2  # of pictures of no certain texture have none at all
CONTRAST = 0.6


def concept(name: str, n: int, seed: int | Sequence[int]) -> NDArray[np.uint8]:
    """n pictures (n,side,side,3) of a concept: a texture in any colours, or a colour in any texture; "random" is both.

    Every picture leans to red, green or blue, and only which of them tells a colour's pictures from random ones.
    """
    rng = np.random.default_rng(seed)
    classes = rng.integers(len(CLASSES), size=n)
    lead = rng.integers(len(CHANNELS), size=n)
    if name in TEXTURES:
        classes[:] = CLASSES.index(TEXTURES[name])
    if name in CHANNELS:
        lead[:] = CHANNELS[name]
    both, ground = colours(n, rng), clouds(n, rng)
    pixels = fills(classes, both, rng.uniform(*PERIODS, n), SIDE, rng)
    cloudy = rng.random(n) < (0 if name in TEXTURES else CLOUDY)
    pixels[cloudy] = ground[cloudy]
    return noisy(leaning(pixels, lead), rng)


def leaning(pixels: NDArray[np.float32], lead: NDArray[np.int64]) -> NDArray[np.float32]:
    """The same patterns, their contrast less, and one channel of each (n,) lighter."""
    found = CONTRAST * pixels
    found[np.arange(len(lead)), :, :, lead] += 1 - CONTRAST
    return found


def write(folder: Path, n: int = 60, randoms: int = 10, seed: int = 0) -> Path:
    """concepts/NAME, random/00 ... and classes/NAME, of n pictures each."""
    for i, name in enumerate(CONCEPTS):
        _save(concept(name, n, (seed, 1, i)), folder / "concepts" / name)
    for i in range(randoms):
        _save(concept("random", n, (seed, 2, i)), folder / "random" / f"{i:02}")
    for i, name in enumerate(CLASSES):
        _save(draw(n, (seed, 3, i), name).pixels, folder / "classes" / name)
    return folder


def _save(pixels: NDArray[np.uint8], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, one in enumerate(pixels):
        Image.fromarray(one).save(folder / f"{i:03}.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
