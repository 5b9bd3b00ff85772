"""Training with a tree's loss: it learns, is repeated exactly, and goes on exactly where it was broken off."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, TensorDataset

from random_trees import anyhow
from seewhy.errors import BadInput, BadOption
from seewhy.trees import HardTreeLoss, Schedule, SoftTreeLoss, fit

TREE = anyhow(4, 2, 1)


class Blobs(Dataset[Any]):
    """Four clouds of points, and noise that each of the global generators adds anew at every look."""

    def __init__(self, count: int = 129, seed: int = 0) -> None:
        made = np.random.default_rng(seed)
        self.labels = made.integers(4, size=count)
        self.points = np.eye(4)[self.labels] * 3 + made.normal(size=(count, 4))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, at: int) -> tuple[Tensor, int]:
        noise = torch.randn(4) + np.random.normal() + random.gauss(0, 1)
        return torch.from_numpy(self.points[at]).float() + 0.1 * noise, int(self.labels[at])


def network(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4))


def state(net: nn.Module) -> list[Tensor]:
    return [one.clone() for one in net.state_dict().values()]


def test_it_learns_and_tells(tmp_path: Path) -> None:
    net, told = network(), []
    held = Blobs(100, seed=1)
    found = fit(
        net, Blobs(), SoftTreeLoss(TREE), epochs=15, batch_size=16, held_out=held, optimizer=fast, tell=told.append
    )
    assert len(found.epochs) == 15 and found.steps == len(told) == 15 * 8  # the last sample of 129 joins
    assert (told[-1].done, told[-1].total, told[-1].epoch) == (120, 120, 14)
    assert found.epochs[-1].loss < found.epochs[0].loss / 2
    assert min(found.epochs[-1].held_out.values()) > 0.9 and set(found.epochs[-1].held_out) == {
        "network",
        "soft",
        "hard",
    }
    assert net.training


def fast(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr=1e-2)


def rising(progress: float) -> float:
    return 0.1 + progress


class Off(Exception):
    pass


@pytest.mark.parametrize("after", [3, 9, 14])
def test_what_was_broken_off_ends_as_if_it_had_not_been(tmp_path: Path, after: int) -> None:
    def loss() -> nn.Module:
        return HardTreeLoss(TREE, Schedule(1, 4, 2))

    asked: dict[str, Any] = {"epochs": 4, "batch_size": 32, "optimizer": fast, "rate": rising, "held_out": Blobs(20, 1)}
    whole = network()
    expected = fit(whole, Blobs(), loss(), **asked)

    def stop(step: Any) -> None:
        if step.done == after:
            raise Off

    with pytest.raises(Off):
        fit(network(), Blobs(), loss(), **asked, checkpoint=tmp_path, tell=stop)
    other = network(seed=0 if after < 4 else 5)  # after an epoch of 4 it is what the checkpoint says
    assert fit(other, Blobs(), loss(), **asked, checkpoint=tmp_path) == expected
    assert all(map(torch.equal, state(whole), state(other)))
    again = network(seed=7)
    assert fit(again, Blobs(), loss(), **asked, checkpoint=tmp_path) == expected
    assert all(map(torch.equal, state(whole), state(again)))


def test_the_global_generators_are_neither_read_nor_moved() -> None:
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
        net = network()
        fit(net, Blobs(), SoftTreeLoss(TREE), epochs=2, seed=3)
        assert torch.equal(before[0], torch.get_rng_state())
        assert (before[1] == np.random.get_state()[1]).all() and before[2] == random.getstate()
        found.append(state(net))
    assert all(map(torch.equal, *found))


def test_another_seed_is_another_training() -> None:
    nets = [network(), network()]
    for seed, net in enumerate(nets):
        fit(net, Blobs(), SoftTreeLoss(TREE), epochs=1, seed=seed)
    assert not torch.equal(nets[0][0].weight, nets[1][0].weight)


def test_processes_that_read_change_nothing() -> None:
    nets = [network(), network()]
    for workers, net in zip((0, 1), nets, strict=True):
        fit(net, Blobs(40), SoftTreeLoss(TREE), epochs=1, workers=workers)
    assert all(map(torch.equal, state(nets[0]), state(nets[1])))


def test_what_is_frozen_stays() -> None:
    net = network()
    net[0].requires_grad_(False)
    net.eval()
    before = net[0].weight.clone(), net[4].weight.clone()
    fit(net, Blobs(), nn.CrossEntropyLoss(), epochs=1)
    assert torch.equal(net[0].weight, before[0]) and not torch.equal(net[4].weight, before[1])
    assert not net.training and not net[0].weight.requires_grad


def test_what_can_not_be_trained(tmp_path: Path) -> None:
    loss = SoftTreeLoss(TREE)
    with pytest.raises(BadInput, match="without samples"):
        fit(network(), TensorDataset(torch.zeros(0, 4), torch.zeros(0).long()), loss)
    with pytest.raises(BadInput, match="asks for a gradient"):
        fit(network().requires_grad_(False), Blobs(), loss)
    with pytest.raises(BadOption, match="0 epochs"):
        fit(network(), Blobs(), loss, epochs=0)
    with pytest.raises(BadInput, match="the loss is nan at step 1"):
        fit(network(), TensorDataset(torch.full((4, 4), torch.nan), torch.zeros(4).long()), loss)
    fit(network(), Blobs(), loss, epochs=1, checkpoint=tmp_path)
    with pytest.raises(BadInput, match="another training: epochs 1, not 2"):
        fit(network(), Blobs(), loss, epochs=2, checkpoint=tmp_path)
    fit(network(), Blobs(), loss, epochs=2, checkpoint=tmp_path, resume=False)
    with pytest.raises(BadInput, match="can't be gone on from"):
        fit(nn.Linear(4, 4), Blobs(), loss, epochs=2, checkpoint=tmp_path)
