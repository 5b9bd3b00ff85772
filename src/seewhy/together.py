"""Maps of several targets from the same passes."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor

from seewhy.model import Model
from seewhy.rng import Rng
from seewhy.targets import Pinned
from seewhy.types import Map, Pixels


class Together(ABC):
    """A method that looks at the same variants of an image whatever the target, so that targets share each forward.

    Tensors of several targets have a first axis k: gradients are (k,b,c,h,w), and arithmetic with an image's own
    (b,c,h,w) goes on as if there were one. A target's map is the same alone and together with others.
    """

    goes_on: ClassVar[bool] = False  # from its Map's state, which an earlier call left in `model.course.left`

    @abstractmethod
    def for_targets(self, model: Model, x: Pixels, targets: Sequence[Pinned], rng: Rng) -> list[Map]:
        """A Map a target."""

    def __call__(self, model: Model, x: Pixels, target: Pinned, rng: Rng) -> Map:
        return self.for_targets(model, x, [target], rng)[0]

    def __init_subclass__(cls) -> None:
        if "__call__" in vars(cls):  # it would be passed by
            raise TypeError(f"{cls.__name__} computes targets together: override for_targets, not __call__")


def passing(model: Model, targets: Sequence[Pinned]) -> Model:
    """The model for pictures that are met once: a forward is kept for these targets and no longer."""
    return replace(model, memo=[] if len(targets) > 1 else None)


def difference(model: Model, x: Pixels, starts: Sequence[Pixels], targets: Sequence[Pinned]) -> Tensor:
    """What each score gains from where a method starts, on the mean over its starts, to the images: (k,b)."""
    return own_scores(model, x, targets) - model.scores(starts, targets).mean(-1)


def own_scores(model: Model, x: Pixels, targets: Sequence[Pinned]) -> Tensor:
    """The scores of the images themselves (k,b), by the forward that the call began with."""
    outputs = model.outputs(x)
    return torch.stack([one(outputs) for one in targets])
