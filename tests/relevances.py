"""Relevance of bare functions of tensors, for the tests of its rules."""

from collections.abc import Callable

import torch
from torch import Tensor

from seewhy.model.relevance import SINKS
from seewhy.model.relevance.presets import Preset
from seewhy.model.relevance.traced import traced
from seewhy.targets import ClassLogit

LOW, HIGH = torch.full((3, 1, 1), -2.0), torch.full((3, 1, 1), 2.5)


def relevance(
    net: Callable[[Tensor], Tensor], x: Tensor, preset: Preset, k: int = 1
) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Values, what each sink absorbed by name, and scores."""
    low, high = (one.to(x) for one in (LOW[: x.shape[1]], HIGH[: x.shape[1]]))
    found = traced(net, x, low, high, preset)
    target = ClassLogit(k).pin(found.outputs.detach(), int)
    values, absorbed, scores = found.relevance(target, torch.arange(len(x)), keep=False)
    return values, dict(zip(SINKS, absorbed.T, strict=True)), scores


def times(x: Tensor, weights: Tensor) -> Tensor:
    """A product that no rule takes for a linear layer."""
    return torch.einsum("bi,ik->bk", x, weights)
