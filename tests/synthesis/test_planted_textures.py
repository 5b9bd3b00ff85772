"""On a network of known knowledge: a class's picture has the class's texture, and features bring the shape back."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.textures.fills import CLASSES
from benchmarks.textures.network import load
from benchmarks.textures.scenes import PERIODS, draw
from seewhy import Model, predict
from seewhy.synthesis import invert, visualize
from seewhy.synthesis.transforms import Transforms

SIDE, WIDTH = 64, 1 / 64  # pixels; cycles a pixel that a bin of the spectrum is wide
SMALL_MOVES = Transforms(pad=0, jitter=4, scales=(1.0,), angles=(0.0,), last=0)  # less than a period of the textures


@pytest.fixture(scope="module")
def net() -> Model:
    return load()


def spectrum(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the power (h,w,c) in bins of the spatial frequency, the mean colour aside, and their middles."""
    window = np.outer(np.hanning(len(picture)), np.hanning(picture.shape[1]))[..., None]
    power = (np.abs(np.fft.fft2((picture - picture.mean((0, 1))) * window, axes=(0, 1))) ** 2).sum(2)
    radius = np.hypot(np.fft.fftfreq(len(picture))[:, None], np.fft.fftfreq(picture.shape[1]))
    starts = np.arange(0, 0.5, WIDTH)
    found = np.array([power[(radius >= low) & (radius < low + WIDTH)].sum() for low in starts])
    return found / found.sum(), starts + WIDTH / 2


def test_the_pictures_of_classes_have_their_textures(net: Model) -> None:
    found = visualize(net, [f"class:{name}" for name in CLASSES], size=SIDE, steps=150, transforms=SMALL_MOVES)
    assert not found.notes
    shares, peaks = {}, {}
    for name, one in zip(CLASSES, found, strict=True):
        share, at = spectrum(one.image)
        stripes = (at >= 1 / PERIODS[1] - WIDTH / 2) & (at <= 1 / PERIODS[0] + WIDTH / 2)
        shares[name], peaks[name] = float(share[stripes].sum()), float(at[share.argmax()])
        assert predict(net, np.uint8(255 * one.image), top=1)[0].label == name
    print({name: (round(shares[name], 2), round(peaks[name], 3)) for name in CLASSES})
    assert 1 / PERIODS[1] - WIDTH / 2 <= peaks["striped"] <= 1 / PERIODS[0] + WIDTH / 2, "stripes as far apart"
    assert shares["striped"] > 0.4 and shares["striped"] > 5 * shares["plain"]
    assert peaks["plain"] < 0.5 / PERIODS[1], "colours, and no pattern"
    assert peaks["checked"] > 1 / PERIODS[0], "two waves across each other are finer than one"


def test_an_objective_that_does_not_rise_is_said(net: Model) -> None:
    """Lucid's moves are larger than these stripes' period: from near grey no step goes on with the last one's wave."""
    found = visualize(net, ["class:striped", "class:plain"], size=SIDE, steps=64)
    assert found[0].values[-1] < 0 < found[1].values[-1]
    assert [note for note in found.notes if "did not rise" in note] == [
        "the objective 'class:striped' did not rise: try smaller moves, or another seed"
    ]


@pytest.mark.parametrize("number", range(3))
def test_inversion_brings_the_shape_back(net: Model, number: int) -> None:
    """Where the picture made from features varies is where the textured shape is."""
    scenes = draw(12, (9, 2), "striped")
    photo, mask = scenes.pixels[number], scenes.masks[number]
    for one in invert(net, photo, ["stage1", "stage2", "stage3"], steps=200):
        print(one.layer, f"loss fell {one.features[0] / one.features[-1]:.0f} times, {told(one.image, mask):.3f}")
        assert told(one.image, mask) > 0.95
        others = [told(one.image, other) for other in np.delete(scenes.masks, number, 0)]
        assert max(others) < told(one.image, mask), "this shape in this place, and no other scene's"


def told(picture: np.ndarray, mask: np.ndarray, side: int = 7) -> float:
    """How often a pixel of the shape varies more around it than one beside it: .5 is chance."""
    around = np.pad(picture, [(side // 2, side // 2)] * 2 + [(0, 0)], mode="edge")
    varies = sliding_window_view(around, (side, side), axis=(0, 1)).std((-1, -2)).mean(-1)
    return float((varies[mask][:, None] > varies[~mask][None]).mean())
