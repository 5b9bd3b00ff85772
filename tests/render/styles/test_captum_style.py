from typing import get_args

import numpy as np
import pytest

from handmade import CAT, RANDOM, blob, drawn, handmade, plain, said
from seewhy.errors import BadOption
from seewhy.geometry import Geometry
from seewhy.render.normalize import SIGNS, limit
from seewhy.render.scene import scene
from seewhy.render.styles.captum import COLORS, Mode, captum, pixels

peer = pytest.importorskip("captum.attr._utils.visualization", reason="needs captum, the oracle")
PEER_SIGN = {"positive": "positive", "negative": "negative", "absolute": "absolute_value"}
SIGNED = handmade(blob(9, 9, 2, 6) - blob(9, 9, 6, 2), CAT, geometry=Geometry.identity(300, 451))


@pytest.mark.parametrize("sign", PEER_SIGN)
def test_masked_and_alpha_pictures_equal_captums(sign: str) -> None:
    drawn_scene = scene(SIGNED)
    top = limit(drawn_scene.heat, sign)
    normed = peer._normalize_attr(drawn_scene.heat.astype(float), PEER_SIGN[sign], 2)[..., None]
    masked = pixels(drawn_scene, "masked_image", sign, top, COLORS[sign])
    alpha = pixels(drawn_scene, "alpha_scaling", sign, top, COLORS[sign])
    # Both cut to whole numbers, so that values a rounding apart may differ by one.
    assert np.abs(masked.astype(int) - peer._prepare_image(CAT * normed)).max() <= 1
    assert np.abs(alpha[..., 3].astype(int) - peer._prepare_image(normed * 255)[..., 0]).max() <= 1
    np.testing.assert_array_equal(alpha[..., :3], CAT)


@pytest.mark.parametrize("sign", SIGNS)
def test_every_mode_is_drawn_with_every_sign_it_can_show(sign: str) -> None:
    modes = [mode for mode in get_args(Mode) if sign != "all" or mode not in ("masked_image", "alpha_scaling")]
    made = captum(SIGNED, modes=modes, sign=sign)
    made.canvas.draw()
    assert [ax.get_label() for ax in made.axes if "colorbar" in ax.get_label()] == [
        "heat_map colorbar",
        "blended_heat_map colorbar",
    ]


@pytest.mark.parametrize("mode", ["masked_image", "alpha_scaling"])
def test_both_signs_can_not_mask(mode: Mode) -> None:
    with pytest.raises(BadOption, match="sign='all'"):
        captum(SIGNED, modes=[mode], sign="all")


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(BadOption, match="blended_heat_map"):
        captum(SIGNED, modes=["blended"])


def test_the_blend_does_not_brighten_a_dark_photo() -> None:
    values = np.zeros((3, 3))
    values[0, 2] = 1
    made = captum(handmade(values, plain(40, 60, 20, 20, 20)), modes=["blended_heat_map"], sign="all", cmap="bwr")
    assert drawn(made, "blended_heat_map")[-1, 0].tolist() == [138, 137, 137]  # half of 20, half of white


def test_a_blank_map_is_the_photo_with_words() -> None:
    made = captum(handmade(-blob(5, 5, 1, 3)), modes=["heat_map"], sign="positive")
    assert "no positive evidence" in said(made)


def test_random_weights_are_stamped() -> None:
    assert "RANDOM WEIGHTS" in said(captum(handmade(model=RANDOM)))
