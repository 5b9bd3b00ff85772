"""What takes the place of hidden pixels."""

import builtins
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from seewhy import SeewhyError
from seewhy.ops.fills import fill
from seewhy.rng import Rng

MEAN = (0.45, 0.4, 0.35)
FILLS = ["smooth", "inpaint_telea", "inpaint_ns", "blur", "own_mean", "mean", "noise", 0.25]


def picture(*shape: int, seed: int = 0) -> Tensor:
    """Of bytes, so that what paints in bytes loses nothing."""
    return torch.randint(256, shape, generator=torch.Generator().manual_seed(seed)).float() / 255


def made(asked: Any, x: Tensor, masks: Tensor, images: Any = None, **more: Any) -> Tensor:
    """Of one sample: (a,n,c,h,w)."""
    images = torch.arange(len(x)) if images is None else torch.tensor(images)
    found = fill(asked, x, MEAN, Rng.for_images(0, x), **more)
    filled = found(masks, images)
    assert filled.shape == (*masks.shape[:2], found.samples, *x.shape[1:])
    return filled[:, :, 0] if found.samples == 1 else filled


@pytest.fixture
def x() -> Tensor:
    return picture(2, 3, 16, 21)


@pytest.fixture
def masks() -> Tensor:
    """Two an image: half of the pixels hidden in blocks, and all but a corner."""
    found = torch.ones(2, 2, 16, 21)
    found[:, 0, 4:12, 3:17] = 0
    found[:, 1] = 0
    found[:, 1, :3, 17:] = 1
    return found


@pytest.mark.parametrize("asked", FILLS)
def test_what_is_visible_stays_to_the_last_bit_and_what_is_hidden_does_not_show(
    asked: Any, x: Tensor, masks: Tensor
) -> None:
    found = made(asked, x, masks)
    seen = masks[:, :, None].expand_as(found) > 0
    assert torch.equal(found[seen], x[:, None].expand_as(found)[seen])
    assert torch.isfinite(found).all() and found.min() >= -1e-6 and found.max() <= 1 + 1e-6
    assert (found[~seen] != x[:, None].expand_as(found)[~seen]).float().mean() > 0.8
    if asked in ("smooth", "inpaint_telea", "inpaint_ns", "mean", 0.25):
        other = torch.where(masks[:, :1] > 0, x, 0.5 * x.flip(3))
        torch.testing.assert_close(made(asked, other, masks[:, :1]), found[:, :1], rtol=0, atol=0)


@pytest.mark.parametrize("asked", FILLS)
def test_rows_depend_on_their_own_image_and_mask_alone(asked: Any, x: Tensor, masks: Tensor) -> None:
    whole = made(asked, x, masks)
    for i in range(2):
        for n in range(2):
            alone = made(asked, x, masks[i : i + 1, n : n + 1], [i])
            torch.testing.assert_close(alone[0, 0], whole[i, n], rtol=0, atol=1e-6)


@pytest.mark.parametrize("asked", ["smooth", "inpaint_telea", "inpaint_ns", "own_mean"])
def test_where_nothing_is_visible_it_is_the_pictures_mean_colour(asked: str, x: Tensor) -> None:
    found = made(asked, x, torch.zeros(2, 1, 16, 21))
    torch.testing.assert_close(found, x.mean((2, 3), keepdim=True)[:, None].expand_as(found))


def test_the_smooth_fill_carries_on_what_surrounds_a_hole() -> None:
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 32), torch.linspace(0, 1, 40), indexing="ij")
    ramp = torch.stack([rows, columns, (rows + columns) / 2])[None]
    mask = torch.ones(1, 1, 32, 40)
    mask[:, :, 10:22, 12:28] = 0
    found = made("smooth", ramp, mask)[:, 0]
    assert (found - ramp).abs().max() < 0.12  # a mean colour would be .33 off
    steps = torch.cat([found.diff(dim=2).flatten(), found.diff(dim=3).flatten()]).abs()
    assert steps.max() < 0.13, "no seam"
    one = torch.full((1, 3, 32, 40), 0.3)
    torch.testing.assert_close(made("smooth", one, mask)[:, 0], one)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 3), (33, 1), (31, 64)])
def test_the_smooth_fill_takes_any_size(size: Any) -> None:
    x = picture(1, 3, *size)
    mask = torch.zeros(1, 1, *size)
    mask[..., 0, 0] = 1
    found = made("smooth", x, mask)[0, 0]
    torch.testing.assert_close(found, x[0, :, :1, :1].expand_as(found))  # one pixel is all there is to go by


def test_soft_masks_mix(x: Tensor, masks: Tensor) -> None:
    half = torch.full((2, 1, 16, 21), 0.5)
    torch.testing.assert_close(made(0.25, x, half)[:, 0], 0.5 * x + 0.125)
    assert torch.isfinite(made("smooth", x, half)).all()


@pytest.mark.parametrize("kernel", [(3, 3), (4, 5), (16, 21), 6])
def test_the_blur_is_opencvs_box(x: Tensor, kernel: Any) -> None:
    found = made("blur", x, torch.zeros(2, 1, 16, 21), kernel=kernel)
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    for one, own in zip(found[:, 0], x, strict=True):
        wanted = cv2.blur(own.permute(1, 2, 0).numpy(), (width, height))
        np.testing.assert_allclose(one.permute(1, 2, 0), wanted, atol=1e-6)


@pytest.mark.parametrize(("asked", "flag"), [("inpaint_telea", cv2.INPAINT_TELEA), ("inpaint_ns", cv2.INPAINT_NS)])
def test_inpainting_is_opencvs_at_radius_3(x: Tensor, masks: Tensor, asked: str, flag: int) -> None:
    found = made(asked, x, masks)
    for i, n in np.ndindex(2, 2):
        image = (x[i].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        wanted = cv2.inpaint(image, 1 - masks[i, n].numpy().astype(np.uint8), 3, flag)
        np.testing.assert_allclose(found[i, n].permute(1, 2, 0) * 255, wanted, atol=1e-4)


def test_a_background_is_a_sample_each(x: Tensor, masks: Tensor) -> None:
    others = picture(3, 3, 16, 21, seed=1)
    found = made("background", x, masks, background=others)
    assert found.shape == (2, 2, 3, 3, 16, 21)
    hidden = masks[0, 0] < 1
    assert torch.equal(found[1, 0, 2][:, hidden], others[2][:, hidden])


def test_without_opencv_it_says_what_to_install(x: Tensor, masks: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name == "cv2":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(SeewhyError, match=r"(?s)needs OpenCV.*seewhy\[inpaint\]"):
        made("inpaint_telea", x, masks)
    made("smooth", x, masks)


def test_what_is_no_fill_is_refused(x: Tensor, masks: Tensor) -> None:
    for asked, more, problem in (
        ("inpaint", {}, "(?s)fill 'inpaint'.*inpaint_telea"),
        ("mean", {"kernel": 3}, "a kernel"),
        (torch.rand(3, 16, 21), {"kernel": 3}, "a kernel"),
        ("smooth", {"background": x}, "a background"),
        ("blur", {"kernel": 40}, "kernel"),
        ("background", {}, "without one"),
        (1.5, {}, "grey level"),
    ):
        with pytest.raises(SeewhyError, match=problem):
            made(asked, x, masks, **more)
    grey = picture(1, 2, 8, 8)
    with pytest.raises(SeewhyError, match="channels"):
        made("inpaint_ns", grey, torch.eye(8)[None, None])
