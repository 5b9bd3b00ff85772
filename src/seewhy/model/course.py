"""How a call that samples goes on: who hears of it, who may end it, and where an earlier call left off."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from seewhy.types import Map


@dataclass(frozen=True)
class Course:
    """tell: hears of samples done and asked for, over all images. stopped: asked before each block of samples is made;
    once it says yes, what was sampled so far is the result. look: hears after each chunk of how to have the maps of so
    far, one a target. left: sums of an earlier call, by the key of their target.
    """

    tell: Callable[[int, int], None] | None = None
    stopped: Callable[[], bool] = lambda: False
    look: Callable[[Callable[[], Sequence[Map]]], None] | None = None
    left: Mapping[Hashable, Mapping[str, Tensor]] = field(default_factory=dict)
