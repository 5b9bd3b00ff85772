"""Algorithms of papers done slowly, one image and one step at a time, for methods that no peer at hand computes."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.morphology import dilation, disk
from skimage.segmentation import felzenszwalb

Image = NDArray[np.float64]  # (c,h,w)
Gradient = Callable[[Image], Image]


def gradient_of(net: torch.nn.Module, target: int) -> Gradient:
    """The gradient of a class's score, in the network's own precision."""
    dtype = next(net.parameters()).dtype

    def gradient(image: Image) -> Image:
        x = torch.from_numpy(image)[None].to(dtype).requires_grad_()
        (grad,) = torch.autograd.grad(net(x)[0, target], x)
        return grad[0].double().numpy()

    return gradient


def guided_path(gradient: Gradient, image: Image, start: float, steps: int, fraction: float, max_dist: float) -> Image:
    """arXiv:2106.09788, algorithm 1 with its corridor, on progress from 0 to 1 for each value."""
    span = image - start
    done, total = np.zeros_like(image), np.zeros_like(image)  # the share of its own way each value has gone
    count = 1 + int(fraction * (image.size - 1))
    for step in range(1, steps + 1):
        grad, before = gradient(start + done * span), done
        low, high = max(step / steps - max_dist, 0), min(step / steps + max_dist, 1)
        done = np.maximum(done, low)
        budget = (np.abs(span) * (step / steps - done)).sum()  # way still to go in this step, in absolute difference
        while budget > 1e-9 * np.abs(span).sum():
            able = (done != high) & (span != 0)
            cutoff = np.sort(np.abs(grad[able]))[:count][-1]
            chosen = able & (np.abs(grad) <= cutoff)
            share = min(budget / (np.abs(span) * (high - done))[chosen].sum(), 1)
            moved = np.where(chosen, high if share == 1 else done + share * (high - done), done)
            budget -= (np.abs(span) * (moved - done)).sum()
            done = moved
        total += grad * span * (done - before)
    return total


def blurred(image: Image, sigma: float) -> Image:
    return gaussian_filter(image, sigma=(0, sigma, sigma), mode="nearest", truncate=4.0)


def blur_path(gradient: Gradient, image: Image, sigmas: NDArray[np.float64]) -> Image:
    """arXiv:2004.03383: the integral along the blur, with the gradient and the blur's derivative of each step."""
    total = np.zeros_like(image)
    for wide, narrow in pairwise(sigmas):
        slope = (blurred(image, narrow) - blurred(image, wide)) / (narrow - wide)
        total += gradient(blurred(image, (wide + narrow) / 2)) * slope * (narrow - wide)
    return total


def segments(image: Image, scales: Any, sigma: float, min_size: int, radius: int) -> list[NDArray[np.bool_]]:
    """XRAI's: the picture from -1 to 1, every segment of every scale, grown by a disk."""
    picture = np.interp(image.transpose(1, 2, 0), (image.min(), image.max()), (-1, 1))
    labels = [felzenszwalb(picture, scale=scale, sigma=sigma, min_size=min_size) for scale in scales]
    return [dilation(one == label, disk(radius)) for one in labels for label in range(one.max() + 1)]


def greedy_regions(masks: Any, heat: Any, least: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Algorithm 1 of arXiv:1906.02825: nothing carried over from one region to the next but what is taken."""
    values, order, left, place = np.full(heat.shape, np.nan), np.zeros(heat.shape, int), list(masks), 0
    while True:
        left = [mask for mask in left if (mask & (order == 0)).sum() >= least]
        if not left:
            break
        place += 1
        gains = [heat[mask & (order == 0)].mean() for mask in left]
        new = left.pop(int(np.argmax(gains))) & (order == 0)
        values[new], order[new] = max(gains), place
    rest = order == 0
    values[rest], order[rest] = (heat[rest].mean() if rest.any() else 0), place + 1
    return values, order
