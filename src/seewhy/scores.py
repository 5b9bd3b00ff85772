"""What of a model's output is explained: a logit, a probability, or what a function answers."""

from collections.abc import Callable
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from seewhy.errors import BadOption

Score = Literal["logit", "probability", "log_probability", "answer"]
# The model's own output. binary: logits of a yes or no each. answer: what a function returns.
Outputs = Literal["logit", "probability", "binary", "answer"]


def transform(score: Score, outputs: Outputs) -> Callable[[Tensor], Tensor]:
    """From what the model returns to what is explained. What ends in a softmax has no logits; a function answers."""
    if not isinstance(score, str) or score not in get_args(Score):
        raise BadOption(f"score {score!r}", f"one of {', '.join(get_args(Score))}")
    if outputs == "answer" and score not in ("answer", "probability"):
        raise BadOption(f"score {score!r} of a function, which is explained as it answers", "leave score out")
    if score == "answer" and outputs != "answer":
        raise BadOption("score 'answer' of a network", "a function has one; a network logit, probability, ...")
    if outputs == "answer":
        return lambda y: y
    if outputs == "probability":
        return (lambda p: p) if score == "probability" else (lambda p: p.clamp_min(torch.finfo(p.dtype).tiny).log())
    if outputs == "binary" and score != "logit":
        return torch.sigmoid if score == "probability" else F.logsigmoid
    table: dict[Score, Callable[[Tensor], Tensor]] = {
        "logit": lambda y: y,
        "probability": lambda y: probabilities(y),
        "log_probability": lambda y: F.logsigmoid(y) if y.shape[1] == 1 else y.log_softmax(1),
    }
    return table[score]


def distributions(outputs: Tensor) -> Tensor:
    """Which rows of (b,k) are probabilities that sum to one: (b,). One column can't tell."""
    if outputs.shape[1] < 2:
        return torch.zeros(len(outputs), dtype=torch.bool, device=outputs.device)
    return (outputs >= 0).all(1) & ((outputs.float().sum(1) - 1).abs() < 1e-3)


def probabilities(logits: Tensor) -> Tensor:
    """Softmax over classes (b,k,...); the sigmoid of a single output, which answers yes or no."""
    return logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(1)
