"""Watching and changing the functions a network calls, modules and functional calls alike.

A `TorchFunctionMode` sees `nn.ReLU`, `F.relu`, `torch.relu` and `x.relu_()` as the same thing, leaves the user's
modules alone and ends with its `with` block.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

RELU_KINDS = {"relu", "relu6"}
ACTIVATIONS = RELU_KINDS | {
    *("gelu", "silu", "hardswish", "mish", "elu", "selu", "celu", "leaky_relu", "prelu", "rrelu"),
    *("softplus", "tanh", "hardtanh", "logsigmoid", "softsign", "tanhshrink"),
}

Rule = Callable[[Tensor, tuple[Any, ...], dict[str, Any]], Tensor]  # (input, other arguments, keywords) -> output


def kind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The function's plain name: `relu_` is `relu`, a hardtanh from 0 to 6 is `relu6`."""
    name = getattr(function, "__name__", "").removesuffix("_")
    if name == "hardtanh":
        low = kwargs.get("min_val", args[1] if len(args) > 1 else -1.0)
        high = kwargs.get("max_val", args[2] if len(args) > 2 else 1.0)
        return "relu6" if (low, high) == (0, 6) else name
    return name


class Rules(TorchFunctionMode):
    """Calls the rule for a function's kind in the function's place; a rule may have a backward of its own."""

    def __init__(self, table: Mapping[str, Rule]) -> None:
        super().__init__()
        self._table = table

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        rule = self._table.get(kind(func, args, kwargs))
        if rule is None or not args or not isinstance(args[0], Tensor):
            return func(*args, **kwargs)
        kwargs = dict(kwargs)
        name = getattr(func, "__name__", "")
        in_place = bool(kwargs.pop("inplace", False)) or (name.endswith("_") and not name.startswith("__"))
        in_place |= kind(func, args, kwargs) in RELU_KINDS and args[1:2] == (True,)
        output = rule(args[0], args[1:], kwargs)
        return args[0].copy_(output) if in_place else output


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
