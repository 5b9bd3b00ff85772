import numpy as np
import pytest
import torch

from handmade import RANDOM, blob, drawn, handmade, plain, said
from seewhy.errors import BadInput
from seewhy.render.colors import table
from seewhy.render.styles.flashtorch import flashtorch, stretch

RED = plain(40, 60, 255, 0, 0)


def test_the_stretch_is_the_standard_score_around_the_brightness() -> None:
    values = np.random.default_rng(0).normal(2, 3, (3, 9, 7)).astype(np.float32)
    g = torch.from_numpy(values)
    expected = ((g - g.mean()) / g.std() * 0.3 + 0.6).clamp(0, 1)
    np.testing.assert_allclose(stretch(values, 0.3, 0.6), expected.numpy(), atol=1e-6)


def test_flat_gradients_are_flat_pictures() -> None:
    assert (stretch(np.zeros((3, 4, 4), np.float32)) == 0.5).all()


def test_four_panels_with_the_largest_gradient_top_right() -> None:
    values = -np.stack([blob(20, 30, 2, 27, 3)] * 3)
    made = flashtorch(handmade(values, RED, method="saliency"))
    assert (drawn(made, "photo") == [255, 0, 0]).all()
    largest = drawn(made, "max_gradients").astype(int)
    row, column = np.unravel_index(np.abs(largest - table("viridis")[255]).sum(2).argmin(), largest.shape[:2])
    assert row < largest.shape[0] / 3
    assert column > 2 * largest.shape[1] / 3
    both = drawn(made, "both")
    assert both[-1, 0, 0] > 130  # half of the photo's red


def test_random_weights_are_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(flashtorch(handmade(np.ones((3, 4, 4)), RED, model=RANDOM)))


def test_maps_without_colour_channels_are_refused() -> None:
    with pytest.raises(BadInput, match="guided_backprop"):
        flashtorch(handmade())
