"""Layers of another framework as torch's own look: maps channels first, names, parameters, and a place for hooks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.model.tape import mapped


class View(nn.Module):
    """A layer seen through: called with maps (b,d,r,q) in the place of the layer's own forward, it returns maps
    (b,d,r,q), whatever order of axes the layer itself has. What a hook puts in their place goes on into the network.

    Views of the layers inside are submodules; the layer is none, so that nothing is ever set on it from here.
    """

    def __init__(
        self, layer: nn.Module, parameters: Iterable[tuple[str, nn.Parameter]], *, channels_last: bool
    ) -> None:
        super().__init__()
        self._seen = (layer,)  # in a tuple: else torch would take it for a submodule
        self._last = channels_last
        self._own: list[Callable[..., Any]] = []
        for name, one in parameters:
            setattr(self, free(self, name), one)

    @property
    def layer(self) -> nn.Module:
        return self._seen[0]

    @property
    def kind(self) -> str:
        """The layer's class, as its framework names it."""
        return type(self.layer).__name__

    def instead_of(self, own: Callable[..., Any]) -> Callable[..., Any]:
        """What to call in the place of the layer's own forward, with the layer's own order of axes."""
        self._own[:] = [own]
        if not self._last:
            return self
        return lambda *args, **kwargs: to_last(self(*to_first(args), **to_first(kwargs)))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        (own,) = self._own
        return own(*args, **kwargs) if not self._last else to_first(own(*to_last(args), **to_last(kwargs)))


class LinearView(View):
    """Of a dense layer, or a convolution of single cells, whose `kernel` is (..., d, k)."""

    kernel: Tensor

    @property
    def weight(self) -> Tensor:
        """(k,d), as nn.Linear has it."""
        return self.kernel.flatten(0, -2).T

    @property
    def pointwise(self) -> bool:
        """Whether it sees one cell at a time."""
        return self.kernel[..., 0, 0].numel() == 1


class Adapted(nn.Module, ABC):
    """A network of another framework between torch's modules: pixels (b,c,h,w) in, scores (b,k) out.

    called: its name. told: what is done to it that its user should know, in words. unseen: activations that its
    function calls don't show as such. ends: "sigmoid" where its outputs are logits of as many yes-or-no questions.
    input_size: (h,w), None where it takes any.
    """

    called: str = ""
    told: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    ends: str = ""
    input_size: tuple[int, int] | None = None

    @abstractmethod
    def in_precision(self, dtype: torch.dtype) -> "Adapted":
        """A copy that computes in another precision."""


def to_first(values: Any) -> Any:
    """Tensors (b,r,q,d) as (b,d,r,q), also in tuples, lists and dicts; others as they are."""
    return mapped(values, lambda one: one.permute(0, 3, 1, 2) if _maps(one) else one)


def to_last(values: Any) -> Any:
    return mapped(values, lambda one: one.permute(0, 2, 3, 1) if _maps(one) else one)


def _maps(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 4


def free(module: nn.Module, name: str) -> str:
    """The name as a submodule or a parameter may have it: without dots, and no other's."""
    name = name.replace(".", "/") or "unnamed"
    while hasattr(module, name) or name in module._modules or name in module._parameters:
        name += "_"
    return name
