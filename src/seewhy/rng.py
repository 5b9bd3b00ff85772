"""Randomness that depends on the seed and the image alone: not on batch, order, chunk, device or process."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor


class Rng:
    """One generator an image, seeded from the seed and the image's pixels."""

    def __init__(self, generators: Sequence[torch.Generator]) -> None:
        self._generators = list(generators)

    @classmethod
    def for_images(cls, seed: int, x: Tensor) -> "Rng":
        """x: Pixels (b,c,h,w)."""
        return cls([_generator(seed, image) for image in x])

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


def _generator(seed: int, image: Tensor) -> torch.Generator:
    pixels = image.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()
    digest = hashlib.blake2b(pixels, key=str(seed).encode(), digest_size=6).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "big"))
