"""Word scores by what attends to them, as attention relevance has it of pictures."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.attending import Calls, attending
from seewhy.model.backward import backward
from seewhy.model.fused import Attention
from seewhy.targets import Pinned
from seewhy.texts.model import TextModel
from seewhy.texts.scoring import WordScores, each, scores, together, without_each
from seewhy.types import Pixels


def attended(model: TextModel, x: Pixels, outputs: Tensor, target: Pinned, start_layer: int) -> WordScores | None:
    """What of the score lies on the words: R + mean over heads of ReLU(gradient * attention) R, arXiv:2103.15679, from
    the token that the text's vector is read from, over the calls of attention of its tower from `start_layer` on.

    Where it has fewer, the last takes part; where they can't be followed, words are left out instead.
    """
    count = _count(model)
    if not count:
        return without_each(model, x, outputs, target)
    first = min(start_layer, count - 1) if start_layer >= 0 else max(start_layer + count, 0)
    seen = model.vectors(x)

    def of(text: int, images: Sequence[int]) -> list[Tensor]:
        places = [list(one.places) for one in model.rows[text][0].words]
        rows = _relevance(model, target, outputs, text, images, seen, first)
        return [torch.stack([row[one].sum() for one in places]) for row in rows]

    found = each(model, target, of)
    return None if found is None else together(model, target, "attention", found, [])


def _relevance(
    model: TextModel,
    target: Pinned,
    outputs: Tensor,
    text: int,
    images: Sequence[int],
    seen: Tensor,
    first: int,
) -> list[Tensor]:
    """Of each image, what of its score lies on the tokens (l,) of a text."""
    calls, vector = _read(model, text, first)
    last = calls[-1].out
    (grad,) = torch.autograd.grad(vector.sum(), last, retain_graph=True)
    start = grad.ne(0).any(-1).any(1)[0].to(vector)  # the tokens that the vector is read from
    found = []
    for i in images:
        with torch.enable_grad():
            score = scores(model, target, outputs, text, i, vector @ seen[i]).sum()
        grads = backward(score, [call.out for call in calls], keep=True)
        row = start / start.sum().clamp_min(1)
        for call, of_out in zip(reversed(calls), reversed(grads), strict=True):
            row = row + row @ _raising(call, of_out).to(row)
        found.append(row)
    return found


def _read(model: TextModel, text: int, first: int | None) -> tuple[list[Attention], Tensor]:
    """The calls of attention from the first-th on, and the text's vector (1,e), with the graph between them."""
    towers, module = model.towers, model.module
    ids, mask = towers.batch([model.rows[text][0]], model.device)
    with torch.no_grad(), attending(module, first) as calls:
        vector = F.normalize(towers.of_ids(module, ids, mask), dim=-1).to(model.pixel_dtype)
    return calls[first or 0 :], vector


def _count(model: TextModel) -> int:
    """Calls of attention in the text's tower; 0 where they can't be followed."""
    known: dict[Any, Any] = model._known
    if "text calls" not in known:
        towers, module = model.towers, model.module
        ids, mask = towers.batch([model.rows[0][0]], model.device)
        with torch.no_grad(), attending(module) as calls:
            towers.of_ids(module, ids, mask)
        known["text calls"] = len(calls) if _followed(calls) else 0
    return int(known["text calls"])


def _followed(calls: Calls) -> bool:
    """Whether each token attends to each, in all that attends, with heads on an axis of their own: whether a first axis
    holds heads or texts can't be told of one text."""
    plain = all(call.out.ndim == 4 and call.out.shape[-2] == call.value.shape[-2] for call in calls)
    return plain and not calls.unfollowed


def _raising(call: Attention, of_out: Tensor) -> Tensor:
    """Attention that raises the score, the mean over heads: (l,l)."""
    return (call.weights_gradient(of_out) * call.weights()).relu().mean(1)[0]
