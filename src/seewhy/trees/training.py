"""Training a network with the loss of a tree, or with any other, so that it can be broken off and goes on exactly."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seewhy.errors import BadInput, BadOption
from seewhy.results.training import Epoch, History
from seewhy.rng import untouched
from seewhy.trees.losses import TreeLoss
from seewhy.trees.measuring import accuracies, modes_kept
from seewhy.trees.seeded import Seeded, seed_of

CHECKPOINT = "training.pt"
Optimizing = Callable[[list[nn.Parameter]], torch.optim.Optimizer]


def adam(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The default: a rate for fine-tuning."""
    return torch.optim.AdamW(parameters, lr=3e-4)


@dataclass(frozen=True)
class Step:
    """One step of `total` is done: its number from 1, its epoch from 0, its loss."""

    done: int
    total: int
    epoch: int
    loss: float


def fit(
    network: nn.Module,
    dataset: "Dataset[Any]",
    loss: Callable[[Tensor, Tensor], Tensor],
    *,
    epochs: int = 10,
    batch_size: int = 64,
    optimizer: Optimizing = adam,
    rate: Callable[[float], float] | None = None,
    seed: int = 0,
    held_out: "Dataset[Any] | None" = None,
    checkpoint: str | Path | None = None,
    resume: bool = True,
    workers: int = 0,
    tell: Callable[[Step], None] | None = None,
) -> History:
    """Trains in place, on the network's own device; parameters that ask for no gradient stay as they are.

    dataset: pairs (input, label) with a length. loss: a SoftTreeLoss, a HardTreeLoss or any criterion. optimizer: from
    the parameters. rate: from the share of the training that is done, 0 to 1, to what the optimizer's rates are
    multiplied with. held_out: data whose accuracies each epoch ends with. checkpoint: a folder that holds where the
    training is after each epoch; with `resume` a training that was broken off goes on from there, and ends as it would
    have, bit for bit on a CPU. workers: processes that read the data. tell: what is called after each step.

    Order, dropout and what the data draw come from the seed; the global generators are as they were afterwards.
    Raises BadOption, and BadInput for data without samples, a loss that is not finite, another training's checkpoint.
    """
    if epochs < 1 or batch_size < 1:
        raise BadOption(f"{epochs} epochs of batches of {batch_size}", "both are 1 or more")
    parameters = [one for one in network.parameters() if one.requires_grad]
    if not len(dataset):  # type: ignore[arg-type]  # a Dataset need not have a length, and this one must
        raise BadInput("a dataset without samples", "there is nothing to learn from")
    if not parameters:
        raise BadInput("no parameter asks for a gradient", "network.requires_grad_(True)")
    asked = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "samples": len(dataset)}  # type: ignore[arg-type]  # as above
    run = _Run(network, loss, optimizer(parameters), rate, asked)
    file = None if checkpoint is None else Path(checkpoint) / CHECKPOINT
    if file is not None and resume and file.exists():
        run.read(file)
    with modes_kept(network):
        while len(run.history.epochs) < epochs:
            run.epoch(run.data(dataset, workers), tell)
            if held_out is not None:
                run.measure(held_out)
            if file is not None:
                run.write(file)
    return run.history


@dataclass(eq=False)
class _Run:
    network: nn.Module
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: torch.optim.Optimizer
    rate: Callable[[float], float] | None
    asked: dict[str, int]

    def __post_init__(self) -> None:
        self.device = next(self.network.parameters()).device
        if isinstance(self.loss, nn.Module):
            self.loss.to(self.device)
        self.history = History((), 0, self.asked["seed"])
        self.rates = [group["lr"] for group in self.optimizer.param_groups]

    def data(self, dataset: "Dataset[Any]", workers: int) -> "DataLoader[Any]":
        """Of this epoch."""
        seeded = Seeded(dataset, self.asked["seed"], len(self.history.epochs))
        unused = torch.Generator()  # else the global one is drawn from
        return DataLoader(seeded, batch_sampler=self.batches(), num_workers=workers, generator=unused)

    def batches(self) -> list[list[int]]:
        """The order of this epoch. A last batch of one joins the one before: batch norm can't take it."""
        seed = seed_of(self.asked["seed"], "order", len(self.history.epochs))
        order = torch.randperm(self.asked["samples"], generator=torch.Generator().manual_seed(seed))
        found: list[list[int]] = [part.tolist() for part in order.split(self.asked["batch_size"])]
        if len(found) > 1 and len(found[-1]) == 1:
            found[-2:] = [found[-2] + found[-1]]
        return found

    def epoch(self, data: "DataLoader[Any]", tell: Callable[[Step], None] | None) -> None:
        self.network.train()
        total, number, sums, count = self.asked["epochs"] * len(data), len(self.history.epochs), 0.0, 0
        for x, labels in data:
            progress = self.history.steps / total
            if isinstance(self.loss, TreeLoss):
                self.loss.at(progress)
            for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
                group["lr"] = rate * (self.rate(progress) if self.rate else 1)
            value = self._step(x.to(self.device), labels.to(self.device))
            self.history = replace(self.history, steps=self.history.steps + 1)
            sums, count = sums + value * len(x), count + len(x)
            if tell is not None:
                tell(Step(self.history.steps, total, number, value))
        done = Epoch(sums / count, float(getattr(self.loss, "weight", None) or 0))
        self.history = replace(self.history, epochs=(*self.history.epochs, done))

    def _step(self, x: Tensor, labels: Tensor) -> float:
        with untouched(self.device):  # which is a fork_rng
            torch.manual_seed(seed_of(self.asked["seed"], "step", self.history.steps))
            loss = self.loss(self.network(x), labels)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise BadInput(f"the loss is {value} at step {self.history.steps + 1}", "a lower rate may do")
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return value

    def measure(self, held_out: "Dataset[Any]") -> None:
        tree = self.loss.rules.hierarchy if isinstance(self.loss, TreeLoss) else None
        *before, last = self.history.epochs
        found = accuracies(self.network, held_out, tree, batch_size=self.asked["batch_size"])
        self.history = replace(self.history, epochs=(*before, replace(last, held_out=found)))

    def write(self, file: Path) -> None:
        """Whole or not at all."""
        state = {
            "asked": self.asked,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history.as_data(),
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        writing = file.with_suffix(".writing")
        torch.save(state, writing)
        os.replace(writing, file)

    def read(self, file: Path) -> None:
        try:
            state = torch.load(file, map_location=self.device, weights_only=True)
            asked, history = state["asked"], state["history"]
            if asked != self.asked:
                differ = [
                    f"{name} {asked.get(name)}, not {own}" for name, own in self.asked.items() if asked.get(name) != own
                ]
                raise BadInput(
                    f"{file} is of another training: {', '.join(differ)}", "name another folder, or resume=False"
                )
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
        except BadInput:
            raise
        except Exception as error:
            raise BadInput(f"{file} can't be gone on from: {error}", "name another folder, or resume=False") from error
        done = tuple(Epoch(one["loss"], one["weight"], one["held_out"]) for one in history["epochs"])
        self.history = History(done, history["steps"], history["seed"])
