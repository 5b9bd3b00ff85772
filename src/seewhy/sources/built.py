"""What a source is asked for, and what it gives back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from seewhy.texts.towers import Towers
from seewhy.types import ModelCard, Preprocess


@dataclass(frozen=True)
class Ask:
    """The part of a call of `seewhy.load` that decides how the network is built.

    weights: None for the pretrained ones, "random", or a file. classes: the user's own names, or none.
    size: (h,w) of the input where it is not to be the network's usual one. input, answers: of a function, see
    seewhy.black_box. output: of several, the one that is scores, by name; head: whether the user picks them out.
    channels: how many there are means of, 0 where none is given. trust: whether files that can run code when they are
    read may be read. templates: of a network that takes texts.
    """

    weights: str | Path | None = None
    classes: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    device: torch.device = torch.device("cpu")
    input: Any = None
    answers: Any = None
    output: str | None = None
    head: bool = False
    channels: int = 0
    trust: bool = False
    templates: Any = None

    @property
    def stamp(self) -> str:
        """What the model card says of the weights."""
        return "pretrained" if self.weights is None else str(self.weights)

    def outputs(self, usual: int) -> int:
        """How many classes to build for: pretrained weights have the number they have."""
        return len(self.classes) if self.classes and self.weights is not None else usual


@dataclass(frozen=True, eq=False)
class Built:
    """A network and what its source knows of it. `outputs` None, `preprocess` None or without a mean: not known.

    channels: of its input, so that one number can stand for all. hint: what to do where its normalisation is not known.
    towers: of a network that scores texts against pictures; then its classes are texts.
    """

    module: nn.Module
    card: ModelCard
    preprocess: Preprocess | None = None
    classes: tuple[str, ...] = ()
    outputs: int | None = None
    channels: int | None = None
    hint: str = "give mean=... and std=... (--mean, --std), one number a channel; they have no default"
    towers: Towers | None = None
