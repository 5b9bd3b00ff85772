"""The channels of maps (b,d,r,q) one by one: scaled and told apart."""

import torch
from torch import Tensor

from seewhy.ops.maps import min_max


def each_min_max(maps: Tensor) -> Tensor:
    """Each channel of each image scaled to [0,1]; a flat one becomes zero."""
    return min_max(maps.flatten(0, 1)[:, None]).view_as(maps)


def distinct(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The channels of each image that are not the same to the bit, n in all.

    Returns the image and the channel of each (n,), and for every channel (b,d) which of the n it is.
    """
    images, channels, which, n = [], [], [], 0
    for i, image in enumerate(maps):
        first, of = _distinct(image.flatten(1))
        images.append(torch.full_like(first, i))
        channels.append(first)
        which.append(of + n)
        n += len(first)
    return torch.cat(images), torch.cat(channels), torch.stack(which)


def _distinct(channels: Tensor) -> tuple[Tensor, Tensor]:
    unique, which = torch.unique(channels, dim=0, return_inverse=True)
    number = torch.arange(len(channels), device=channels.device)
    first = number.new_full((len(unique),), len(channels)).scatter_reduce(0, which, number, "amin")
    return first, which
