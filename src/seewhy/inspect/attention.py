"""The attention of a picture: every call of it, every head, compactly."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seewhy.asked import listed, one_of, whole
from seewhy.attentions import counted, unproved, usable
from seewhy.errors import BadOption, ModelFailed, UnknownName, Unsupported
from seewhy.images import load
from seewhy.model import Model
from seewhy.model.flow import heads as few
from seewhy.model.flow import heads_fused
from seewhy.model.fused import Attention
from seewhy.model.tokens import Attended, Place
from seewhy.results.attention import FUSIONS, AttentionCall, AttentionMaps, Other, Tokens
from seewhy.sources import as_model

APART = 2**23  # weights that are stored head by head where nothing else is asked for
MOST = 2**26  # that are stored at all
LEVELS = 255

Stored = Literal["auto", "all", "mean", "max", "min"]


def attention(
    model: Model | str,
    image: Any,
    *,
    layers: Sequence[int | str] | int | str | None = None,
    heads: Stored = "auto",
) -> AttentionMaps:
    """What each token of a picture attends to, in every call of attention. One forward.

    image: one, as `seewhy.explain` takes it. layers: numbers of calls, from 0 or from the end, or names of the layers
    they run in; default all. heads: "all" stores each, "mean", "max" or "min" one of all; "auto" is "all" where that
    is at most 2**23 weights, else "mean", which a note says.
    Raises Unsupported where the model has no attention or its tokens are on no grid that can be proved, BadOption
    where there would be more than 2**26 weights.
    """
    one_of(heads, "heads", ("auto", "all", *FUSIONS))
    model = as_model(model).shared()
    pixels, photo = load(image, model.preprocess)
    x = model.checked(pixels)
    with torch.inference_mode(False), model.frozen():
        known = usable(model, x)
        if not known:
            raise Unsupported(f"no attention was found in {model.name}", "see `seewhy doctor` for what it has")
        chosen = numbered(layers, known)
        how, notes = _heads_kept(heads, [known[i] for i in chosen])
        kinds = kinds_of(known[-1], model.census(x).start)
        ((calls, _outputs, _read),) = model.followed(x, None).chunks
        made = tuple(_call(i, known[i], calls[i].headed(), how, kinds) for i in chosen)
    return AttentionMaps(made, photo, model.card, (*notes, *unproved([known[i] for i in chosen])))


def numbered(layers: Any, known: Sequence[Attended]) -> list[int]:
    """The calls asked for, in the network's order. Raises BadOption and UnknownName."""
    if layers is None:
        return list(range(len(known)))
    asked = [layers] if isinstance(layers, str | int) else listed(layers, "layers", "give a list: layers=[0, -1]")
    found: set[int] = set()
    for one in asked:
        if isinstance(one, str):
            named = [i for i, call in enumerate(known) if call.layer == one]
            if not named:
                raise UnknownName(f"no attention runs in {one!r}", f"layers: {', '.join(call.layer for call in known)}")
            found |= set(named)
        else:
            found.add(counted(whole(one, "a layer's number"), len(known), "a layer's number"))
    if not found:
        raise BadOption("no layer is asked for", "name at least one, or leave layers out for all")
    return sorted(found)


def _heads_kept(heads: Stored, known: Sequence[Attended]) -> tuple[str, list[str]]:
    """How heads are made one ("" where each is stored), and what must be said of it."""
    each = [_windows(one) * one.counts[0] * one.counts[1] for one in known]
    total = sum(one.heads * size for one, size in zip(known, each, strict=True))
    how = {"all": "", "auto": "" if total <= APART else "mean"}.get(heads, heads)
    size = sum(each) if how else total
    if size > MOST:
        less = "name fewer layers" if how else "name fewer layers, or heads='mean'"
        raise BadOption(f"{size} attention weights are too many to look at", less)
    told = [f"only the mean of the heads is stored: {total} weights are many, 'all' keeps each head"]
    return how, told if how and heads == "auto" else []


def _windows(one: Attended) -> int:
    return one.keys.count if one.keys else 1


def _call(number: int, known: Attended, call: Attention, how: str, kinds: Sequence[str]) -> AttentionCall:
    assert known.queries is not None and known.keys is not None  # looked at before anything ran
    # Of one image: (m,windows,n,n').
    parts = [heads_fused(known, call, how)] if how else (some.transpose(0, 1) for _, some in few(call))
    coded = [_coded(one, call.layer) for one in parts]
    codes, low, step = (np.concatenate([one[i] for one in coded]) for i in range(3))
    error = max(one[3] for one in coded)
    queries = _tokens(known.queries, ["query"] * known.counts[0] if known.latent else kinds)
    keys = _tokens(known.keys, kinds)
    return AttentionCall(number, known.layer, known.heads, codes, low, step, error, queries, keys, LEVELS, how)


def _coded(weights: Tensor, layer: str) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32], float]:
    """Weights (m,windows,n,n') as codes, low and step of each query's row, and the largest error."""
    exact = weights.float()
    if not torch.isfinite(exact).all():
        raise ModelFailed(f"attention in {layer!r} is NaN or infinite", "check the model's weights and its precision")
    low = exact.amin(-1).clamp(max=0)  # below 0 where the network mixed its heads; else 0 stays 0
    step = (exact.amax(-1).clamp(min=0) - low) / LEVELS
    codes = ((exact - low[..., None]) / torch.where(step == 0, 1, step)[..., None]).round().clamp(0, LEVELS)
    error = float((low[..., None] + step[..., None] * codes - weights).abs().max())
    return codes.to(torch.uint8).cpu().numpy(), low.cpu().numpy(), step.cpu().numpy(), error


def _tokens(place: Place, kinds: Sequence[str]) -> Tokens:
    count = place.others + place.cells[0] * place.cells[1]
    _, at = place.parts(torch.arange(count).view(place.count, -1))
    kinds = [*kinds, *["register"] * place.others][: place.others]
    others = tuple(Other(kind, kinds[: i + 1].count(kind)) for i, kind in enumerate(kinds))
    return Tokens(at.numpy().copy(), others)


def kinds_of(last: Attended, start: Sequence[float]) -> list[str]:
    """What the tokens beside the cells are, by whether the scores are read from them (`start`: each one's share)."""
    count = 0 if last.queries is None or last.latent else last.queries.others
    if len(start) != last.counts[0]:  # the scores never move
        return ["cls"] * min(1, count)
    pooled, read, found = any(start[count:]), 0, []
    for share in start[:count]:
        read += share > 0
        first, second = share > 0 and read == 1, share > 0 and read == 2 and not pooled
        found.append("cls" if first else "distillation" if second else "register")
    return found
