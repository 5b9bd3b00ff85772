"""Whether a network is still what it was at the last look: its modules, their attributes and hooks, its weights."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seewhy.model import members
from seewhy.model.views import View

SAMPLES = 8  # values of each tensor that are looked at for changes
PLAIN = {int, float, bool, str, type(None)}
QUICK = {torch.float32, torch.float64, torch.float16, torch.int64}  # what numpy reads where it lies
_tables = operator.itemgetter("_modules", "_parameters", "_buffers", "_forward_hooks", "_forward_pre_hooks")


@dataclass(eq=False)
class Look:
    """What stood in a module. That all of it is still the same is seen at once, without a walk over the modules."""

    module: nn.Module
    inside: list[nn.Module] = field(init=False)
    structure: int = field(init=False)  # another when a module is replaced, given other attributes or other hooks
    _places: list[int] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.inside = members.modules(self.module)
        views = (one.layer for one in self.inside if isinstance(one, View))
        self._owns = [vars(one) for one in (*self.inside, *views)]
        self._all = list(chain.from_iterable(map(_tables, self._owns)))
        self._filled = [table for table in self._all if table]
        self._sizes, self._held = self._now()
        self.structure = hash(tuple(chain.from_iterable(map(_marks, self._owns))))
        self._state = [*members.parameters(self.inside), *members.buffers(self.inside)]

    def _now(self) -> tuple[list[int], list[Any]]:
        return list(map(len, self._all)), [*chain.from_iterable(map(dict.values, (*self._owns, *self._filled)))]

    def holds(self) -> bool:
        """Whether all that was seen is there still, and nothing else."""
        sizes, held = self._now()
        return sizes == self._sizes and len(held) == len(self._held) and all(map(operator.is_, held, self._held))

    def weights(self) -> Any:
        """What changes when weights or buffers do.

        PyTorch counts changes, but not those made through `.data`: so some values of each tensor are in it too.
        """
        places = [one.data_ptr() for one in self._state]
        if places != self._places:
            self._places, self._samples = places, Samples(self._state)
        return tuple(places), tuple([one._version for one in self._state]), self._samples.now()


def looked(module: nn.Module, known: dict[Any, Any]) -> Look:
    """The last look at the module, or a new one where that no longer holds."""
    last = known.get("look")
    if not isinstance(last, Look) or last.module is not module or not last.holds():
        known["look"] = last = Look(module)
    return last


def _marks(own: dict[str, Any]) -> list[Any]:
    """Of what stands in one module; not of its mode, which each call sets anew."""
    found = [value if type(value) in PLAIN else id(value) for name, value in own.items() if name != "training"]
    return found + [id(value) for table in _tables(own) for value in table.values()]


class Samples:
    """A few values of each tensor, where they lie."""

    def __init__(self, state: Sequence[Tensor]) -> None:
        self._quick: dict[torch.dtype, list[Any]] = {}
        self._others: list[Tensor] = []
        for one in state:
            if not one.numel():
                continue
            some = _some(one.detach())
            if type(some) is Tensor and some.device.type == "cpu" and some.dtype in QUICK:
                self._quick.setdefault(some.dtype, []).append(some.numpy())
            else:
                self._others.append(some)

    def now(self) -> bytes:
        found = [np.concatenate(some).tobytes() for some in self._quick.values()]
        if self._others:
            wide = [one if one.dtype == torch.float32 else one.float() for one in self._others]
            found.append(torch.cat(wide).cpu().numpy().tobytes())
        return b"".join(found)


def _some(tensor: Tensor) -> Tensor:
    """A view of a few values that lie far from one another."""
    flat = tensor.view(-1) if tensor.is_contiguous() else tensor
    while flat.ndim > 1:
        flat = flat.select(-1, 0)
    return flat[:: max(1, len(flat) // SAMPLES)][:SAMPLES]
