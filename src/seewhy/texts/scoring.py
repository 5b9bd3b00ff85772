"""What each word of an explained text adds to its score."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.model.trace import override
from seewhy.ops.completeness import TOLERANCE
from seewhy.ops.paths import quadrature
from seewhy.targets import Pinned
from seewhy.texts.model import TextModel
from seewhy.texts.towers import CHUNK
from seewhy.types import Pixels


@dataclass(frozen=True, eq=False)
class WordScores:
    """words: of each image's text. scores (b,m): NaN where a text has fewer. by: leave_one_out, integrated_gradients or
    attention. gap (b,): where the scores should sum to a difference, what they miss of it; else empty.
    """

    words: tuple[tuple[str, ...], ...]
    scores: Tensor
    by: str
    gap: Tensor
    notes: Sequence[str] = ()


def words_left_out(model: TextModel, x: Pixels, outputs: Tensor, targets: Sequence[Pinned]) -> list[WordScores | None]:
    """What each target's text loses when one of its words is left out."""
    return [without_each(model, x, outputs, target) for target in targets]


def without_each(model: TextModel, x: Pixels, outputs: Tensor, target: Pinned) -> WordScores | None:
    """What a text's score loses when a word is left out of it; None where no text has words.

    outputs (b,k): of the images x. The other texts stay as they are.
    """
    clean, seen = target(outputs), model.vectors(x)

    def of(text: int, images: Sequence[int]) -> list[Tensor]:
        vectors = model.without_each(text)
        return [clean[i] - scores(model, target, outputs, text, i, vectors @ seen[i]) for i in images]

    found = each(model, target, of)
    return None if found is None else together(model, target, "leave_one_out", found, [])


def integrated(model: TextModel, x: Pixels, outputs: Tensor, target: Pinned, n_steps: int) -> WordScores | None:
    """Integrated gradients of the words' tokens, arXiv:1703.01365: they share out what the score gains over the same
    row in which their vectors are 0."""
    clean, seen = target(outputs), model.vectors(x)
    gaps = {}

    def of(text: int, images: Sequence[int]) -> list[Tensor]:
        tokens, began = _line(model, target, outputs, text, images, seen, n_steps)
        words = [one.places for one in model.rows[text][0].words]
        found = [torch.stack([one[list(places)].sum() for places in words]) for one in tokens]
        for at, i in enumerate(images):
            gaps[i] = (found[at].sum() - (clean[i] - began[at]), clean[i] - began[at])
        return found

    found = each(model, target, of)
    if found is None:
        return None
    return together(model, target, "integrated_gradients", found, [gaps[i] for i in range(len(x))])


def each(model: TextModel, target: Pinned, of: Callable[[int, Sequence[int]], list[Tensor]]) -> list[Tensor] | None:
    """Word scores (m,) of each image; images with the same text share what is computed of it."""
    texts = of_texts(model, target)
    if texts is None:
        return None
    found: dict[int, Tensor] = {}
    for text in dict.fromkeys(texts):
        images = [i for i, one in enumerate(texts) if one == text]
        found |= dict(zip(images, of(text, images), strict=True))
    return [found[i].detach() for i in range(len(texts))]


def of_texts(model: TextModel, target: Pinned) -> list[int] | None:
    """Each image's text; None where no text is explained, or one of them has no words, or is a mean of several."""
    if target.index is None or len(model.templates) > 1:
        return None
    texts: list[int] = target.index.tolist()
    return texts if all(model.rows[text][0].words for text in set(texts)) else None


def scores(model: TextModel, target: Pinned, outputs: Tensor, text: int, image: int, cosines: Tensor) -> Tensor:
    """The target's scores (n,) of one image were its text's cosine each of these (n,)."""
    logits = model.towers.logits(model.module, cosines)
    changed = torch.arange(outputs.shape[1], device=outputs.device) == text
    rows = torch.where(changed, logits[:, None], outputs[image])
    return target(rows, torch.full((len(rows),), image, device=outputs.device))


def _line(
    model: TextModel,
    target: Pinned,
    outputs: Tensor,
    text: int,
    images: Sequence[int],
    seen: Tensor,
    n_steps: int,
) -> tuple[list[Tensor], list[Tensor]]:
    """What each token (l,) adds to the score of each image on the line from tokens of 0, and the score there."""
    towers, module, row = model.towers, model.module, model.rows[text][0]
    ids, mask = towers.batch([row], outputs.device)
    end = module.get_submodule(towers.embedding)(ids).detach()
    step = torch.zeros_like(end)
    places = [place for word in row.words for place in word.places]
    step[:, places] = end[:, places]

    def vectors(points: Tensor) -> Tensor:
        rows = len(points)
        with override(module, towers.embedding, points):
            made = towers.of_ids(module, ids.expand(rows, -1), None if mask is None else mask.expand(rows, -1))
        return F.normalize(made, dim=-1).to(seen)

    at, weights = (end.new_tensor(one)[:, None, None] for one in quadrature("gausslegendre", n_steps))
    total = [torch.zeros_like(end[0]) for _ in images]
    for some, weight in zip(at.split(CHUNK), weights.split(CHUNK), strict=True):
        points = (end - (1 - some) * step).requires_grad_()
        with torch.enable_grad():
            made = vectors(points)
            every = [scores(model, target, outputs, text, i, made @ seen[i]).sum() for i in images]
        for sums, score in zip(total, every, strict=True):
            (grads,) = torch.autograd.grad(score, points, retain_graph=True)
            sums += (weight * grads).sum(0)
    with torch.no_grad():
        first = vectors(end - step)
        began = [scores(model, target, outputs, text, i, first @ seen[i])[0] for i in images]
    return [(step[0] * sums).sum(1).to(outputs) for sums in total], began


def together(
    model: TextModel, target: Pinned, by: str, found: Sequence[Tensor], gaps: Sequence[tuple[Tensor, Tensor]]
) -> WordScores:
    assert target.index is not None
    words = tuple(tuple(word.text for word in model.rows[text][0].words) for text in target.index.tolist())
    scores = torch.nn.utils.rnn.pad_sequence(list(found), batch_first=True, padding_value=float("nan"))
    missed = [float(gap.abs() / whole.abs().clamp_min(1e-12)) for gap, whole in gaps]
    notes = []
    if missed and max(missed) > TOLERANCE:
        notes.append(f"the words' scores miss the score's difference by {max(missed):.1%}: take more n_steps")
    return WordScores(words, scores, by, torch.stack([gap for gap, _ in gaps]) if gaps else scores.new_zeros(0), notes)
