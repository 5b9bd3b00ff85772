"""The attention of any network, seen where it is computed: in fused calls, nn.MultiheadAttention, plain products."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import Any
from weakref import ref

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from seewhy.model.attention import AttentionArgs
from seewhy.model.fused import Attention, FusedArgs, fused, multi_head
from seewhy.model.linear import linear
from seewhy.model.trace import running


class Calls(list[Attention]):
    """Calls in their order. unfollowed: layers with a softmax over tokens or the like that no product was seen to use,
    by a number for each."""

    def __init__(self) -> None:
        super().__init__()
        self.unfollowed: dict[int, str] = {}


@contextmanager
def attending(module: nn.Module, cut: int | None = None, *, quick: bool = False) -> Iterator[Calls]:
    """The calls of attention of the forwards in this block, in their order.

    cut: start the graph at what the cut-th of them returns, counted from 0; nothing before it is kept for a backward.
    The caller's no_grad block ends what this sets. quick: linear layers by what is quickest, to their rounding; else
    watching changes nothing.
    """
    with running(module) as stack:
        mode = _Attending(stack, cut, quick)
        with mode:
            yield mode.calls


@dataclass(frozen=True, eq=False)
class _Mark:
    """Of a tensor on its way from a product of queries and keys through softmaxes to a product with values."""

    query: Tensor | None = None
    key: Tensor | None = None
    softmaxes: frozenset[int] = frozenset()  # that it came through

    def __or__(self, other: "_Mark") -> "_Mark":
        first = self if self.query is not None else other
        return _Mark(first.query, first.key, self.softmaxes | other.softmaxes)


@dataclass(eq=False)
class _Marks:
    known: dict[int, tuple[Any, _Mark]] = field(default_factory=dict)

    def of(self, value: Any) -> _Mark | None:
        found = self.known.get(id(value))
        return found[1] if found is not None and found[0]() is value else None

    def put(self, value: Any, mark: _Mark) -> None:
        self.known[id(value)] = (ref(value), mark)


PRODUCTS = {"matmul", "bmm", "__matmul_"}


class _Attending(TorchFunctionMode):
    """Sees all functions; only nn.MultiheadAttention's is computed in another way, to the same numbers."""

    def __init__(self, stack: Sequence[str], cut: int | None, quick: bool) -> None:
        super().__init__()
        self.calls = Calls()
        self._stack, self._cut, self._linear = stack, cut, linear if quick else F.linear
        self._marks = _Marks()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.multi_head_attention_forward:
            own = AttentionArgs(*args, **kwargs)
            if own.followed:
                return multi_head(own, self._kept, self._linear)
        output = (self._linear if func is F.linear else func)(*args, **kwargs)
        if func is F.scaled_dot_product_attention:
            return self._kept(fused(FusedArgs(*args, **kwargs), output))
        if isinstance(output, Tensor) and output.ndim >= 3:
            return self._follow(getattr(func, "__name__", "").removesuffix("_"), args, kwargs, output)
        return output

    def _kept(self, call: Attention) -> Tensor:
        """What the network goes on with: a copy, since it may add to it in place."""
        if len(self.calls) == self._cut and not call.out.requires_grad:
            call = replace(call, out=call.out.detach().requires_grad_())
            torch.set_grad_enabled(True)
        self.calls.append(replace(call, layer=self._layer))
        return call.out.clone()

    @property
    def _layer(self) -> str:
        return self._stack[-1] if self._stack else ""

    def _follow(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> Tensor:
        if name in PRODUCTS and len(args) > 1 and isinstance(args[1], Tensor):
            weights, value = args[:2]
            own = self._marks.of(weights)
            if own is not None and own.softmaxes and weights.shape[-1] == value.shape[-2]:
                for one in own.softmaxes:
                    self.calls.unfollowed.pop(one, None)
                return self._kept(Attention("", value, output, own.query, own.key, shown=weights))
            self._marks.put(output, _Mark(weights, value.transpose(-2, -1)))
            return output
        marks = [mark for one in args if (mark := self._marks.of(one)) and one.numel() == output.numel()]
        if name == "softmax" and last_axis(args, kwargs, output.ndim):
            number = len(self._marks.known)
            self.calls.unfollowed[number] = self._layer
            marks.append(_Mark(softmaxes=frozenset({number})))
        if marks:
            self._marks.put(output, reduce(or_, marks))  # masked, dropped, mixed among heads, gated, turned
        return output


def last_axis(args: Sequence[Any], kwargs: dict[str, Any], ndim: int) -> bool:
    """Whether a softmax runs over the last axis."""
    axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
    return isinstance(axis, int) and axis % ndim == ndim - 1
