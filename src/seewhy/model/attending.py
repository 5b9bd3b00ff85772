"""The attention of any network, seen where it is computed: in fused calls, nn.MultiheadAttention, plain products."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import ref

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from seewhy.model.attention import AttentionArgs
from seewhy.model.fused import Attention, FusedArgs, fused, multi_head
from seewhy.model.trace import running


@contextmanager
def attending(module: nn.Module, cut: int | None = None) -> Iterator[list[Attention]]:
    """The calls of attention of the forwards in this block, in their order.

    cut: start the graph at what the cut-th of them returns, counted from 0; nothing before it is kept for a backward.
    The caller's no_grad block ends what this sets.
    """
    with running(module) as stack:
        mode = _Attending(stack, cut)
        with mode:
            yield mode.calls


@dataclass(eq=False)
class _Mark:
    """Of a tensor on its way from a product of queries and keys through a softmax to a product with values."""

    query: Tensor | None = None
    key: Tensor | None = None
    weights: bool = False  # behind the softmax


@dataclass(eq=False)
class _Marks:
    known: dict[int, tuple[Any, _Mark]] = field(default_factory=dict)

    def of(self, value: Any) -> _Mark | None:
        found = self.known.get(id(value))
        return found[1] if found is not None and found[0]() is value else None

    def put(self, value: Any, mark: _Mark) -> None:
        self.known[id(value)] = (ref(value), mark)


PRODUCTS = {"matmul", "bmm", "baddbmm", "__matmul__", "__rmatmul__"}


class _Attending(TorchFunctionMode):
    """Sees all functions; only nn.MultiheadAttention's is computed in another way, to the same numbers."""

    def __init__(self, stack: Sequence[str], cut: int | None) -> None:
        super().__init__()
        self.calls: list[Attention] = []
        self._stack, self._cut = stack, cut
        self._marks = _Marks()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is F.multi_head_attention_forward:
            own = AttentionArgs(*args, **kwargs)
            if own.followed:
                return multi_head(own, self._kept)
        output = func(*args, **kwargs)
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
        self.calls.append(replace(call, layer=self._stack[-1] if self._stack else ""))
        return call.out.clone()

    def _follow(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], output: Tensor) -> Tensor:
        marked = next((mark for one in args if (mark := self._marks.of(one)) is not None), None)
        if name in PRODUCTS and len(args) > 1 and isinstance(args[1], Tensor):
            own = self._marks.of(args[0])
            if own is not None and own.weights and args[0].shape[-1] == args[1].shape[-2]:
                return self._kept(Attention("", args[1], output, own.query, own.key, shown=args[0]))
            self._marks.put(output, _Mark(args[0], args[1].transpose(-2, -1)))
        elif name == "softmax" and last_axis(args, kwargs, output.ndim):
            self._marks.put(output, replace(marked or _Mark(), weights=True))
        elif marked is not None and output.numel() == _first(args).numel():
            self._marks.put(output, marked)  # masked, dropped, mixed among heads, turned
        return output


def _first(args: Sequence[Any]) -> Tensor:
    return next(one for one in args if isinstance(one, Tensor))


def last_axis(args: Sequence[Any], kwargs: dict[str, Any], ndim: int) -> bool:
    """Whether a softmax runs over the last axis."""
    axis = kwargs.get("dim", args[1] if len(args) > 1 else None)
    return isinstance(axis, int) and axis % ndim == ndim - 1
