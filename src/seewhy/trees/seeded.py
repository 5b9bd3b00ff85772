"""Data whose draws come from a seed, and not from the global generators."""

import hashlib
import random
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from seewhy.rng import untouched


class Seeded(Dataset[Any]):
    """The same data; what it draws comes from the seed, the epoch and the sample, in whichever process it is read."""

    def __init__(self, data: "Dataset[Any]", seed: int = 0, epoch: int = 0) -> None:
        self.data, self.seed, self.epoch = data, seed, epoch

    def __len__(self) -> int:
        return len(self.data)  # type: ignore[arg-type]  # of those that have a length

    def __getitem__(self, at: int) -> Any:
        return self.__getitems__([at])[0]

    def __getitems__(self, numbers: list[int]) -> list[Any]:
        """A batch, as a DataLoader asks for it."""
        found = []
        with untouched(torch.device("cpu")):
            for at in numbers:
                seed = seed_of(self.seed, "sample", self.epoch, at)
                torch.default_generator.manual_seed(seed)
                np.random.seed(seed % 2**32)
                random.seed(seed)
                found.append(self.data[at])
        return found


def seed_of(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=6).digest(), "big")
