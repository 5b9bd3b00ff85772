"""Gradients of several scores of the same forward."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seewhy.model.stream import out_of_memory

AT_ONCE = 16  # rows: as many photos times scores as keep a processor busy


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
        together = _together(sums, [at])
        if together is not None:
            found[:, moving] = together[0].movedim(0, 1)
            return found
    for i, total in zip(moving, sums, strict=True):
        (found[:, i],) = torch.autograd.grad(total, at, retain_graph=i != moving[-1])
    return found


def backwards(scores: Sequence[Tensor], at: Sequence[Tensor], photos: int, *, keep: bool) -> list[list[Tensor]]:
    """For each score, a sum over so many photos, its gradients with respect to several places.

    Of few photos several scores are one vector-Jacobian product, where functions have a rule for that: else a
    processor idles. Of many they would take the memory of as many graphs. keep: the graph.
    """
    found: list[list[Tensor]] = []
    step = max(1, AT_ONCE // photos)
    for start in range(0, len(scores), step):
        some = list(scores[start : start + step])
        together = _together(some, at) if len(some) > 1 and all(one.requires_grad for one in some) else None
        if together is not None:
            found += [[one[i] for one in together] for i in range(len(some))]
        else:
            found += [backward(one, at, keep=keep or one is not scores[-1]) for one in some]
    return found


def backward(score: Tensor, at: Sequence[Tensor], *, keep: bool) -> list[Tensor]:
    """One score's gradients with respect to several places; zero where it does not depend on one. keep: the graph."""
    if not score.requires_grad:
        return [torch.zeros_like(one) for one in at]
    grads = torch.autograd.grad(score, list(at), retain_graph=keep, allow_unused=True)
    return [torch.zeros_like(one) if grad is None else grad for one, grad in zip(at, grads, strict=True)]


def _together(sums: Sequence[Tensor], at: Sequence[Tensor]) -> list[Tensor] | None:
    """All gradients at once, (k,...) of each place, or None where a function lacks the rule."""
    total = torch.stack(list(sums))
    each = torch.eye(len(sums), dtype=total.dtype, device=total.device)
    how: Any = {"is_grads_batched": True, "retain_graph": True, "allow_unused": True}
    try:
        grads = torch.autograd.grad(total, list(at), each, **how)
    except RuntimeError as error:
        if out_of_memory(error):
            raise
        return None
    zeros = (one.new_zeros(len(sums), *one.shape) for one in at)
    return [zero if grad is None else grad for zero, grad in zip(zeros, grads, strict=True)]
