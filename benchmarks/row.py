"""What a row of the table is: what ours does, what each peer does, and how near they must be before a clock starts."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from benchmarks.networks import copied
from seewhy import Model


class WrongAnswer(Exception):
    """Ours and a peer's answers differ by more than the row allows: no figure of the row is kept."""


@dataclass(frozen=True, eq=False)
class Case:
    """A row's network and photos.

    most: an upper bound of samples, steps and classes, for a quick look. stands_in: for the row's own network and
    photos, which options that were found for these don't fit.
    """

    model: Model
    x: Tensor  # (b,3,h,w) in [0,1]
    layer: str | None = None
    most: int | None = None
    stands_in: bool = False

    def few(self, n: int) -> int:
        return n if self.most is None else min(n, self.most)

    @property
    def classes(self) -> list[int]:
        """The predicted class of each image."""
        return [ranked[0] for ranked in self._ranked]

    def top(self, k: int) -> list[int]:
        """The first image's k likeliest classes."""
        return self._ranked[0][: self.few(k)]

    def copy(self, setting: "Setting", *, inplace: bool = True) -> torch.nn.Sequential:
        return copied(self.model, frozen=setting.frozen, inplace=inplace).to(self.x.device)

    @cached_property
    def _ranked(self) -> list[list[int]]:  # once, and not under the clock
        with self.model.frozen():
            return self.model.outputs(self.x).argsort(1, descending=True).tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Setting:
    """How a peer is run. batch: images or samples at a time. rows: images that it then holds at once."""

    name: str
    batch: int | None = None
    frozen: bool = True
    rows: int = 1


@dataclass(frozen=True)
class Gate:
    difference: float
    tolerance: float
    how: str

    @property
    def holds(self) -> bool:
        return self.difference <= self.tolerance  # never of a NaN


Call = Callable[[], Any]


def nothing(case: Case) -> AbstractContextManager[Any]:
    return nullcontext()


@dataclass(frozen=True)
class Peer:
    """One rival of a row.

    make: from a case and a setting to the call that is timed. settings: its default, then the likeliest best, then
    others that are tried. compare: a case, our answer, its answer. same: what gives it our draws while answers are
    compared. target: how many times ours should be faster; with at_most, how many times its time ours may take.
    gain: what the target is multiplied with, measured on the case.
    """

    name: str
    package: str
    target: float
    make: Callable[[Case, Setting], Call]
    compare: Callable[[Case, Any, Any], Gate]
    settings: tuple[Setting, ...] = (Setting("as it comes"),)
    same: Callable[[Case], AbstractContextManager[Any]] = nothing
    at_most: bool = False
    gain: Callable[[Case], float] | None = None
    gain_name: str = ""


@dataclass(frozen=True)
class Row:
    """passes: forwards, and forwards with a backward, that an image needs at least: for the distance to the limit.

    layer: a role that the network names. fill: instead of peers, what fills the row. whole: its gate means nothing
    with fewer samples, so that a quick look takes all of them. digits: so many stand in for its photos, where what the
    gate looks at is chance over few. headline: quoted in the README.
    """

    id: str
    what: str
    network: str
    ours: Callable[[Case], Any] | None = None
    peers: tuple[Peer, ...] = ()
    layer: str | None = None
    images: int = 1
    passes: tuple[int, int] | None = None
    fill: Callable[..., dict[str, Any]] | None = None
    whole: bool = False
    digits: int | None = None
    headline: bool = False
