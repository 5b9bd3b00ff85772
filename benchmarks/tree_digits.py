"""`make tree-digits`: a small CNN of scikit-learn's digits with and without the loss of its tree, into docs/digits.md."""

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from seewhy.trees import HardTreeLoss, Hierarchy, SoftTreeLoss, accuracies, fit, induce

PAGE = Path(__file__).parent.parent / "docs" / "digits.md"
SEEDS, EPOCHS, TUNING, BATCH, HELD_OUT = 5, 20, 20, 32, 3
Loss = Callable[[Hierarchy], nn.Module]
LOSSES: dict[str, Loss] = {
    "cross-entropy alone": lambda tree: nn.CrossEntropyLoss(),
    "soft, -log p": lambda tree: SoftTreeLoss(tree),
    "soft, -log p, weight 10": lambda tree: SoftTreeLoss(tree, 10.0),
    "soft, double softmax": lambda tree: SoftTreeLoss(tree, term="probability"),
    "soft, double softmax, weight 10": lambda tree: SoftTreeLoss(tree, 10.0, term="probability"),
    "hard": lambda tree: HardTreeLoss(tree),
    "hard, weight 10": lambda tree: HardTreeLoss(tree, 10.0),
}
KINDS = ("network", "soft", "hard")


class Digits(nn.Module):
    """Two convolutions, their mean over places, and a linear head: of pictures (b,1,8,8)."""

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.head(self.maps(x).mean((2, 3)))
        return scores


@dataclass(frozen=True)
class Found:
    """Held-out accuracies of `KINDS` after each loss, of one seed."""

    seed: int
    after: dict[str, dict[str, float]]


@cache
def data() -> tuple[Tensor, Tensor]:
    from sklearn.datasets import load_digits

    loaded = load_digits()
    return torch.from_numpy(np.float32(loaded.images / 8 - 1))[:, None], torch.from_numpy(loaded.target)


def split(seed: int) -> tuple[TensorDataset, TensorDataset]:
    """What is learned from, and a third of the digits that is held out."""
    (x, y), order = data(), torch.from_numpy(np.random.default_rng(seed).permutation(len(data()[0])))
    held, rest = order[: len(order) // HELD_OUT], order[len(order) // HELD_OUT :]
    return TensorDataset(x[rest], y[rest]), TensorDataset(x[held], y[held])


def quick(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=5e-3)


def slow(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=2e-3)


def run(seed: int, losses: Sequence[str] = tuple(LOSSES), epochs: int = EPOCHS, tuning: int = TUNING) -> Found:
    """A network trained without the tree; then the tree of its last layer; then the same network tuned with each loss."""
    learned, held = split(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Digits()
    fit(network, learned, nn.CrossEntropyLoss(), epochs=epochs, batch_size=BATCH, optimizer=quick, seed=seed)
    before, tree, after = network.state_dict(), induce(network.head.weight), {}
    before = {name: one.clone() for name, one in before.items()}
    after["before"] = accuracies(network, held, tree)
    for name in losses:
        network.load_state_dict(before)
        fit(network, learned, LOSSES[name](tree), epochs=tuning, batch_size=BATCH, optimizer=slow, seed=seed)
        after[name] = accuracies(network, held, tree)
    return Found(seed, after)


if __name__ == "__main__":
    found = [run(s) for s in range(int(sys.argv[1]))]
    for name in found[0].after:
        print(
            f"{name:34}",
            *(f"{k} {100 * statistics.mean(f.after[name][k] for f in found):.2f}" for k in KINDS),
            " soft-net per seed",
            [round(100 * (f.after[name]["soft"] - f.after[name]["network"]), 1) for f in found],
        )
