"""One face for every classifier: pixels in; scores, gradients and maps out."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import nn

from seewhy.errors import BadOption, Unsupported
from seewhy.model.identity import fingerprint, unwrapped
from seewhy.model.layers import named
from seewhy.model.network import Network
from seewhy.model.recorded import Meter
from seewhy.types import ModelCard, Need, Pixels, Preprocess


@dataclass(frozen=True, eq=False)
class Model(Network):
    """A classifier: the module, how photos become its input, and the names of its classes.

    module: takes normalised (b,c,h,w). mean, std: of its training, one number a channel, for pixels in [0,1]; they
    have no default, since a wrong one gives a plausible picture of the wrong thing. size: (h,w) of its input; None
    takes pixels as they come. resize, mode, interpolation: see types.Preprocess. head: picks the scores (b,k) out of
    an output that is not one tensor. memory: bytes that activations may take at a time.
    """

    size: tuple[int, int] | None = field(default=None, kw_only=True)
    classes: Sequence[str] = field(default=(), kw_only=True)
    resize: int | tuple[int, int] | None = field(default=None, kw_only=True)
    mode: Literal["crop", "squash", "pad"] = field(default="crop", kw_only=True)
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos"] = field(default="bilinear", kw_only=True)
    card: ModelCard = field(default=ModelCard(""), kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.module, nn.Module):
            raise Unsupported(f"{type(self.module).__name__} is no nn.Module", "wrap a torch.nn.Module in seewhy.Model")
        self._set(mean=_numbers(self.mean), std=_numbers(self.std))
        if not self.mean or not self.std:
            raise BadOption(
                "the mean and std of the model's inputs are not known",
                "give those of its training: Model(module, mean=(.485, .456, .406), std=(.229, .224, .225))",
            )
        if len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise BadOption(f"mean {self.mean} with std {self.std}", "one of each a channel, std above 0")
        module = unwrapped(self.module)
        card = self.card if self.card.name else replace(self.card, name=type(module).__name__)
        self._set(module=module, card=card, size=_pair(self.size), classes=tuple(self.classes))

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    # What it is

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def preprocess(self) -> Preprocess:
        return Preprocess(tuple(self.mean), tuple(self.std), self.size, self.resize, self.mode, self.interpolation)

    @property
    def probe_size(self) -> tuple[int, int]:
        return self.size or super().probe_size

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.module, self._known)

    @property
    def offers(self) -> Need:
        return self.offers_for(None)

    def offers_for(self, x: Pixels | None) -> Need:
        """What the model offers for inputs of x's size."""
        census = self.census(x)
        found = Need.SCORES
        found |= Need.GRADIENT if census.differentiable else Need(0)
        found |= Need.MAPS if census.maps else Need(0)
        found |= Need.RELU if census.only_relu else Need(0)
        return found | (Need.POOLED_HEAD if census.head else Need(0))

    def layer(self, asked: str | nn.Module | None, x: Pixels | None = None) -> str:
        """The name of a layer given by name, as a module, or None for the last maps."""
        return named(self.module, asked, self.census(x))

    def find(self, label: str) -> int:
        """The class a label, part of a label or number names."""
        from seewhy.labels import find

        return find(label, self.classes)

    def label(self, index: int | None) -> str:
        if index is None:
            return ""
        return self.classes[index] if index < len(self.classes) else f"class {index}"

    def shared(self) -> "Model":
        """The same model for one call: forwards are recorded once and passes counted anew."""
        return replace(self, memo=[], meter=Meter(tell=self.meter.tell))

    def at(self, precision: str) -> "Model":
        """A copy that computes in float32 or float64; the module itself stays as it is."""
        wanted = {"float32": torch.float32, "float64": torch.float64}.get(precision)
        if wanted is None:
            raise BadOption(f"precision {precision!r}", "use float32 or float64; gradients in bfloat16 are noise")
        if wanted == self.dtype:
            return self
        return replace(self, module=copy.deepcopy(self.module).to(wanted), _known={})


def _numbers(value: Any) -> tuple[float, ...]:
    if value is None:
        return ()
    return tuple(map(float, value)) if hasattr(value, "__iter__") else (float(value),)


def _pair(size: Any) -> tuple[int, int] | None:
    if size is None or isinstance(size, int):
        return (size, size) if isinstance(size, int) else None
    height, width = size
    return int(height), int(width)
