"""What takes the place of hidden pixels: something fixed, or something made of what is still visible.

A mask is 1 where a picture is visible and 0 where it is not; what lies between is mixed. Where a mask is 1 the picture
stays as it is to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.ops.baselines import baselines
from seewhy.ops.blur import box
from seewhy.ops.grids import sides
from seewhy.rng import Rng

NAMED = ("smooth", "inpaint_telea", "inpaint_ns", "blur", "own_mean", "background")
RADIUS = 3  # pixels, of OpenCV's inpainting


class Fill(Protocol):
    @property
    def samples(self) -> int:
        """Pictures for each mask, whose scores are averaged."""
        ...

    def __call__(self, masks: Tensor, images: Tensor) -> Tensor:
        """Masks (a,n,h,w) of the images (a,): pictures (a,n,samples,c,h,w)."""
        ...


def fill(asked: Any, x: Tensor, mean: Sequence[float], rng: Rng, *, kernel: Any = None, background: Any = None) -> Fill:
    """The fill asked for, of images x (b,c,h,w) in [0,1].

    "smooth": what surrounds the hidden part, carried on smoothly; the image's mean colour where nothing is visible.
    "inpaint_telea", "inpaint_ns": OpenCV's inpainting, within a radius of 3 pixels, of 8-bit pictures, the mean colour
    where nothing is visible. "blur": the image's mean over a box of `kernel` pixels (a number or height,width; a half
    of the image unless told otherwise). "own_mean": its mean colour. "background": each of the pictures `background`
    (m,c,h,w) in turn. What else `baselines` takes: a number, "mean", "noise", a picture.
    """
    name = asked if isinstance(asked, str) else ""
    if kernel is not None and name != "blur":
        raise BadOption("a kernel for a fill that has none", "give fill='blur', or leave kernel out")
    if background is not None and name != "background":
        raise BadOption("a background for another fill", "give fill='background', or leave background out")
    if name not in NAMED:
        return Fixed(x, _baseline(asked, x, mean, rng)[:, None])
    if name == "background":
        if background is None:
            raise BadOption("fill='background' without one", "give background=, pictures to take hidden pixels from")
        return Fixed(x, background.to(x)[None].expand(len(x), *background.shape))
    if name == "blur":
        half = -(-x.shape[2] // 2), -(-x.shape[3] // 2)
        return Fixed(x, box(x, half if kernel is None else sides(kernel, "kernel", most=x.shape[2:]))[:, None])
    if name == "own_mean":
        return Fixed(x, _mean_colour(x).expand_as(x)[:, None])
    return Smooth(x) if name == "smooth" else Inpainted(x, name)


def _baseline(asked: Any, x: Tensor, mean: Sequence[float], rng: Rng) -> Tensor:
    try:
        return baselines([asked], x, mean, rng)[0]
    except BadOption as error:
        if not isinstance(asked, str) or asked == "mean":
            raise
        said = f"{', '.join((*NAMED, 'mean', 'noise'))}, a number from 0 to 1, or a picture"
        raise BadOption(f"fill {asked!r}", said) from error


@dataclass(frozen=True, eq=False)
class Fixed:
    """The same behind every mask: hidden (b,samples,c,h,w)."""

    x: Tensor
    hidden: Tensor

    @property
    def samples(self) -> int:
        return self.hidden.shape[1]

    def __call__(self, masks: Tensor, images: Tensor) -> Tensor:
        return torch.lerp(self.hidden[images, None], self.x[images, None, None], masks[:, :, None, None])


@dataclass(frozen=True, eq=False)
class Smooth:
    """Normalised convolution on a pyramid: of each level, what no visible pixel reaches comes from the coarser one.

    Knutsson and Westin 1993, doi:10.1109/CVPR.1993.341081; as push and pull in Gortler et al. 1996,
    doi:10.1145/237170.237200.
    """

    x: Tensor
    samples: int = 1

    def __call__(self, masks: Tensor, images: Tensor) -> Tensor:
        own = self.x[images, None].expand(-1, masks.shape[1], -1, -1, -1).flatten(0, 1)
        seen = masks.flatten(0, 1)[:, None].to(own)
        made = torch.lerp(carried_on(own, seen, _mean_colour(own)), own, seen)
        return made.view(*masks.shape[:2], 1, *own.shape[1:])


def carried_on(x: Tensor, seen: Tensor, colour: Tensor) -> Tensor:
    """What surrounds the hidden part of x (n,c,h,w), smoothly, also where x is seen (n,1,h,w), which the caller knows.

    colour (n,c,1,1): where nothing is seen.
    """
    here = torch.cat([x * seen, seen], 1)  # the last channel tells where
    levels = [here]
    while max(here.shape[2:]) > 1:
        kernel, stride, pad = zip(*((4, 2, 1) if side > 1 else (1, 1, 0) for side in here.shape[2:]), strict=True)
        sums = F.avg_pool2d(here, kernel, stride, pad)
        here = sums / sums[:, -1:].clamp_min(torch.finfo(x.dtype).tiny)  # what is seen in part is believed as a whole
        levels.append(here)
    made = torch.where(here[:, -1:] > 0, here[:, :-1], colour)
    for here in reversed(levels[:-1]):
        coarse = F.interpolate(made, here.shape[2:], mode="bilinear", align_corners=False)
        made = torch.where(here[:, -1:] > 0, here[:, :-1], coarse) if here is not levels[0] else coarse
    return made


@dataclass(frozen=True, eq=False)
class Inpainted:
    """OpenCV's, on the CPU, a picture at a time."""

    x: Tensor
    how: str
    samples: int = 1

    def __call__(self, masks: Tensor, images: Tensor) -> Tensor:
        own, mean = self.x[images], _mean_colour(self.x[images])
        bytes_ = (own * 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        made = [
            [_inpainted(image, mask, self.how) for mask in rows]
            for image, rows in zip(bytes_, masks.cpu().numpy(), strict=True)
        ]
        filled = torch.from_numpy(np.array(made)).to(own.device).permute(0, 1, 4, 2, 3).to(own) / 255
        nothing = (masks.amax((2, 3)) <= 0)[:, :, None, None, None]
        filled = torch.where(nothing, mean[:, None], filled)
        return torch.lerp(filled, own[:, None].expand_as(filled), masks[:, :, None].to(own))[:, :, None]


def _inpainted(image: NDArray[np.uint8], mask: NDArray[np.floating], how: str) -> NDArray[np.generic]:
    """An image (h,w,c) of bytes with what a mask (h,w) hides painted over."""
    try:
        import cv2
    except ImportError as error:
        said = "pip install 'seewhy[inpaint]', or take fill='smooth'"
        raise Unsupported(f"fill={how!r} needs OpenCV, which is not installed", said) from error
    if mask.max() <= 0:
        return image  # nothing to go by: OpenCV would leave it black
    if image.shape[2] not in (1, 3):
        raise BadInput(f"OpenCV paints over pictures of 1 or 3 channels, not {image.shape[2]}", "take fill='smooth'")
    kind = cv2.INPAINT_TELEA if how == "inpaint_telea" else cv2.INPAINT_NS
    hidden = (mask < 1).astype(np.uint8)
    return np.asarray(cv2.inpaint(np.ascontiguousarray(image), hidden, RADIUS, kind)).reshape(image.shape)


def _mean_colour(x: Tensor) -> Tensor:
    return x.mean((2, 3), keepdim=True)
