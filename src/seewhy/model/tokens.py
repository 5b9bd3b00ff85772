"""Where tokens lie on the picture: proved by what of them changes with it, and which of them the scores come from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from seewhy.model.fused import Attention, Axes
from seewhy.model.grids import Local, Share, beyond_chance, inside, locality, moved, squared
from seewhy.model.layouts import OTHERS, Layout, Windows, layouts, of_tokens, of_windows

Size = tuple[int, int]
Place = Layout | Windows
Found = tuple[Place, Share | None]  # with how local it makes what lies there

ROUNDING = 1e-6
NEARLY = 0.5  # of the most local: about as local, since of few cells the middle is not looked at


@dataclass(frozen=True)
class Attended(Local):
    """A call of attention as the probe saw it.

    queries, keys: how its tokens lie on the picture, None where they are on no grid. counts: (n,n'). share: how
    much of the change of a place of the picture shows in the keys there.
    """

    layer: str
    heads: int
    counts: tuple[int, int]
    queries: Place | None
    keys: Place | None
    share: Share | None = None
    latent: bool = False  # its queries are the network's own, no tokens of the picture
    behind: bool = True  # what attends before it reaches it
    axes: Axes = Axes()
    block: str = ""  # the module in which nothing else attends and through which all of the picture passes


def located(shape: tuple[int, ...], before: Tensor, after: Tensor, size: Size, frames: int = 1) -> list[Found]:
    """The layouts that outputs (2,...) and (3,...) of disturbed images may have, with how local each makes them."""
    return _localities(layouts(shape, size, frames), before, after)


def _localities(every: Sequence[Place], before: Tensor, after: Tensor) -> list[Found]:
    """All layouts of one kind share each place's sum over the channels; only a mean over frames comes before it."""
    sums: dict[int, Tensor] = {}
    found: list[Found] = []
    for one in every:
        if isinstance(one, Layout) and one.frames > 1:
            found.append((one, locality(one.maps(before), one.maps(after))))
            continue
        axis = 1 if isinstance(one, Layout) and one.axes == "first" else -1
        if axis not in sums:
            sums[axis] = squared(moved(before, after), axis)
        found.append((one, inside(one.maps(sums[axis])[:, 0])))
    return found


def best(found: Iterable[Found], size: Size) -> Place | None:
    """The most local of them beyond chance, since few cells share more of any change. A row of cells taken for other
    tokens is hardly less so: of those that are about as local, one stride has to give both axes without a rest, and
    there are few other tokens."""
    known = [(layout, -1.0 if share is None else beyond_chance(layout.cells, share.there)) for layout, share in found]
    most = max(0.0, *(local for _, local in known), 0.0)
    if any(isinstance(layout, Windows) for layout, _ in known):  # shifted or not, the cells are the same
        return max(known, key=lambda one: one[1])[0]
    near = [one for one in known if max(0.0, one[1]) >= NEARLY * most - ROUNDING]
    return max(near, key=lambda one: (_exact(one[0].cells, size), -one[0].others, one[1]), default=(None, 0))[0]


def _exact(cells: Size, size: Size) -> bool:
    return cells[0] * size[1] == cells[1] * size[0]


def agreed(found: Mapping[str, Sequence[Found]], size: Size) -> dict[str, Found]:
    """For each name the layout, with its locality there, that is the most local of all outputs of its kind.

    A deep layer, whose tokens have seen all of the picture, is read as the first ones, which have not. Windows are
    shifted in one layer and not in the next: each is read by itself.
    """
    every: dict[Any, list[Found]] = {}
    for name, one in found.items():
        every.setdefault(_kind(name, one), []).extend(one)
    chosen = {kind: best(one, size) for kind, one in every.items()}
    return {name: next(own for own in one if own[0] == chosen[_kind(name, one)]) for name, one in found.items() if one}


def _kind(name: str, found: Sequence[Found]) -> Any:
    places = tuple(place for place, _ in found)
    return (name, places) if any(isinstance(one, Windows) for one in places) else places


def attended(
    before: Sequence[Attention], after: Sequence[Attention], size: Size, frames: int = 1
) -> tuple[Attended, ...]:
    """The calls of attention with their tokens' places: (2,...) images before and (3,...) after they were disturbed."""
    given = [_headed(one, other, size, frames) for one, other in zip(before, after, strict=False)]
    pairs = [(one.headed(), other.headed()) for one, other in given]
    every = {str(i): _located(one.value, other.value, size, frames) for i, (one, other) in enumerate(pairs)}
    keys = agreed(every, size)
    asked = {
        str(i): _located(one.query, other.query, size, frames)
        for i, (one, other) in enumerate(pairs)
        if one.query is not None and other.query is not None
    }
    queries = agreed(asked, size)
    found = []
    for i, (call, _) in enumerate(pairs):
        n, of = call.out.shape[-2], call.value.shape[-2]
        key, share = keys.get(str(i), (None, None))
        query = key if n == of else queries.get(str(i), (None, None))[0]
        latent = n != of and call.query is not None and torch.equal(call.query[0], call.query[1])
        behind = i == 0 or reaches(before[i - 1].out, call.out)
        axes = given[i][0].axes
        found.append(
            Attended(call.layer, _heads(call.value), (n, of), query or _alone(n), key, share, latent, behind, axes)
        )
    return tuple(found)


def _headed(before: Attention, after: Attention, size: Size, frames: int) -> tuple[Attention, Attention]:
    """The same calls, with their axes as they make the keys most local. Half of what changes can lie right on windows
    made of heads; all of it does on what the tokens are."""
    kinds = _axes(before)
    if len(kinds) > 1:
        given = [(replace(before, axes=own), replace(after, axes=own)) for own in kinds]
        return max(given, key=lambda pair: _most_local(pair[0], pair[1], size, frames))
    return replace(before, axes=kinds[0]), replace(after, axes=kinds[0])


def _axes(call: Attention) -> list[Axes]:
    """Of a call of two images, the usual ones first."""
    if call.value.ndim == 5:
        return [Axes("windows"), Axes("within")]
    folded = call.value.ndim == 3 and len(call.value) > 2 and len(call.value) % 2 == 0
    return [Axes(), Axes("folded", len(call.value) // 2)] if folded else [Axes()]


def _most_local(before: Attention, after: Attention, size: Size, frames: int) -> float:
    found = _located(before.headed().value, after.headed().value, size, frames)
    return max((beyond_chance(one.cells, share.there) for one, share in found if share is not None), default=-1.0)


def reaches(first: Tensor, last: Tensor) -> bool:
    """Whether the last is computed from the first; True where there is no graph to tell."""
    known, waiting = set(), [last.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is first.grad_fn:
            return True
        if node is not None and node not in known:
            known.add(node)
            waiting += [before for before, _ in node.next_functions]
    return last.grad_fn is None


def _alone(count: int) -> Layout | None:
    """So few tokens that they are on no grid, as CLS where it asks by itself."""
    return Layout("tokens", (0, 0), count) if count <= OTHERS else None


def _heads(value: Tensor) -> int:
    return value.shape[1] if value.ndim == 4 else 1


def _located(before: Tensor, after: Tensor, size: Size, frames: int = 1) -> list[Found]:
    """Where tokens (2*windows,m,n,e) and (3*windows,m,n,e) may lie."""
    if before.ndim != 4 or len(before) * 3 != len(after) * 2:
        return []
    windows, count = len(before) // 2, before.shape[2]
    every: list[Place] = [*(of_tokens(count, size, frames) if windows == 1 else of_windows(windows, count, size))]
    return _localities(every, *(one.detach().transpose(1, 2).flatten(2) for one in (before, after))) if every else []


def read_by(output: Tensor, places: Mapping[str, Tensor]) -> dict[str, Tensor | None]:
    """Which tokens (n,) of each (b,...,n,d) the scores depend on; None where that can't be told."""
    weights = torch.linspace(1, 2, output[0].numel(), dtype=output.dtype, device=output.device)
    try:
        with torch.enable_grad():
            grads = torch.autograd.grad(
                (output.flatten(1) * weights).sum(), list(places.values()), allow_unused=True, retain_graph=True
            )
    except RuntimeError:  # changed in place since
        return dict.fromkeys(places)
    if all(grad is None or not grad.any() for grad in grads):  # a head of zeros
        return dict.fromkeys(places)
    return {
        name: one.new_zeros(one.shape[-2], dtype=torch.bool)
        if grad is None
        else grad.ne(0).any(-1).flatten(0, -2).any(0)
        for (name, one), grad in zip(places.items(), grads, strict=True)
    }
