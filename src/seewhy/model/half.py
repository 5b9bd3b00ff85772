"""Scores in bfloat16, beside those in float32 that tell how far off they are.

Only variants are scored so: the clean image, the target and the maps stay in float32. What becomes of pixels before
the first convolution, and of the last linear layer's input, stays in float32 too; so do the norms' own weights.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.model.packed import Convolution
from seewhy.model.tape import Call, mapped
from seewhy.targets import Pinned
from seewhy.types import Map

COMPARED = 16  # variants of an image that are scored in float32 as well
PRODUCTS = ("convolution", "conv1d", "conv2d", "conv3d", "linear", "matmul", "__matmul__", "addmm", "bmm", "einsum")
NORMS = ("batch_norm", "layer_norm", "group_norm", "instance_norm")
HALF = torch.bfloat16


def lacking(device: torch.device) -> str:
    """Why scores in bfloat16 would be no faster on a device, or nothing."""
    if device.type == "cuda":
        return "" if torch.cuda.is_bf16_supported(including_emulation=False) else "this GPU has no bfloat16"
    if device.type == "cpu":
        return "" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "this processor has no bfloat16"
    return f"nothing is known of bfloat16 on {device.type}"


def halved(calls: Sequence[Call]) -> list[Call]:
    """Folded calls with their products in bfloat16, from the first but for the last linear layer."""
    products = [at for at, call in enumerate(calls) if call.name in PRODUCTS]
    last = products[-1] if products and calls[products[-1]].name in ("linear", "addmm") else len(calls)
    if not products or products[0] == last:
        raise ValueError("there is nothing to multiply before its last linear layer")
    first = products[0]
    return [
        _halved(call) if first <= at < last else _widened(call) if at == last else call for at, call in enumerate(calls)
    ]


def _halved(call: Call) -> Call:
    if isinstance(call.function, Convolution):
        return replace(call, function=call.function.of_kind(HALF))
    if call.name in NORMS:
        return call
    args, kwargs = (mapped(own, _narrow) for own in (call.args, call.kwargs))
    function = _given(HALF, call.function) if call.name in PRODUCTS else call.function
    return replace(call, function=function, args=args, kwargs=kwargs)


def _widened(call: Call) -> Call:
    return replace(call, function=_given(torch.float32, call.function))


def _given(kind: torch.dtype, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        return function(*_as(args, kind), **_as(kwargs, kind))

    run.__name__ = getattr(function, "__name__", "product")
    return run


def _as(values: Any, kind: torch.dtype) -> Any:
    return mapped(values, lambda one: one.to(kind) if isinstance(one, Tensor) and one.is_floating_point() else one)


def _narrow(value: Any) -> Any:
    return value.detach().to(HALF) if isinstance(value, Tensor) and value.dtype == torch.float32 else value


@dataclass
class Compared:
    """What the first variants of each image score in bfloat16 and in float32."""

    seen: Counter[int] = field(default_factory=Counter)
    kept: list[tuple[Tensor, Tensor, Tensor]] = field(default_factory=list)  # outputs (m,k) of both, images (m,)

    def clear(self) -> None:
        self.seen.clear()
        self.kept.clear()

    def wanted(self, rows: Tensor) -> Tensor:
        """Which variants of the images (m,) are still to be compared."""
        left = {row: COMPARED - self.seen[row] for row in set(rows.tolist())}
        places = [(rows == row).nonzero()[:, 0][:more] for row, more in left.items() if more > 0]
        return torch.cat(places) if places else rows[:0]

    def keep(self, half: Tensor, full: Tensor, rows: Tensor) -> None:
        self.seen.update(rows.tolist())
        self.kept.append((half, full, rows))

    def told(self, made: Map, target: Pinned) -> Map:
        """The map with what was found, and a note that says it."""
        if not self.kept:
            return made
        half, full, rows = (torch.cat(parts) for parts in zip(*self.kept, strict=True))
        scores = torch.stack([target(half, rows), target(full, rows)]).double()
        own = [scores[:, rows == row] for row in range(len(made.values))]
        error = torch.stack([(a - b).abs().max() / b.abs().max().clamp_min(1e-300) for a, b in own])
        rank = torch.stack([rank_correlation(a, b) for a, b in own])
        note = (
            f"variants were scored in bfloat16: the first {int(rows.bincount().min())} of an image, scored in float32 "
            f"as well, are off by up to {float(error.max()):.1e} of the largest; "
            f"rank correlation {float(rank.min()):.3f}"
        )
        extras = {**made.extras, "bfloat16_error": error, "bfloat16_rank_correlation": rank}
        return replace(made, extras=extras, notes=(*made.notes, note))


def rank_correlation(a: Tensor, b: Tensor) -> Tensor:
    """Spearman's, of numbers (n,); where either has but one value, 1 if both have."""
    ranks = [(one[:, None] > one).sum(1) + (one[:, None] == one).sum(1).double() / 2 for one in (a, b)]
    centred = [one - one.mean() for one in ranks]
    norms = [one.norm() for one in centred]
    if not all(norms):
        return torch.tensor(float(not any(norms)), dtype=a.dtype, device=a.device)
    found: Tensor = (centred[0] @ centred[1] / (norms[0] * norms[1])).to(a.dtype)
    return found
