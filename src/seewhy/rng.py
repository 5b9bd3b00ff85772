"""Randomness that depends on the seed and the image alone: not on batch, order, chunk, device or process."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property, partial

import numpy as np
import torch
from torch import Tensor


class Rng:
    """One generator an image, seeded from the seed and the image's pixels when it is first drawn from."""

    def __init__(self, make: Callable[[], list[torch.Generator]]) -> None:
        self._make = make

    @classmethod
    def for_images(cls, seed: int, x: Tensor) -> "Rng":
        """x: Pixels (b,c,h,w)."""
        seeds = cache(lambda: [_seed(seed, image) for image in x])
        return cls(lambda: [torch.Generator().manual_seed(one) for one in seeds()])

    def alike(self, n: int) -> list["Rng"]:
        """n that draw the same from here on, of which this is the first."""
        states = [one.get_state() for one in self._generators] if "_generators" in vars(self) else None
        return [self, *(Rng(self._make if states is None else partial(_restored, states)) for _ in range(n - 1))]

    @cached_property
    def _generators(self) -> list[torch.Generator]:
        return self._make()

    def normal(self, *shape: int) -> Tensor:
        """Standard normal draws (b, *shape), float32 on the CPU; each image draws from its own stream."""
        return torch.stack([torch.randn(shape, generator=g) for g in self._generators])

    def uniform(self, *shape: int) -> Tensor:
        """Draws from [0, 1): (b, *shape), float32 on the CPU."""
        return torch.stack([torch.rand(shape, generator=g) for g in self._generators])

    def integers(self, high: int, *shape: int) -> Tensor:
        """Draws from 0 ... high-1: (b, *shape), int64 on the CPU."""
        return torch.stack([torch.randint(high, shape, generator=g) for g in self._generators])


@contextmanager
def untouched(device: torch.device) -> Iterator[None]:
    """The global generators of torch, numpy and Python afterwards as before: a network may draw from them."""
    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)


def _restored(states: Sequence[Tensor]) -> list[torch.Generator]:
    found = [torch.Generator() for _ in states]
    for one, state in zip(found, states, strict=True):
        one.set_state(state)
    return found


def _seed(seed: int, image: Tensor) -> int:
    pixels = image.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()
    digest = hashlib.blake2b(pixels, key=str(seed).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
