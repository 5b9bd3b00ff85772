"""What a training of a network was like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Epoch:
    """One pass over the data. loss: its mean over samples. weight: of the tree's term at its end. held_out: accuracies
    afterwards of the network, and of the soft and hard rules, where there was something to measure them on."""

    loss: float
    weight: float
    held_out: Mapping[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        return {"loss": self.loss, "weight": self.weight, "held_out": dict(self.held_out)}


@dataclass(frozen=True)
class History:
    """epochs: in their order. steps: of the optimizer. seed: of the order, of what the data and the network draw."""

    epochs: tuple[Epoch, ...]
    steps: int
    seed: int

    def as_data(self) -> dict[str, Any]:
        return {"epochs": [one.as_data() for one in self.epochs], "steps": self.steps, "seed": self.seed}
