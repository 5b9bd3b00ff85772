"""Of each network a second one with the same weights, for looks that are not to wait for the work."""

from copy import deepcopy
from dataclasses import replace
from threading import Lock
from typing import Any

from torch import nn

from seewhy.model import Model
from seewhy.model.trace import alone
from seewhy.model.views import Adapted
from seewhy.texts import TextModel


class Twins:
    """A module serves one thread at a time, from the first pass of an explanation to its last."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[Model, Model]] = {}
        self._lock = Lock()

    def __call__(self, model: Model) -> Model:
        """Waits for the work once, if that began before the twin was made."""
        with self._lock:
            if id(model) not in self._made:
                self._made[id(model)] = model, twin(model)  # the model too, so that no other gets its id
            return self._made[id(model)][1]


def twin(model: Model) -> Model:
    """A model of a module of its own, whose weights lie in the same memory; the model itself, where nothing is known of
    what it is made of: functions, and other frameworks' networks."""
    if type(model) not in (Model, TextModel) or model.opaque or isinstance(model.module, Adapted):
        return model
    with alone(model.module):
        weights = model.module.parameters()
        memo: dict[int, Any] = {id(one): nn.Parameter(one.detach(), requires_grad=False) for one in weights}
        try:
            module = deepcopy(model.module, memo)
        except Exception:  # a module may hold anything, also what can't be copied
            return model
    own: dict[str, Any] = {"encoded": {}} if isinstance(model, TextModel) else {}
    return replace(model, module=module, _known={}, **own)
