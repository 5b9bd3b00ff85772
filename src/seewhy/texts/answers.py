"""What is said beside a map of a text: its similarity to the picture, its share, and what must be told of the texts."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from seewhy.errors import BadOption
from seewhy.model import Model
from seewhy.scores import Score, transform
from seewhy.targets import Pinned
from seewhy.texts.model import TextModel
from seewhy.texts.scoring import WordScores
from seewhy.texts.tokens import Row
from seewhy.types import Pixels, Prediction

LONGEST = 60  # characters of a text in a note
MOST = 3  # texts that notes are about


def check_share(model: Model, score: Score) -> None:
    """Raise BadOption for a share where there is nothing to share with."""
    if isinstance(model, TextModel) and model.alone and score != "logit":
        raise BadOption(
            f"score {score!r} of one text, whose share is all whatever the picture",
            "give others to compare with: texts=[...] (--text), or leave score out",
        )


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands beside a map of a text, and what it took: nothing where there is no text."""

    extras: Mapping[str, Tensor] = field(default_factory=dict)
    words: tuple[tuple[str, ...], ...] = ()
    by: str = ""
    notes: Sequence[str] = ()
    seconds: float = 0.0
    forward: int = 0


def beside(
    model: Model,
    how: Callable[[TextModel, Pixels, Tensor, Sequence[Pinned]], list[WordScores | None]],
    x: Pixels,
    outputs: Tensor,
    targets: Sequence[Pinned],
) -> list[Beside]:
    """Of the text that each target explains: similarity, share and word scores. how: these are computed, of all of them
    together: each has its part of the time, and counts the forwards that they share."""
    if not isinstance(model, TextModel):
        return [Beside()] * len(targets)
    began, before = time.perf_counter(), model.meter.forward
    found = how(model, x, outputs, targets)
    spent = (time.perf_counter() - began) / len(targets), model.meter.forward - before
    return [_of(model, words, outputs, target, *spent) for words, target in zip(found, targets, strict=True)]


def _of(
    model: TextModel, words: WordScores | None, outputs: Tensor, target: Pinned, seconds: float, forward: int
) -> Beside:
    if target.index is None:
        return Beside()
    made = Beside(_similarities(model, outputs, target.index), seconds=seconds, forward=forward)
    if words is None:
        return made
    extras = {"word_scores": words.scores} | ({"word_gap": words.gap} if len(words.gap) else {})
    return replace(made, extras={**made.extras, **extras}, words=words.words, by=words.by, notes=words.notes)


def _similarities(model: TextModel, outputs: Tensor, index: Tensor) -> dict[str, Tensor]:
    """The cosine of text and picture, and the text's share, or SigLIP's own probability: (b,) each."""
    at = index[:, None]
    found = {"similarity": model.similarity(outputs).gather(1, at)[:, 0]}
    if not model.alone:
        shares = transform("probability", model.kind)(outputs.float())
        found["share"] = shares.gather(1, at)[:, 0]
    return found


def matched(model: TextModel, outputs: Tensor, top: int) -> tuple[tuple[Prediction, ...], ...]:
    """The `top` texts that fit each image best, with their similarity and, unless there is but one, their share."""
    shares, cosines = transform("probability", model.kind)(outputs.float()), model.similarity(outputs)
    order = outputs.topk(min(top, outputs.shape[1]), 1).indices
    return tuple(
        tuple(
            Prediction(i, model.label(i), None if model.alone else float(share[i]), similarity=float(cosine[i]))
            for i in best
        )
        for best, share, cosine in zip(order.tolist(), shares, cosines, strict=True)
    )


def about_texts(model: Model) -> list[str]:
    """What must be said of the texts, in words."""
    return about_rows(model.rows) if isinstance(model, TextModel) else []


def about_rows(rows: tuple[tuple[Row, ...], ...]) -> list[str]:
    said: list[str] = []
    flat = [row for prompts in rows for row in prompts]
    for row in [row for row in flat if row.cut][:MOST]:
        reads = row.length - row.cut
        said.append(
            f"{short(row)!r} has {row.length} tokens and the network reads {reads}: the last {row.cut} were cut"
        )
    for row in [row for row in flat if row.unknown][:MOST]:
        said.append(f"the tokenizer does not know {row.unknown} of the tokens of {short(row)!r}")
    firsts: dict[Any, Row] = {}
    for prompts in rows:
        first = firsts.setdefault(tuple(tuple(row.ids.tolist()) for row in prompts), prompts[0])
        if first is not prompts[0]:
            said.append(f"{short(first)!r} and {short(prompts[0])!r} are one to the network and share what is one's")
    return said


def short(row: Row) -> str:
    return row.text if len(row.text) <= LONGEST else row.text[: LONGEST - 1] + "…"
