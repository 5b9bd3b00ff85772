"""Word scores by what attends to them, as attention relevance has it of pictures."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.attending import Calls, attending
from seewhy.model.backward import backward
from seewhy.model.fused import Attention
from seewhy.targets import Pinned
from seewhy.texts.model import TextModel
from seewhy.texts.scoring import WordScores, of_texts, scores, together, words_left_out
from seewhy.texts.towers import CHUNK
from seewhy.types import Pixels


def attended(
    model: TextModel, x: Pixels, outputs: Tensor, targets: Sequence[Pinned], start_layer: int
) -> list[WordScores | None]:
    """What of each score lies on the words: R + mean over heads of ReLU(gradient * attention) R, arXiv:2103.15679, from
    the token that the text's vector is read from, over the calls of attention of its tower from `start_layer` on.

    Where it has fewer, the last takes part; where they can't be followed, words are left out instead. Texts share one
    forward, and those of one image one backward.
    """
    count = _count(model)
    if not count:
        return words_left_out(model, x, outputs, targets)
    first = min(start_layer, count - 1) if start_layer >= 0 else max(start_layer + count, 0)
    seen = model.vectors(x)
    with_words = [target for target in targets if of_texts(model, target) is not None]
    found: dict[tuple[int, int], Tensor] = {}  # by the number of the target, and of the image
    for at in range(0, len(with_words), CHUNK):
        some = with_words[at : at + CHUNK]
        for images, texts in _alike(model, some):
            for i, rows in zip(images, _relevance(model, some, outputs, texts, images, seen, first), strict=True):
                for target, text, row in zip(some, texts, rows, strict=True):
                    places = [list(one.places) for one in model.rows[text][0].words]
                    found[id(target), i] = torch.stack([row[one].sum() for one in places])
    return [
        together(model, target, "attention", [found[id(target), i] for i in range(len(x))], [])
        if target in with_words
        else None
        for target in targets
    ]


def _alike(model: TextModel, targets: Sequence[Pinned]) -> Iterator[tuple[list[int], tuple[int, ...]]]:
    """Images that are asked about the same texts, and these: one a target."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, texts in enumerate(zip(*(of_texts(model, target) or [] for target in targets), strict=True)):
        groups.setdefault(texts, []).append(i)
    yield from ((images, texts) for texts, images in groups.items())


def _relevance(
    model: TextModel,
    targets: Sequence[Pinned],
    outputs: Tensor,
    texts: Sequence[int],
    images: Sequence[int],
    seen: Tensor,
    first: int,
) -> list[Tensor]:
    """Of each image, what of its scores lies on the tokens (k,l) of each target's text."""
    calls, vectors = _read(model, texts, first)
    last = calls[-1].out
    (grad,) = torch.autograd.grad(vectors.sum(), last, retain_graph=True)
    start = grad.ne(0).any(-1).any(1).to(vectors)  # the tokens that the vectors are read from
    found = []
    for i in images:
        with torch.enable_grad():
            cosines = vectors @ seen[i]
            each = [
                scores(model, target, outputs, text, i, cosine).sum()
                for target, text, cosine in zip(targets, texts, cosines.split(1), strict=True)
            ]
        grads = backward(torch.stack(each).sum(), [call.out for call in calls], keep=True)  # no text sees another
        rows = start / start.sum(1, keepdim=True).clamp_min(1)
        for call, of_out in zip(reversed(calls), reversed(grads), strict=True):
            rows = rows + (rows[:, None] @ _raising(call, of_out).to(rows))[:, 0]
        found.append(rows)
    return found


def _read(model: TextModel, texts: Sequence[int], first: int | None) -> tuple[list[Attention], Tensor]:
    """The calls of attention from the first-th on, and the texts' vectors (k,e), with the graph between them."""
    towers, module = model.towers, model.module
    ids, mask = towers.batch([model.rows[text][0] for text in texts], model.device)
    with torch.no_grad(), attending(module, first, quick=model.fast) as calls:
        vectors = F.normalize(towers.of_ids(module, ids, mask), dim=-1).to(model.pixel_dtype)
    return calls[first or 0 :], vectors


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
    """Attention that raises the score, the mean over heads: (k,l,l)."""
    return (call.weights_gradient(of_out) * call.weights()).relu().mean(1)
