"""Watching and changing the functions a network calls, modules and functional calls alike.

A `TorchFunctionMode` sees `nn.ReLU`, `F.relu`, `torch.relu` and `x.relu_()` as the same thing, leaves the user's
modules alone and ends with its `with` block.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

RELU_KINDS = {"relu", "relu6"}
ACTIVATIONS = RELU_KINDS | {
    *("gelu", "silu", "hardswish", "mish", "elu", "selu", "celu", "leaky_relu", "prelu", "rrelu"),
    *("softplus", "tanh", "hardtanh", "logsigmoid", "softsign", "tanhshrink", "threshold"),
}

Rule = Callable[[Tensor, tuple[Any, ...], dict[str, Any]], Tensor]  # (input, other arguments, keywords) -> output


def kind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The function's plain name: `relu_` is `relu`, a clamp or hardtanh from 0 to 6 is `relu6`."""
    name = getattr(function, "__name__", "").removesuffix("_")
    if name not in _BOUNDED:
        return name
    low_name, high_name, *usual = _BOUNDED[name]
    bounds = (_bound(args, kwargs, 1, low_name, usual[0]), _bound(args, kwargs, 2, high_name, usual[1]))
    return {(0.0, None): "relu", (0.0, 6.0): "relu6"}.get(bounds, name)


_BOUNDED: Mapping[str, tuple[Any, ...]] = {
    "hardtanh": ("min_val", "max_val", -1.0, 1.0),
    "clamp": ("min", "max", None, None),
    "clip": ("min", "max", None, None),
    "clamp_min": ("min", "max", None, None),
}


def _bound(args: tuple[Any, ...], kwargs: Mapping[str, Any], at: int, name: str, usual: Any) -> Any:
    found = args[at] if len(args) > at else kwargs.get(name, usual)
    return float(found) if isinstance(found, int | float) else None if found is None else ""  # no number: no ReLU


class Rules(TorchFunctionMode):
    """Calls the rule for a function's kind in the function's place; a rule may have a backward of its own."""

    def __init__(self, table: Mapping[str, Rule]) -> None:
        super().__init__()
        self._table = table

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        found = kind(func, args, kwargs)
        rule = self._table.get(found)
        if rule is None or not args or not isinstance(args[0], Tensor):
            return func(*args, **kwargs)
        kwargs = dict(kwargs)
        name = getattr(func, "__name__", "")
        in_place = bool(kwargs.pop("inplace", False)) or (name.endswith("_") and not name.startswith("__"))
        in_place |= found in RELU_KINDS and args[1:2] == (True,)
        told = ((), {}) if found in RELU_KINDS else (args[1:], kwargs)  # a ReLU's bounds are in its kind
        output = rule(args[0], *told)
        return args[0].copy_(output) if in_place else output


def ruled(table: Mapping[str, Rule] | None) -> AbstractContextManager[Any]:
    """A `with` block in which these rules hold, if any."""
    return Rules(table) if table else nullcontext()


class Watch(TorchFunctionMode):
    """Calls `saw(kind, args, kwargs, output)` behind every function; what it returns, if anything, is the output."""

    def __init__(self, saw: Callable[[str, tuple[Any, ...], dict[str, Any], Any], Any]) -> None:
        super().__init__()
        self._saw = saw

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        replaced = self._saw(kind(func, args, kwargs), args, kwargs, output)
        return output if replaced is None else replaced
