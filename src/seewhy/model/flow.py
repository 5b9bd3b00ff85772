"""Relevance on its way back through attention: from the tokens that scores are read from to those of the picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.fused import Attention
from seewhy.model.tokens import Attended, Place

AT_ONCE = 2**23  # bytes of attention that are looked at together


@dataclass(frozen=True, eq=False)
class Flow:
    """What lies on the tokens beside the cells (k,b,o) and on the cells (k,b,r,q), or (k,b,t,r,q) of t times."""

    others: Tensor
    cells: Tensor

    def on(self, place: Place) -> Tensor:
        """The same token by token (k,b,windows,n), on a grid of other cells where `place` has such."""
        others = F.pad(self.others[..., : place.others], (0, max(0, place.others - self.others.shape[-1])))
        return place.rows(others, resized(self.cells, place.cells))

    def tokens(self) -> Tensor:
        """Other tokens, then cells row by row: (k,b,o+r*q)."""
        return torch.cat([self.others, self.cells.flatten(2)], -1)

    def __add__(self, other: "Flow") -> "Flow":
        """Both on the finer of their grids, with all of their other tokens."""
        cells = max((tuple(one.cells.shape[-2:]) for one in (self, other)), key=lambda one: one[0] * one[1])
        count = max(one.others.shape[-1] for one in (self, other))
        a, b = (F.pad(one.others, (0, count - one.others.shape[-1])) for one in (self, other))
        return Flow(a + b, resized(self.cells, cells) + resized(other.cells, cells))


def at(place: Place, tokens: Tensor) -> Flow:
    """What lies token by token (k,b,windows,n)."""
    return Flow(*place.parts(tokens))


def resized(cells: Tensor, size: Sequence[int]) -> Tensor:
    """What lies on cells (...,r,q), on a grid of other cells, in two dimensions and with the same sum.

    A cell gives each of those that it stands for as much; between grids of which neither divides the other the shares
    are interpolated and brought to that sum.
    """
    if tuple(cells.shape[-2:]) == tuple(size):
        return cells
    if not cells.numel() or not size[0] * size[1]:
        return cells.new_zeros(*cells.shape[:-2], *size)
    of, to = cells.shape[-2:], size
    shrinks = all(a % b == 0 for a, b in zip(of, to, strict=True))
    grows = all(b % a == 0 for a, b in zip(of, to, strict=True))
    how = (
        {"mode": "area"} if shrinks else {"mode": "nearest"} if grows else {"mode": "bilinear", "align_corners": False}
    )
    found = F.interpolate(cells.flatten(0, -3)[None], tuple(to), **how)[0].unflatten(0, cells.shape[:-2])
    kept: Tensor = found * (cells.sum((-2, -1), keepdim=True) / _no_zero(found.sum((-2, -1), keepdim=True)))
    return kept


def _no_zero(total: Tensor) -> Tensor:
    return torch.where(total == 0, 1, total)


def few_heads(call: Attention) -> Iterator[slice]:
    """Heads, so many at a time that their weights fit."""
    batch, count, n = call.out.shape[0], call.out.shape[1], call.out.shape[2]
    each = max(1, batch * n * call.value.shape[2] * call.out.element_size())
    step = max(1, AT_ONCE // each)
    for start in range(0, count, step):
        yield slice(start, min(count, start + step))


def heads(call: Attention) -> Iterator[tuple[slice, Tensor]]:
    """The weights (b*windows,m,n,n') of a few heads at a time."""
    for some in few_heads(call):
        yield some, call.of_heads(some).weights()


def begin(start: Sequence[float], call: Attention, known: Attended, targets: int) -> Flow:
    """The share of each of the last attention's queries in what the scores are read from."""
    place = known.queries
    assert place is not None  # looked at before anything ran
    images = len(call.out) // place.count
    count = known.counts[0] * place.count
    if len(start) == known.counts[0]:
        shares = torch.tensor(start, dtype=call.out.dtype, device=call.out.device)
        shares = shares.expand(place.count, -1) / place.count
    else:  # the scores never move: CLS, or the mean of the cells
        first = [1.0] + [0.0] * (count - 1) if place.others else [1 / count] * count
        shares = torch.tensor(first, dtype=call.out.dtype, device=call.out.device).view(place.count, -1)
    return at(place, shares.expand(targets, images, -1, -1))


def back(flow: Flow, known: Attended, step: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Flow:
    """One call of attention further back. step: of what lies on its queries (k,b,windows,n), what stays with them and
    what goes to its keys (k,b,windows,n'). With queries that are no tokens of the picture nothing stays."""
    assert known.queries is not None and known.keys is not None
    stays, goes = step(flow.on(known.queries))
    found = at(known.keys, goes)
    found = found if known.latent else at(known.queries, stays) + found
    return found + _aside(flow, known)


def _aside(flow: Flow, known: Attended) -> Flow:
    """What a call passes by: tokens that do not ask, or that are there only behind it."""
    assert known.queries is not None and known.keys is not None
    others = flow.others.clone()
    others[..., : max(known.queries.others, known.keys.others)] = 0
    return Flow(others, torch.zeros_like(flow.cells) if any(known.queries.cells) else flow.cells)


def through(rows: Tensor, weights: Tensor) -> Tensor:
    """Rows (k,b,windows,n) times weights (k or 1,b,windows,n,n'): (k,b,windows,n')."""
    return (rows.unsqueeze(-2) @ weights).squeeze(-2)


def by_window(weights: Tensor, known: Attended) -> Tensor:
    """Weights (...,b*windows,n,n') of images and their windows apart: (...,b,windows,n,n')."""
    found: Tensor = weights.unflatten(-3, (-1, known.keys.count if known.keys else 1))
    return found


def heads_fused(known: Attended, call: Attention, how: str) -> Tensor:
    """A call's weights (b,windows,n,n') as one of all heads: their "mean", "max" or "min"."""
    total: Any = None
    for _, weights in heads(call):
        part = weights.sum(1) if how == "mean" else getattr(weights, f"a{how}")(1)
        total = part if total is None else total + part if how == "mean" else getattr(torch, f"{how}imum")(total, part)
    return by_window(total / call.value.shape[1] if how == "mean" else total, known)


def raising(known: Attended, call: Attention, grads: Sequence[Tensor]) -> Tensor:
    """Attention that raises each score: the mean over heads of ReLU(gradient * attention), (k,b,windows,n,n').

    grads: for each target the score's gradient with respect to what the call returns.
    """
    total: Any = 0
    for some, weights in heads(call):
        part = call.of_heads(some)
        each = [(part.weights_gradient(grad[:, some]) * weights).relu_().sum(1) for grad in grads]
        total = total + torch.stack(each)
    return by_window(total / call.value.shape[1], known)
