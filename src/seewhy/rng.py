"""Randomness that depends on the seed and the image alone: not on batch, order, chunk, device or process."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property

import numpy as np
import torch
from torch import Tensor


class Rng:
    """One generator an image, seeded from the seed and the image's pixels when it is first drawn from."""

    def __init__(self, seeds: Callable[[], list[int]], states: Sequence[Tensor] | None = None) -> None:
        self._seeds, self._states = seeds, states

    @classmethod
    def for_images(cls, seed: int, x: Tensor) -> "Rng":
        """x: Pixels (b,c,h,w)."""
        return cls(cache(lambda: [_seed(seed, image) for image in x]))

    def alike(self, n: int) -> list["Rng"]:
        """n that draw the same from here on, of which this is the first."""
        states = [one.get_state() for one in self._generators] if "_generators" in vars(self) else self._states
        return [self, *(Rng(self._seeds, states) for _ in range(n - 1))]

    def at(self, place: int) -> "Rng":
        """What is drawn at a place of a sequence, whatever was drawn elsewhere or before."""
        return Rng(lambda: [_at(one, place) for one in self._seeds()])

    def of(self, image: int) -> "Rng":
        """What one image draws at places of a sequence."""
        return Rng(lambda: [self._seeds()[image]])

    @property
    def names(self) -> Tensor:
        """A number an image (b,), which stands for the seed and the image's pixels."""
        return torch.tensor(self._seeds())

    @cached_property
    def _generators(self) -> list[torch.Generator]:
        return _restored(self._states) if self._states else [torch.Generator().manual_seed(i) for i in self._seeds()]

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


def _at(seed: int, place: int) -> int:
    return int.from_bytes(hashlib.blake2b(f"{seed} {place}".encode(), digest_size=6).digest(), "big")


def _seed(seed: int, image: Tensor) -> int:
    pixels = image.detach().to("cpu", torch.float32).contiguous().numpy().tobytes()
    digest = hashlib.blake2b(pixels, key=str(seed).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big")
