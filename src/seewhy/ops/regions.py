"""Over-segmentation of a picture at several scales, and its segments ranked by what they hold."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Masks = NDArray[np.bool_]


def segments(image: Tensor, scales: Sequence[float], sigma: float, min_size: int, dilation: int) -> Masks:
    """Every segment of an image (c,h,w) that Felzenszwalb and Huttenlocher's method finds, scale by scale: (s,h,w).

    The picture is stretched to [-1,1] first, so that a scale means the same for dim and for bright ones. sigma: of the
    blur before, in pixels. min_size: of a segment, in pixels. Each is grown by a disk of `dilation` pixels, so that
    edges belong to both sides.
    """
    from skimage.segmentation import felzenszwalb

    picture = _stretched(image.detach().cpu().double().permute(1, 2, 0).numpy())
    found = [felzenszwalb(picture, scale, sigma, min_size, channel_axis=-1) for scale in scales]
    masks = [labels == label for labels in found for label in np.unique(labels)]
    return _dilated(np.stack(masks), dilation)


def _stretched(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """From -1 to 1; all zero where it is the same everywhere."""
    low, high = picture.min(), picture.max()
    return (2 * picture - low - high) / (high - low) if high > low else 0 * picture


def _dilated(masks: Masks, radius: int) -> Masks:
    if radius == 0:
        return masks
    at = torch.arange(-radius, radius + 1)
    disk = (at[:, None] ** 2 + at**2 <= radius**2).float()[None, None]
    grown = [F.conv2d(part.float(), disk, padding=radius) > 0.5 for part in torch.from_numpy(masks)[:, None].split(64)]
    return torch.cat(grown)[:, 0].numpy()


def ranked(
    masks: Masks, heat: NDArray[np.float64], least: int, fast: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Segments (s,h,w) taken one by one, the highest mean of heat (h,w) over what is not taken yet first.

    Returns each pixel's mean in the segment that took it, and that segment's place in the ranking from 1 on, (h,w)
    each. Segments that would add fewer than `least` pixels are dropped; the pixels nobody takes come last, together.
    fast: ranks once, by the means of whole segments, instead of anew after each; a segment's value is still the mean
    of what it adds.
    """
    flat, values, order = masks.reshape(len(masks), -1), np.zeros(heat.size), np.zeros(heat.size, dtype=np.int64)
    heat, shape = heat.ravel(), heat.shape
    sums, sizes = flat @ heat, flat.sum(1)
    alive = sizes > 0
    density = np.where(alive, sums / np.maximum(sizes, 1), -np.inf)
    for place in range(1, len(flat) + 1):
        alive &= sizes >= least
        if not alive.any():
            break
        if not fast:
            density = sums / np.maximum(sizes, 1)
        best = int(np.where(alive, density, -np.inf).argmax())
        new = np.flatnonzero(flat[best] & (order == 0))
        values[new], order[new] = heat[new].mean(), place
        alive[best] = False
        sums, sizes = sums - flat[:, new] @ heat[new], sizes - flat[:, new].sum(1)
    rest = order == 0
    if rest.any():
        values[rest], order[rest] = heat[rest].mean(), order.max() + 1
    return values.reshape(shape), order.reshape(shape)
