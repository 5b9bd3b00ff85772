"""Each function that a network calls on what comes from pixels, with the rule of that function in its place."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial, wraps
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from seewhy.errors import Unsupported
from seewhy.model.relevance.norms import scale_and_shift
from seewhy.model.relevance.operators import Linear, Operator, convolution
from seewhy.model.relevance.pooled import pooled
from seewhy.model.relevance.presets import Rule
from seewhy.model.relevance.rules import Scheme
from seewhy.model.relevance.run import Run, Twin
from seewhy.model.relevance.structure import ELSE, MOVES
from seewhy.model.rules import RELU_KINDS, kind
from seewhy.model.tape import QUERIES, leaves, mapped

FIRST = ("condition", "query", "tensors", "input")  # what functions call their first argument
CONVOLUTIONS = {f"conv{how}{n}d" for how in ("", "_transpose") for n in (1, 2, 3)}
OTHER_NAMES = {
    **{f"__{how}add_": "add" for how in ("", "i", "r")},
    **{f"__{how}mul_": "mul" for how in ("", "i", "r")},
    **{f"__{how}sub_": "sub" for how in ("", "i")},
    **{f"__{how}truediv_": "div" for how in ("", "i")},
    "__rsub_": "rsub",
    "__matmul_": "matmul",
    "__neg_": "neg",
    "__pow_": "pow",
    "__abs_": "abs",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "true_divide": "div",
}


@dataclass(frozen=True, eq=False)
class Waiting:
    """A layer that was computed and has no backward yet: it is one with a batch norm, a rectifier and a pooling by
    maxima behind it."""

    x: Tensor
    operator: Operator
    z: Tensor
    rule: Rule
    rectified: bool = False

    @property
    def scales(self) -> bool:
        """Whether a batch norm behind it can be taken along."""
        return self.operator.scales and not self.rectified


class _Unseen(torch.autograd.Function):
    """Stands for a layer's output until it is known what comes behind."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, z: Tensor) -> Tensor:
        return z.detach()

    @staticmethod
    def backward(ctx: Any, c: Tensor) -> Any:
        raise Unsupported("the network computes something by code that PyTorch's function calls don't show", ELSE)


class Relevance(TorchFunctionMode):
    """A `with` block in which gradients are relevance over value. Raises Unsupported where a function has no rule."""

    def __init__(self, run: Run, scheme: Scheme) -> None:
        super().__init__()
        self._run, self._table, self._scheme = run, scheme.table, scheme
        self._waiting: Any = WeakIdKeyDictionary()  # output -> Waiting
        self._made: Any = WeakIdKeyDictionary()  # output -> the same with a backward

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        asked = getattr(func, "__name__", "")
        if asked in QUERIES and not (asked == "__get__" and isinstance(func(*args), Tensor)):
            return func(*args, **kwargs)
        if not args and (named := [one for one in FIRST if one in kwargs]):
            args = (kwargs.pop(named[0]),)
        if "axis" in kwargs:
            kwargs["dim"] = kwargs.pop("axis")
        name = kind(func, args, kwargs)
        name = OTHER_NAMES.get(name, name)
        if name == "batch_norm":
            return self._batch_norm(func, *args, **kwargs)
        if name in ("relu", "max_pool2d") and (behind := self._behind(name, func, args, kwargs)) is not None:
            return behind
        settled, first = partial(self.settled, rectified=name in RELU_KINDS), args[0] if args else None
        args, kwargs = mapped(args, settled), mapped(kwargs, settled)
        if name == "view" and _laid_otherwise(args[0]):
            args = (args[0].contiguous(), *args[1:])
        if not any(isinstance(one, Tensor) and one.requires_grad for one in leaves((args, kwargs))):
            return func(*args, **kwargs)
        if not torch.is_grad_enabled():
            raise Unsupported(
                "the network turns gradients off in a part of itself, or brings a backward of its own", ELSE
            )
        if name in CONVOLUTIONS or name == "linear":
            return self._layer(name, *args, **kwargs)
        found = self._ruled(name, func, args, kwargs)
        if found is not None and args and found is args[0] is not first:  # changed in place
            self._made[first] = found
        return found

    def _behind(self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A rectifier or a pooling by maxima taken along by the layer that waits before it; None where there is none.

        What a rule sends is a share of z, so that nothing is sent from where z is rectified; and of a pooling's
        window only from where the maximum lies.
        """
        waiting: Waiting | None = None if not args or args[0] in self._made else self._waiting.get(args[0])
        if waiting is None or not torch.is_grad_enabled() or "out" in kwargs:
            return None
        if name == "max_pool2d":
            found = pooled(waiting.operator, waiting.z, *args[1:], **kwargs)
            return found and self._wait(replace(waiting, operator=found[0], z=found[1]))
        with torch.no_grad():
            y = func(waiting.z, *args[1:], **kwargs)
        waiting = replace(waiting, z=y, rectified=True)
        if y.data_ptr() != args[0].data_ptr():
            return self._wait(waiting)
        self._waiting[args[0]] = waiting
        return args[0]

    def settled(self, value: Any, *, rectified: bool = False) -> Any:
        """A layer's output with its backward, now that it is known that no batch norm comes behind it.

        rectified: only what is above zero is asked for.
        """
        if not isinstance(value, Tensor):
            return value
        if value in self._made:
            return self._made[value]
        waiting: Waiting | None = self._waiting.get(value)
        if waiting is None:
            return value
        rule, operator, x, z = waiting.rule, waiting.operator, waiting.x, waiting.z
        made = self._scheme.layer(self._run, rule, operator, x, z, rectified=rectified or waiting.rectified)
        if waiting.rectified or not rectified:
            self._made[value] = made
        return made

    def _ruled(self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        rule = self._table.get(name)
        if kwargs.pop("out", None) is not None:
            raise Unsupported(f"lrp has no rule for {name!r} into a tensor that is there", ELSE)
        if rule is None:
            return self._unknown(name, func(*args, **kwargs))
        if _in_place(func, args, kwargs) and name != "__setitem_":
            self._run.twins.pop(args[0], None)
            own = func if self._scheme.native(name, args) else None
            return own(*args, **kwargs) if own else args[0].copy_(rule(self._run, _of_a_copy(func), *args, **kwargs))
        found = rule(self._run, func, *args, **kwargs)
        if (name in MOVES or name == "pad") and isinstance(args[0], Tensor) and args[0] in self._run.twins:
            self._move_twin(func, args, kwargs, found)
        return found

    def _layer(self, name: str, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if any(isinstance(one, Tensor) and one.requires_grad for one in leaves((args, kwargs))):
            raise Unsupported("lrp has no rule for a layer whose weights come from the picture", ELSE)
        if name == "linear":
            given = dict(zip(("weight", "bias"), args, strict=False)) | kwargs
            operator: Operator = Linear.of(given["weight"], given.get("bias"))
            rule = self._run.preset.linear
        else:
            if x.ndim < int(name.removesuffix("d")[-1]) + 2:  # one image, without an axis for it
                x = self.__torch_function__(torch.unsqueeze, (), (x, 0))
                found: Tensor = self.settled(self._layer(name, x, *args, **kwargs)).squeeze(0)
                return found
            operator, rule = convolution(name, x, args, kwargs), self._run.preset.convolution
        with torch.no_grad():
            z = operator.output(x)
        return self._wait(Waiting(x, operator, z, rule))

    def _batch_norm(self, func: Callable[..., Any], x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        waiting: Waiting | None = None if x in self._made else self._waiting.get(x)
        if waiting is None and not self.settled(x).requires_grad:  # of weights
            found: Tensor = func(x, *args, **kwargs)
            return found
        norm = _norm(func, *args, **kwargs)
        if waiting is None or not waiting.scales or waiting.operator.channel % x.ndim != 1:
            found = self._table["batch_norm"](self._run, func, self.settled(x), *norm)
            return found
        with torch.no_grad():
            z = func(x, *args, **kwargs)
        operator = waiting.operator.scaled(*scale_and_shift(*norm))
        return self._wait(Waiting(waiting.x, operator, z, waiting.rule))

    def _wait(self, waiting: Waiting) -> Tensor:
        output: Tensor = _Unseen.apply(waiting.x, waiting.z)
        self._waiting[output] = waiting
        return output

    def _move_twin(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], found: Any) -> None:
        """Pixels that are only moved are pixels still."""
        twin: Twin = self._run.twins[args[0]]
        each = [func(one, *args[1:], **kwargs) for one in (twin.values, twin.low, twin.high, twin.there)]
        outputs = [found] if isinstance(found, Tensor) else found
        parts = [[one] if isinstance(found, Tensor) else one for one in each]
        for output, *own in zip(outputs, *parts, strict=True):
            self._run.twins[output] = Twin(*own)

    def _unknown(self, name: str, found: Any) -> Any:
        if any(isinstance(one, Tensor) for one in leaves(found)):
            raise Unsupported(f"lrp has no rule for the function {name!r}, which the network calls", ELSE)
        return found


def _laid_otherwise(x: Tensor) -> bool:
    """Whether a layer here has put the channels last in memory, which not every view can be had of."""
    return x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


def _norm(func: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """Mean, variance, weight, bias and epsilon of a batch norm that is called with these, its input aside."""
    if func is torch.batch_norm:
        weight, bias, mean, var, training, _, eps = args[:7]
    else:
        names = ("running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
        given = dict(zip(names, args, strict=False)) | kwargs
        mean, var, weight, bias = (given.get(name) for name in names[:4])
        training, eps = given.get("training", False), given.get("eps", 1e-5)
    if training or mean is None:
        raise Unsupported("lrp has no rule for a batch norm by the statistics of its own batch", ELSE)
    return mean, var, weight, bias, eps


@cache
def _inplace_at(func: Callable[..., Any]) -> int | None:
    """Which argument of a function of torch.nn.functional says that it works in place."""
    own = getattr(F, getattr(func, "__name__", ""), None)
    try:
        names = list(inspect.signature(own).parameters) if own is func else []
    except (TypeError, ValueError):
        names = []
    return names.index("inplace") if "inplace" in names else None


def _in_place(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    name = getattr(func, "__name__", "")
    if name.startswith("__"):
        return name.startswith("__i") and name != "__invert__"
    at = _inplace_at(func)
    asked = kwargs.get("inplace", args[at] if at is not None and len(args) > at else False)
    return name.endswith("_") or bool(asked)


def _of_a_copy(func: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(func)
    def copied(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return func(x.clone(), *args, **kwargs)

    return copied
