"""Parametrizations against lucent's, bit for bit but for rounding; what each starts from."""

from typing import Any

import numpy as np
import pytest
import torch
from lucent.optvis.param import color, lowres, spatial
from lucent.optvis.param.cppn import cppn

from seewhy.errors import BadOption
from seewhy.synthesis.colors import CORRELATION, from_rgb, to_rgb
from seewhy.synthesis.parametrization import CPPN, NAMED, Fourier, MaCo, Pixels, Shared, frequencies, parametrization
from seewhy.synthesis.spectrum import magnitudes, table


def draws(n: int = 1, seed: int = 0) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed + at) for at in range(n)]


@pytest.mark.parametrize("size", [(32, 33), (33, 32), (16, 16), (7, 5), (128, 96)])
def test_waves_are_lucents(size: tuple[int, int]) -> None:
    np.testing.assert_allclose(frequencies(*size).numpy(), spatial.rfft2d_freqs(*size), atol=1e-15)
    (spectrum,), image = spatial.fft_image((2, 3, *size), sd=0.1)
    own = Fourier(decorrelate=False)
    torch.testing.assert_close(own.free(spectrum, size), image(), atol=1e-6, rtol=1e-5)
    assert own.start((3, *size), draws(2))[0].shape == spectrum.shape


def test_the_decay_is_lucents() -> None:
    (spectrum,), image = spatial.fft_image((1, 3, 20, 31), sd=0.1, decay_power=1.7)
    torch.testing.assert_close(Fourier(decay=1.7).free(spectrum, (20, 31)), image(), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("decorrelate", [True, False])
def test_colours_are_lucents(decorrelate: bool) -> None:
    free = torch.randn(2, 3, 9, 11, generator=draws()[0])
    wanted = color.to_valid_rgb(lambda: free, decorrelate=decorrelate)()
    torch.testing.assert_close(to_rgb(free, decorrelate=decorrelate), wanted)
    torch.testing.assert_close(from_rgb(wanted, decorrelate=decorrelate), free, atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(CORRELATION.numpy(), color.color_correlation_normalized, atol=1e-7)


def test_pixels_are_squeezed_free_numbers() -> None:
    own = Pixels(sd=0.3)
    (start,) = own.start((3, 40, 50), draws())
    assert abs(float(start.std()) - 0.3) < 0.01
    torch.testing.assert_close(own.image([start], (40, 50)), to_rgb(start))


def test_a_grey_picture_has_no_colours_to_decorrelate() -> None:
    free = torch.randn(1, 1, 4, 5, generator=draws()[0])
    torch.testing.assert_close(to_rgb(free), free.sigmoid())
    for name in NAMED:
        own = parametrization(name)
        image = own.image(own.start((1, 12, 10), draws()), (12, 10))
        assert image.shape == (1, 1, 12, 10) and 0 <= float(image.min()) <= float(image.max()) <= 1


def test_the_small_network_is_lucents() -> None:
    weights, image = cppn(12)
    weights = list(weights)
    with torch.no_grad():
        weights[-2].normal_(generator=draws()[0])
    own = [one[None, :, :, 0, 0] if one.ndim == 4 else one[None, :, None] for one in weights]
    torch.testing.assert_close(CPPN().image(own, (12, 12)), image(), atol=1e-5, rtol=1e-4)
    start = CPPN().start((3, 8, 8), draws(2))
    assert [tuple(one.shape) for one in start] == [(2, *one.shape[1:]) for one in own]
    assert not start[-2].any() and torch.all(CPPN().image(start, (8, 8)) == 0.5)


def test_coarse_parts_are_lucents_and_shared() -> None:
    (coarse,), image = lowres.lowres_tensor((1, 3, 16, 24), (1, 3, 4, 6), sd=1.0)
    own = Shared(coarser=(4,))
    nothing = torch.zeros(2, 3, *frequencies(16, 24).shape, 2)
    made = own.image([nothing, coarse], (16, 24))
    torch.testing.assert_close(made, to_rgb(image()).expand(2, -1, -1, -1), atol=1e-5, rtol=1e-4)
    start = Shared().start((3, 16, 24), draws(2))
    assert [len(one) for one in start] == [2, 1, 1, 1] and Shared().couples


def test_maco_keeps_to_the_strengths_of_photos() -> None:
    size = (48, 65)
    (phase,) = MaCo().start((3, *size), draws())
    free = from_rgb(MaCo().image([phase.double()], size), margin=1e-12)
    found = torch.fft.rfft2(free[0], norm="ortho").abs()
    wanted = magnitudes(*size, 3)
    inner = found[:, 1:24, 1:-1], wanted[:, 1:24, 1:-1]  # columns 0 and the last are halved by the real picture
    torch.testing.assert_close(*inner, atol=1e-3, rtol=1e-3)
    moved = MaCo().image([phase + 0.3], size)
    assert not torch.allclose(moved, MaCo().image([phase], size), atol=0.01)


def test_the_table_of_strengths_holds_for_a_photo_that_is_not_in_it() -> None:
    """Within a factor of four at each octave, where white noise would be as loud in all."""
    from skimage.data import immunohistochemistry as other

    pixels = torch.from_numpy(other()[:256, :256].astype(np.float64) / 255).permute(2, 0, 1)[None]
    loud = torch.fft.rfft2(from_rgb(pixels)[0], norm="ortho").abs()
    at, wanted = frequencies(256, 256), magnitudes(256, 256, 3)
    rings = [(low <= at) & (at < 2 * low) for low in (1 / 128, 1 / 64, 1 / 32, 1 / 16)]
    ratios = torch.tensor([float(loud[0][ring].mean() / wanted[0][ring].mean()) for ring in rings])
    assert float(ratios.min()) > 0.25 and float(ratios.max()) < 4
    steep = [float(wanted[0][ring].mean()) for ring in rings]
    assert steep[0] > 3 * steep[-1]


@pytest.mark.parametrize("asked", ["waves", 3, None])
def test_what_is_no_parametrization_is_refused(asked: Any) -> None:
    with pytest.raises(BadOption, match="parametrization is"):
        parametrization(asked)


def test_each_picture_is_drawn_from_its_own_generator() -> None:
    for name in NAMED:
        own = parametrization(name)
        both, second = own.start((3, 8, 10), draws(2)), own.start((3, 8, 10), draws(1, seed=1))
        for one, alone in zip(both, second, strict=True):
            if len(one) == 2:
                torch.testing.assert_close(one[1:], alone, atol=0, rtol=0)
    assert table()["frequencies"] == sorted(table()["frequencies"])
