"""`make tree-digits`: a small CNN of digits with and without the loss of its tree, into docs/tree_digits.md."""

import datetime
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from seewhy import __version__
from seewhy.trees import HardTreeLoss, Hierarchy, SoftRules, SoftTreeLoss, accuracies, fit, induce

PAGE = Path(__file__).parent.parent / "docs" / "tree_digits.md"
SEEDS, EPOCHS, TUNING, BATCH, HELD_OUT = 5, 20, 30, 32, 3
BEFORE, ALONE, DEFAULT = "not tuned", "cross-entropy alone", "soft, -log p"
Loss = Callable[[Hierarchy], nn.Module]
LOSSES: dict[str, Loss] = {
    ALONE: lambda tree: nn.CrossEntropyLoss(),
    DEFAULT: lambda tree: SoftTreeLoss(tree),
    "soft, -log p, weight 10": lambda tree: SoftTreeLoss(tree, 10.0),
    "soft, double softmax": lambda tree: SoftTreeLoss(tree, term="probability"),
    "soft, double softmax, weight 10": lambda tree: SoftTreeLoss(tree, 10.0, term="probability"),
    "hard": lambda tree: HardTreeLoss(tree),
    "hard, weight 10": lambda tree: HardTreeLoss(tree, 10.0),
}
KINDS, SURPRISE = ("network", "soft", "hard"), "-log p"
HEAD = """# Digits: a network with and without the loss of its tree

Made by `make tree-digits`: a CNN of two convolutions learns scikit-learn's digits ({epochs} epochs of Adam,
cross-entropy alone); the tree is induced from its last layer; from there it is tuned for {tuning} epochs with each
loss, the same order of digits for all. Percent of the {held} digits of {count} that were held out, means over {seeds}
seeds, which are other splits, starts and orders. Points lost: what the soft rules have less than the network tuned with
the same loss, and less than the network tuned without a tree. -log p: of the soft rules' probability of the right
digit, in nats, a mean over what was held out.

| tuned with | network | soft rules | hard rules | points lost | to no tree | -log p |
| --- | --- | --- | --- | --- | --- | --- |"""
SEEDED = f"""
Each seed, the network tuned with cross-entropy alone, then what `SoftTreeLoss(tree)` makes of it (`{DEFAULT}`):

| seed | alone | network | soft rules | hard rules |
| --- | --- | --- | --- | --- |"""


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
    """A network learns without a tree; then there is the tree of its last layer; then it is tuned with each loss."""
    learned, held = split(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Digits()
    fit(network, learned, nn.CrossEntropyLoss(), epochs=epochs, batch_size=BATCH, optimizer=quick, seed=seed)
    before = {name: one.clone() for name, one in network.state_dict().items()}
    tree = induce(network.head.weight)
    after = {BEFORE: measured(network, held, tree)}
    for name in losses:
        network.load_state_dict(before)
        fit(network, learned, LOSSES[name](tree), epochs=tuning, batch_size=BATCH, optimizer=slow, seed=seed)
        after[name] = measured(network, held, tree)
    return Found(seed, after)


def measured(network: nn.Module, held: TensorDataset, tree: Hierarchy) -> dict[str, float]:
    """Accuracies, and the mean of -log p that the soft rules give to what was held out, in nats."""
    x, labels = held.tensors
    with torch.no_grad():
        logs = SoftRules(tree)(network.eval()(x)).log()
    return {**accuracies(network, held, tree), SURPRISE: float(nn.functional.nll_loss(logs, labels))}


def page(found: Sequence[Found]) -> str:
    count = len(data()[1])
    head = HEAD.format(epochs=EPOCHS, tuning=TUNING, held=count // HELD_OUT, count=count, seeds=len(found))
    rows = [_row(name, found) for name in found[0].after]
    each = [
        f"| {one.seed} | {_percent(one.after[ALONE]['network'])} | {_percent(one.after[DEFAULT]['network'])} | "
        f"{_percent(one.after[DEFAULT]['soft'])} | {_percent(one.after[DEFAULT]['hard'])} |"
        for one in found
    ]
    made = f"Made {datetime.date.today():%Y-%m-%d} with seewhy {__version__}, torch {torch.__version__}, one thread."
    return "\n".join([head, *rows, SEEDED, *each, "", made, ""])


def lost(found: Sequence[Found], name: str, of: str, kind: str = "soft") -> float:
    """Points of accuracy that a rule after one loss has less than the network after another, a mean over seeds."""
    return 100 * statistics.mean(one.after[of]["network"] - one.after[name][kind] for one in found)


def _row(name: str, found: Sequence[Found]) -> str:
    means = (_percent(statistics.mean(one.after[name][kind] for one in found)) for kind in KINDS)
    points = f"{lost(found, name, name):.2f} | {lost(found, name, ALONE):.2f}"
    surprise = statistics.mean(one.after[name][SURPRISE] for one in found)
    return f"| {name} | {' | '.join(means)} | {points} | {surprise:.3f} |"


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def main() -> None:
    found = []
    for seed in range(SEEDS):
        found.append(run(seed))
        print(f"seed {seed}: {found[-1].after[DEFAULT]}", flush=True)
    PAGE.write_text(page(found), "utf-8")


if __name__ == "__main__":
    main()
