"""Classifiers that can't be looked into: pixels in, scores out, and nothing between them."""

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from seewhy.model.census import Census, scores
from seewhy.scores import Outputs, distributions

Answers = Literal["probability", "score"]
HELD = 32  # times its input: what one image is taken to hold inside, for chunks that fit


class Opaque(nn.Module):
    """A module that torch does not compute: it has no gradient, no layers, and no weights that can be seen.

    why: what is said where more than scores is needed. takes: its input, in words. fingerprint: of what it computes,
    empty where that can't be known. outputs: what it returns; "answer" is explained as it is, None is found out by one
    run. answers: what a function's answers are; None: probabilities where a row sums to one.
    """

    why: ClassVar[str]
    takes: str
    fingerprint: str = ""
    outputs: Outputs | None = None
    answers: Answers | None = None
    dtype: torch.dtype = torch.float32  # what normalised pixels are handed over in

    def likely(self, answers: Tensor) -> Tensor:
        """Which rows of answers (b,k) are probabilities (b,)."""
        if self.answers is None:
            return distributions(answers)
        return torch.full((len(answers),), self.answers == "probability", device=answers.device)


def take(module: Opaque, forward: Callable[[Tensor], Tensor], x: Tensor) -> Census:
    """What there is to know for pixels like x (2,c,h,w). They are run only where that tells what the outputs are."""
    kind: Outputs | None = module.outputs
    shape: tuple[int, ...] = ()
    if kind != "answer":
        out = scores(forward, x)
        shape = tuple(out.shape[1:])
        kind = kind or ("probability" if out.ndim == 2 and bool(distributions(out).all()) else "logit")
    return Census(
        layers=(),
        activations=(),
        outputs=kind,
        output_shape=shape,
        differentiable=False,
        head=None,
        maps=None,
        bytes_per_image=HELD * x[:1].nbytes,
        why_no_tape=module.why,
    )
