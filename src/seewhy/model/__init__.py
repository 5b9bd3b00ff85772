"""One face for every classifier: pixels in; scores, gradients and maps out."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from seewhy.asked import listed, number, one_of, whole
from seewhy.errors import BadOption, Unsupported
from seewhy.model.census import Census
from seewhy.model.compiling import Compiling
from seewhy.model.half import Compared
from seewhy.model.identity import fingerprint, in_precision, title, unwrapped
from seewhy.model.layers import named
from seewhy.model.network import Network
from seewhy.model.opaque import Opaque
from seewhy.model.recorded import Meter
from seewhy.model.views import Adapted
from seewhy.scores import distributions
from seewhy.types import ModelCard, Need, Pixels, Preprocess

LONGEST = 2**15  # pixels of a side


@dataclass(frozen=True, eq=False)
class Model(Network):
    """A classifier: the module, how photos become its input, and the names of its classes.

    module: takes normalised (b,c,h,w). mean, std: of its training, one number a channel, for pixels in [0,1]; they
    have no default, since a wrong one gives a plausible picture of the wrong thing. size: (h,w) of its input; None
    takes pixels as they come. resize, mode, interpolation: see types.Preprocess. head: picks the scores (b,k) out of
    an output that is not one tensor. memory: bytes that activations may take at a time. compile: long runs of scores
    are tried by torch.compile, too, and go on with what is faster.
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
        self._set(mean=channels(self.mean, "mean"), std=channels(self.std, "std"))
        if not self.mean or not self.std:
            raise BadOption(
                "the mean and std of the model's inputs are not known",
                "give those of its training: Model(module, mean=(.485, .456, .406), std=(.229, .224, .225))",
            )
        if len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise BadOption(f"mean {self.mean} with std {self.std}", "one of each a channel, std above 0")
        module = unwrapped(self.module)
        card = self.card if self.card.name else replace(self.card, name=title(module))
        size = module.input_size if self.size is None and isinstance(module, Adapted) else self.size
        self._set(module=module, card=card, size=pair(size), classes=names(self.classes), resize=self._resize())
        one_of(self.mode, "mode", ("crop", "squash", "pad"))
        one_of(self.interpolation, "interpolation", ("nearest", "bilinear", "bicubic", "lanczos"))
        callable_or_none(self.head)
        if self.memory is not None:
            self._set(memory=whole(self.memory, "memory", low=1))

    def _resize(self) -> int | tuple[int, int] | None:
        if self.resize is None or isinstance(self.resize, tuple | list):
            return pair(self.resize, "resize")
        return whole(self.resize, "resize", 1, LONGEST)  # of the shorter side: not a square

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
    def precision(self) -> str:
        """What variants are scored in: the module's own, unless `at("bfloat16")` says otherwise."""
        return str(self.dtype if self.compared is None else torch.bfloat16).removeprefix("torch.")

    @property
    def probe_size(self) -> tuple[int, int]:
        return self.size or super().probe_size

    @property
    def fingerprint(self) -> str:
        return self.opaque.fingerprint if self.opaque else fingerprint(self.module, self._known)

    @property
    def opaque(self) -> Opaque | None:
        """The module, where it can't be looked into."""
        return self.module if isinstance(self.module, Opaque) else None

    @property
    def usual(self) -> Sequence[float]:
        """The mean of the pixels it was trained on, one a channel; nothing where that is not known, as of functions."""
        plain = self.opaque is not None and not any(self.mean) and set(self.std) == {1.0}
        return () if plain else self.mean

    @property
    def offers(self) -> Need:
        return self.offers_for(None)

    def offers_for(self, x: Pixels | None) -> Need:
        """What the model offers for inputs of x's size."""
        census = self.census(x)
        found = Need.SCORES
        found |= Need.GRADIENT if census.differentiable else Need(0)
        found |= Need.BIASES if census.differentiable and not isinstance(self.module, Adapted) else Need(0)
        found |= Need.MAPS if census.maps else Need(0)
        found |= Need.RELU if census.only_relu else Need(0)
        found |= Need.ATTENTION if census.attention else Need(0)
        return found | (Need.POOLED_HEAD if census.head else Need(0))

    def layer(self, asked: str | nn.Module | None, x: Pixels | None = None) -> str:
        """The name of a layer given by name, as a module, or None for the last maps."""
        return named(self.module, asked, self.census(x))

    def find(self, label: str) -> int:
        """The class a label, part of a label or number names."""
        from seewhy.labels import find

        return find(label, self.classes)

    def check_names(self, outputs: Tensor) -> Tensor:
        """The outputs (b,k,...), where every one has a name or none has: else names would stand at wrong places."""
        if outputs.ndim > 1 and self.classes and len(self.classes) != outputs.shape[1]:
            raise BadOption(
                f"{len(self.classes)} class names for {outputs.shape[1]} scores", "give one name a score, or none"
            )
        return outputs

    def label(self, index: int | None) -> str:
        if index is None:
            return ""
        return self.classes[index] if index < len(self.classes) else f"class {index}"

    def likely(self, answers: Tensor) -> Tensor:
        """Which rows (b,) of a function's answers (b,k) are probabilities."""
        return self.opaque.likely(answers) if self.opaque else distributions(answers)

    def shared(self) -> Self:
        """The same model for one call: forwards are recorded once and passes counted anew."""
        made = copy.copy(self)  # not replace, which would check all of it again
        compared = None if self.compared is None else Compared()
        compiling = Compiling() if self.compile else None
        made._set(memo=[], meter=Meter(tell=self.meter.tell), compared=compared, compiling=compiling)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """With a module of its own, which is looked at anew: what was made of the other's can't be copied."""
        made = self.shared()
        made._set(module=copy.deepcopy(self.module, memo), _known={}, memo=None if self.memo is None else [])
        memo[id(self)] = made
        return made

    def at(self, precision: str) -> "Model":
        """A copy that computes in float32 or float64, or scores variants in bfloat16; the module stays as it is."""
        one_of(precision, "precision", ("float32", "float64", "bfloat16"))
        if self.opaque and precision != self.precision:
            raise Unsupported(f"precision {precision!r} for {self.name}: {self.opaque.why}", "leave precision out")
        if precision == "bfloat16":
            if self.dtype != torch.float32:
                raise Unsupported(f"precision 'bfloat16' for a network in {self.precision}", "load it in float32")
            return replace(self, compared=Compared())
        wanted = getattr(torch, precision)
        if wanted == self.dtype:
            return replace(self, compared=None) if self.compared else self
        return replace(self, module=in_precision(self.module, wanted), compared=None, _known={})

    def wide(self) -> "Model":
        """A float64 copy for a part of a call: passes count here, and layers known here need no second probe."""
        if self.dtype == torch.float64:
            return self
        grown = torch.float64.itemsize // self.dtype.itemsize
        seen = {size: one for size, one in self._known.items() if isinstance(one, Census)}
        known = {
            size: replace(one, bytes_per_image=grown * one.bytes_per_image, tape=None) for size, one in seen.items()
        }
        return replace(self.at("float64"), memo=None, _known=known)


def channels(value: Any, what: str) -> tuple[float, ...]:
    """One number a channel; a number alone is that of a grey input. Nothing where nothing is known."""
    if value is None:
        return ()
    several = isinstance(value, str | bytes) or hasattr(value, "__len__")
    given = listed(value, what, "give one number a channel") if several and not _alone(value) else [value]
    return tuple(number(one, f"{what} of a channel") for one in given)


def pair(value: Any, what: str = "size") -> tuple[int, int] | None:
    """(height, width) in pixels; a whole number is both."""
    if value is None:
        return None
    if not hasattr(value, "__len__") or _alone(value):
        side = whole(value, what, 1, LONGEST)
        return side, side
    both = listed(value, what, "give (height, width)")
    if len(both) != 2:
        raise BadOption(f"{what} is {value!r}", "give (height, width)")
    return whole(both[0], what, 1, LONGEST), whole(both[1], what, 1, LONGEST)


def names(value: Any) -> tuple[str, ...]:
    """Names of classes, in the order of the scores."""
    if value is None:
        return ()
    found = listed(value, "classes", "give a list of names, one a score")
    if strange := [one for one in found if not isinstance(one, str)]:
        raise BadOption(f"a class is called {strange[0]!r}", "give a list of names, one a score")
    return tuple(found)


def callable_or_none(head: Any) -> Any:
    if head is not None and not callable(head):
        raise BadOption(f"head is {head!r}", "give a function of the model's output that returns scores (b,k)")
    return head


def _alone(value: Any) -> bool:
    """Whether this is a number in an array or a tensor."""
    return getattr(value, "ndim", None) == 0
