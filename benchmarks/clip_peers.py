"""Relevance of pictures and texts as the notebook of its paper publishes it (Chefer, Gur and Wolf, arXiv:2103.15679),
over all layers: the picture once for each text, attention of both towers in the graph, a backward a layer, whole
matrices."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import Normalize

from benchmarks.answers import EXACT, relative
from benchmarks.row import Call, Case, Gate, Peer, Setting
from seewhy.texts import TextModel

NAME = "the paper's procedure"
SETTINGS = (
    Setting("all texts at once, not frozen", frozen=False),
    Setting("all texts at once"),
    Setting("a text at a time", 1),
)


def as_published(target: float, texts: int) -> Peer:
    def make(case: Case, setting: Setting) -> Call:
        model = _of(case)
        net: Any = copy.deepcopy(model.module).eval().requires_grad_(not setting.frozen)
        net.token_embedding.requires_grad_()  # where a text's graph begins
        count = case.few(texts)
        ids = torch.stack([row.ids for (row,) in model.rows[:count]])
        image = Normalize(model.mean, model.std)(case.x[:1])
        return lambda: _joined([_relevance(net, image, some) for some in ids.split(setting.batch or count)])

    return Peer(NAME, "open_clip_torch", target, make, every_text, SETTINGS)


def every_text(case: Case, ours: Any, theirs: Any) -> Gate:
    """Both the picture's map and the words' scores of each text."""
    model, found = _of(case), []
    for i, (mine, picture, tokens) in enumerate(zip(ours.table[0], *theirs, strict=True)):
        words = [tokens[list(one.places)].sum() for one in model.rows[i][0].words]
        found.append(relative(mine.values.reshape(-1), picture))
        found.append(relative(mine.extras["word_scores"][0], torch.stack(words)))
    return Gate(max(found), EXACT, "largest difference / largest value, of all maps and word scores")


def _of(case: Case) -> TextModel:
    assert isinstance(case.model, TextModel)
    return case.model


def _relevance(net: Any, image: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Of k texts (k,l): what lies on the picture's patches (k,n) and on each text's tokens (k,l)."""
    pictures, texts = _shown(net.visual), _shown(net.transformer)
    of_pictures = F.normalize(net.encode_image(image.repeat(len(ids), 1, 1, 1).requires_grad_()), dim=-1)
    of_texts = F.normalize(net.encode_text(ids), dim=-1)
    score = (net.logit_scale.exp() * of_pictures @ of_texts.T).diagonal().sum()
    found = _multiplied(score, pictures), _multiplied(score, texts)
    return found[0][:, 0, 1:], found[1][torch.arange(len(ids)), ids.argmax(-1)]


def _multiplied(score: Tensor, seen: Sequence[Tensor]) -> Tensor:
    total = torch.eye(seen[0].shape[-1]).expand(len(seen[0]), -1, -1)
    for attention in seen:
        (grad,) = torch.autograd.grad(score, [attention], retain_graph=True)
        total = total + (grad * attention.detach()).clamp(min=0).mean(1) @ total
    return total


def _joined(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    pictures, texts = zip(*parts, strict=True)
    return torch.cat(pictures), torch.cat(texts)


def _shown(tower: nn.Module) -> list[Tensor]:
    """The attention (b,m,n,n) of each block in its next forward, which is written out for it, in its own graph."""
    seen: list[Tensor] = []
    for one in tower.modules():
        if isinstance(one, nn.MultiheadAttention):
            one.forward = _written_out(one, seen)  # type: ignore[method-assign]
    return seen


def _written_out(own: nn.MultiheadAttention, seen: list[Tensor]) -> Callable[..., tuple[Tensor, None]]:
    def forward(x: Tensor, *_: Any, attn_mask: Tensor | None = None, **__: Any) -> tuple[Tensor, None]:
        made = F.linear(x, own.in_proj_weight, own.in_proj_bias).unflatten(-1, (3, own.num_heads, -1))
        query, key, value = made.movedim(2, 0).transpose(2, 3)  # (b,m,n,e)
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        seen.append((scores if attn_mask is None else scores + attn_mask).softmax(-1))
        return own.out_proj((seen[-1] @ value).transpose(1, 2).flatten(2)), None

    return forward
