"""Trees: soft and hard inference of a thousand classes, and the way of each sample, from scores that are there."""

from typing import Any

from benchmarks.row import Case, Row
from benchmarks.tree_peers import SAMPLES, forward, hard, hard_decisions, hierarchy, scores, soft
from seewhy.trees import HardRules, SoftRules
from seewhy.trees.rules import Rules

SHARE = 0.05  # of the network's own forward, at most
_rules: dict[tuple[int, type[Rules]], Rules] = {}


def _of(case: Case, kind: type[Rules]) -> Rules:
    """Made once, as a peer's are."""
    key = len(hierarchy(case).classes), kind
    if key not in _rules:
        _rules[key] = kind(hierarchy(case).tree).to(case.x.device)
    return _rules[key]


def ours_soft(case: Case) -> Any:
    return _of(case, SoftRules)(scores(case))


def ours_hard(case: Case) -> Any:
    return _of(case, HardRules)(scores(case))


def ours_decisions(case: Case) -> Any:
    return _of(case, HardRules).taken(scores(case))


def row(id: str, what: str, ours: Any, peer: Any) -> Row:
    told = f"{what} a tree of 1,000 classes, {SAMPLES} images' scores"
    return Row(id, told, "default", ours, (peer, forward(SHARE)), images=8)


ROWS = [
    row("tree-soft-1000", "soft rules of", ours_soft, soft(20.0)),
    row("tree-hard-1000", "hard rules of", ours_hard, hard(20.0)),
    row("tree-decisions-1000", "the way through", ours_decisions, hard_decisions(100.0)),
]
