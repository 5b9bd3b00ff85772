"""Blocks of a transformer: what attends, what stands around it, and the residual connections of both."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from seewhy.model.tokens import Attended


def with_blocks(
    calls: Sequence[Attended], tokens: Mapping[str, Tensor], first: Tensor, last: Tensor
) -> tuple[Attended, ...]:
    """The same calls with their blocks. tokens: what layers returned (b,n,d) between `first` and `last`, in the graph.

    Of several modules around a call the outermost that no other call is in; of a single call the innermost, since
    the outermost may hold the final norm as well.
    """
    names = [one.layer for one in calls]
    found = []
    for own in calls:
        around = [name for name in _around(own.layer) if name in tokens and _holds(name, names) == 1]
        blocks = [name for name in around if passes(first, tokens[name].grad_fn, last)]
        found.append(replace(own, block=blocks[0 if len(calls) > 1 else -1] if blocks else ""))
    return tuple(found)


def _around(layer: str) -> list[str]:
    """A layer and the modules around it, the outermost first."""
    parts = layer.split(".")
    return [".".join(parts[: i + 1]) for i in range(len(parts))]


def _holds(name: str, layers: Sequence[str]) -> int:
    return sum(one == name or one.startswith(f"{name}.") for one in layers)


def passes(first: Tensor, place: Any, last: Tensor) -> bool:
    """Whether all that `last` is computed from of `first`, a leaf, passes through `place`, a node of their graph."""
    known, waiting = {place}, [last.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in known:
            continue
        if getattr(node, "variable", None) is first:
            return False
        known.add(node)
        waiting += [before for before, _ in node.next_functions]
    return True
