"""Gradients of several scores of the same forward."""

from collections.abc import Sequence

import torch
from torch import Tensor

from seewhy.model.stream import out_of_memory


def gradients(scores: Sequence[Tensor], at: Tensor, *, batched: bool | None = None) -> Tensor:
    """The gradients (n,k,...) of k scores, (n,) each, of n rows with respect to these rows, `at` (n,...).

    batched: all k in one vector-Jacobian product, by default on a GPU, which k small backwards would leave idle. Where
    a function has no rule for that, one after the other. A score that does not depend on the rows has gradient zero.
    """
    moving = [i for i, score in enumerate(scores) if score.requires_grad]
    found = at.new_zeros(len(at), len(scores), *at.shape[1:])
    if not moving:
        return found
    sums = [scores[i].sum() for i in moving]
    if len(sums) > 1 and (at.is_cuda if batched is None else batched):
        together = _together(sums, at)
        if together is not None:
            found[:, moving] = together.movedim(0, 1)
            return found
    for i, total in zip(moving, sums, strict=True):
        (found[:, i],) = torch.autograd.grad(total, at, retain_graph=i != moving[-1])
    return found


def backward(score: Tensor, at: Sequence[Tensor], *, keep: bool) -> list[Tensor]:
    """One score's gradients with respect to several places; zero where it does not depend on one. keep: the graph."""
    if not score.requires_grad:
        return [torch.zeros_like(one) for one in at]
    found = torch.autograd.grad(score, list(at), retain_graph=keep, allow_unused=True)
    return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(at, found, strict=True)]


def _together(sums: Sequence[Tensor], at: Tensor) -> Tensor | None:
    """All gradients (k,n,...) at once, or None where a function lacks the rule."""
    total = torch.stack(list(sums))
    each = torch.eye(len(sums), dtype=total.dtype, device=total.device)
    try:
        return torch.autograd.grad(total, at, each, is_grads_batched=True, retain_graph=True)[0]
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        return None
