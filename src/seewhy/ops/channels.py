"""The channels of maps (b,d,r,q) one by one: scaled, told apart, picked."""

import torch
from torch import Tensor

from seewhy.ops.maps import min_max


def each_min_max(maps: Tensor) -> Tensor:
    """Each channel of each image scaled to [0,1]; a flat one becomes zero."""
    return min_max(maps.flatten(0, 1)[:, None]).view_as(maps)


def picked(maps: Tensor, index: Tensor) -> Tensor:
    """One channel an image, by its number (b,): (b,1,r,q)."""
    return maps[torch.arange(len(maps), device=maps.device), index][:, None]


def distinct(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Which channels are the same to the bit: a channel (b,n) for each distinct map, and of which (b,d) each is.

    n is the most that any image has; the last one of an image with fewer stands there again.
    """
    found = [_distinct(image.flatten(1)) for image in maps]
    most = max(len(first) for first, _ in found)
    firsts = [torch.cat([first, first[-1:].expand(most - len(first))]) for first, _ in found]
    return torch.stack(firsts), torch.stack([which for _, which in found])


def _distinct(channels: Tensor) -> tuple[Tensor, Tensor]:
    unique, which = torch.unique(channels, dim=0, return_inverse=True)
    number = torch.arange(len(channels), device=channels.device)
    first = number.new_full((len(unique),), len(channels)).scatter_reduce(0, which, number, "amin")
    return first, which
