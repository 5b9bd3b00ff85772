"""Which of some earlier explanations goes on in a call that asks for the same."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seewhy.errors import BadInput
from seewhy.registry import Info
from seewhy.targets import Pinned, as_decided
from seewhy.types import Explanation, ModelCard

BUDGET = ("n_samples", "max_evals", "tolerance")  # options that say how long, and change nothing of what is drawn


def left_off(
    earlier: Sequence[Explanation],
    info: Info,
    options: Mapping[str, Any],
    score: str,
    targets: Sequence[Pinned],
    known: Mapping[str, Any],
    names: Tensor,
) -> dict[Hashable, Mapping[str, Tensor]]:
    """The sums that each target goes on from, by its key. known: what all explanations of the call have in common.
    names: of the images and the seed, as Rng has them.

    Raises BadInput where a target has none, with what differs.
    """
    found: dict[Hashable, Mapping[str, Tensor]] = {}
    for target in targets:
        decided = as_decided(target.key[1])  # type: ignore[index]  # behind the kind of its score
        why = [_differs(one, info, options, score, decided, known, names) for one in earlier]
        if "" not in why:
            said = f"no earlier result of {info.id} for {target.name!r} can go on"
            raise BadInput(f"{said}: {'; '.join(dict.fromkeys(why))}", "leave resume out, or ask for what was asked")
        state = earlier[why.index("")].state
        found[target.key] = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
    return found


def _differs(
    one: Explanation,
    info: Info,
    options: Mapping[str, Any],
    score: str,
    decided: Any,
    known: Mapping[str, Any],
    names: Tensor,
) -> str:
    """What one earlier result has that is not what is asked for now, or nothing."""
    if one.method != info.id:
        return f"one is of {one.method}"
    if not one.state:
        return f"{one.method} keeps nothing to go on from"
    if not np.array_equal(one.state["names"], names):
        return "one is of other pictures or of another seed"
    if one.model.fingerprint != known["model"].fingerprint:
        return f"one is of another network, or of other weights: {one.model.name}"
    if _texts(one.model) != _texts(known["model"]):
        return f"one compares other texts: {one.model.name}"
    if one.decided != decided or one.score != score:
        return f"one explains {one.score} of {one.target}"
    other = [name for name, value in options.items() if name not in BUDGET and not _same(one.options.get(name), value)]
    if other:
        return f"one has another {', '.join(other)}"
    return "" if one.precision == known["precision"] else f"one is in {one.precision}"


def _texts(card: ModelCard) -> list[Any]:
    """What a network that takes texts was given; of others the names that its user gave its classes."""
    return [dict(card.overrides).get(name) for name in ("classes", "templates")]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return bool(np.array_equal(a, b)) if hasattr(a, "shape") or hasattr(b, "shape") else a == b
